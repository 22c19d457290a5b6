/*
 * The barrier of two parties, and three who come: the first is cancelled, or its
 * time runs out, as it waits; if it was let go on all the same it comes once
 * more, so that all who are left meet. Of each two that meet one is told 0 and
 * one is told 1: who has given up is met by nobody, and nobody is left alone.
 */
#include "world.h"

#include <errno.h>
#include <filch/barrier.h>
#include <filch/task.h>

#define MODEL_THREADS 4
#define DEADLINE 1000

static filch_barrier barrier;
static fl_timers heap;
static fl_guard told_guard;
static unsigned told[2];     /* how many were told that index */
static fl_atomic32 returned; /* from its first wait */
static bool timed, gave_up;

void
model_before(void)
{
    barrier = (filch_barrier)FILCH_BARRIER_INIT(2);
    play_fences();
    play_guard(&barrier.guard_);
    told_guard = (fl_guard){0};
    heap = (fl_timers){.earliest = (uint64_t)FILCH_NEVER,
                       .early = (uint64_t)FILCH_NEVER};
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        play_task(i);
        players[i].worker.timers = &heap;
    }
    if (model_choose(4) == 0) {
        play_thread(1);
    }
    timed = model_choose(2);
    if (model_choose(4) == 0) { /* its deadline passes whenever it sleeps */
        play_thread(0);
        timed = true;
    }
    fl_store_relaxed(&returned, 0u);
    gave_up = false;
    told[0] = told[1] = 0;
}

static int
come(filch_time deadline)
{
    size_t index = 9;
    int error = filch_barrier_wait_until(&barrier, &index, deadline);
    if (!error) {
        model_assert(index < 2);
        fl_enter(&told_guard);
        told[index]++;
        fl_leave(&told_guard);
    }
    return error;
}

static void
come_and_give_up(void)
{
    int error = come(timed ? DEADLINE : FILCH_NEVER);
    fl_store_release(&returned, 1u);
    gave_up = error;
    if (error) {
        model_assert(error == (timed ? ETIMEDOUT : ECANCELED));
        return;
    }
    filch_shield_begin();
    model_assert(come(FILCH_NEVER) == 0);
    filch_shield_end();
}

static void
disturb(void)
{
    if (!timed) {
        fl_cancel(&players[0].task.fiber, 0);
        return;
    }
    model_now = DEADLINE;
    for (unsigned round = 0; !fl_load_acquire(&returned); round++) {
        fl_timers_run(&players[3].worker, &heap);
        fl_os_back_off(round);
    }
}

void
model_thread(unsigned thread)
{
    switch (thread) {
    case 0:
        come_and_give_up();
        break;
    case 1:
    case 2:
        model_assert(come(FILCH_NEVER) == 0);
        break;
    default:
        disturb();
    }
}

void
model_after(void)
{
    unsigned meetings = gave_up ? 1 : 2;
    model_assert(told[0] == meetings && told[1] == meetings);
    model_assert(filch_barrier_destroy(&barrier) == 0);
    model_assert(fl_wheel_bound(&heap.wheel) == FILCH_NEVER);
}
