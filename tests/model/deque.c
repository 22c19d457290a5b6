/*
 * The deque: the owner pushes, so many that it grows, and pops; two thieves
 * steal. Each entry comes out once, and what was written to it before it was
 * pushed is seen by who takes it.
 */
#include "world.h"

#include "sched/deque.h"

#define MODEL_THREADS 3
#define ENTRIES 4

static fl_deque deque;
static struct entry {
    int value;
} entries[ENTRIES];
static unsigned taken[ENTRIES];

void
model_before(void)
{
    fl_fence_asymmetric = model_choose(2);
    model_assert(fl_deque_init(&deque) == 0);
    for (int i = 0; i < ENTRIES; i++) {
        entries[i].value = 0;
        taken[i] = 0;
    }
}

static void
take(struct entry *entry)
{
    if (entry) {
        unsigned i = (unsigned)(entry - entries);
        model_assert(i < ENTRIES);
        model_assert(entry->value == (int)i + 1);
        taken[i]++; /* nobody else does: it would be a race */
    }
}

static void
push(int i)
{
    entries[i].value = i + 1;
    model_assert(fl_deque_push(&deque, &entries[i]) == 0);
}

/* In one of several ways, so that the last entry is met as well as others. */
static void
own(void)
{
    push(0);
    if (model_choose(2)) {
        push(1);
    }
    if (model_choose(2)) {
        take(fl_deque_pop(&deque));
    } else if (fl_deque_pop_if(&deque, &entries[1])) {
        take(&entries[1]);
    }
    push(2);
    if (model_choose(2)) {
        take(fl_deque_pop(&deque));
    }
    push(3);
    for (struct entry *one; (one = fl_deque_pop(&deque));) {
        take(one);
    }
}

void
model_thread(unsigned thread)
{
    if (thread == 0) {
        own();
        return;
    }
    for (int i = 0; i < 2; i++) {
        take(fl_deque_steal(&deque));
    }
}

void
model_after(void)
{
    model_assert(fl_deque_pop(&deque) == NULL);
    for (int i = 0; i < ENTRIES; i++) {
        model_assert(taken[i] == (entries[i].value != 0));
    }
    fl_deque_free(&deque);
}
