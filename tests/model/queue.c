/*
 * The queue of one slot: two put, one gets, so that both wait for each other;
 * a fourth thread cancels one of them. An item is got once or is still its
 * putter's, and who was cancelled takes nothing along.
 */
#include "world.h"

#include <errno.h>
#include <filch/queue.h>

#define MODEL_THREADS 4

static filch_queue queue;
static struct item {
    unsigned value, got;
} items[3];
static bool patient;
static int victim;

void
model_before(void)
{
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        play_task(i);
        play_unseen(i);
    }
    if (model_choose(3) == 0) {
        play_thread(1);
    }
    model_assert(filch_queue_init(&queue, 1 + model_choose(2)) == 0);
    play_fences();
    play_guard(&queue.guard_);
    for (unsigned i = 0; i < 3; i++) {
        items[i] = (struct item){0, 0};
    }
    victim = model_choose(2) ? 0 : 2;
    patient = model_choose(2);
}

/* Puts the item; who is cancelled still has it, and puts it without waiting. */
static void
put(unsigned i, bool waits)
{
    items[i].value = i + 1;
    int error = waits ? filch_queue_put(&queue, &items[i]) : EAGAIN;
    model_assert(error != ECANCELED || victim == 0);
    while (error) {
        model_assert(error == EAGAIN || error == ECANCELED);
        model_yield();
        error = filch_queue_put_nowait(&queue, &items[i]);
    }
}

static void
get(bool *cancelled)
{
    void *got = NULL;
    int error = *cancelled ? EAGAIN : filch_queue_get(&queue, &got);
    model_assert(error != ECANCELED || victim == 2);
    *cancelled |= error == ECANCELED;
    while (error) {
        model_assert(error == EAGAIN || error == ECANCELED);
        model_yield();
        error = filch_queue_get_nowait(&queue, &got);
    }
    struct item *item = got;
    model_assert(item->value == (unsigned)(item - items) + 1);
    model_assert(item != &items[2] || items[0].got); /* in order */
    item->got++;
}

void
model_thread(unsigned thread)
{
    bool cancelled = false;
    switch (thread) {
    case 0:
        put(0, true);
        put(2, true);
        break;
    case 1:
        put(1, patient);
        break;
    case 2:
        get(&cancelled);
        get(&cancelled);
        get(&cancelled);
        break;
    default:
        fl_cancel(&players[victim].task.fiber, 0);
    }
}

void
model_after(void)
{
    void *got;
    for (unsigned i = 0; i < 3; i++) {
        model_assert(items[i].got == 1);
    }
    model_assert(filch_queue_get_nowait(&queue, &got) == EAGAIN);
    model_assert(filch_queue_size(&queue) == 0 && queue.unfinished_ == 3);
    model_assert(filch_queue_destroy(&queue) == 0);
}
