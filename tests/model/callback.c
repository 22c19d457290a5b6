/*
 * Who waits for the end of a timer's callback (filch_timer_cancel_wait) frees
 * the timer then, and what the callback uses. The callback may arm itself again,
 * and so may go off on another worker: two of them run timers, each the other's
 * as well.
 */
#include "world.h"

#include "sched/timer.c"

#include <filch/timer.h>

#define MODEL_THREADS 3
#define DEADLINE 1 /* which has come */

static filch_timer *timer;
static fl_timers heaps[2];
static unsigned *data, again;

static void
call_back(void *arg)
{
    unsigned *left = arg;
    ++*data;
    if (*left > 0) {
        --*left;
        model_assert(fl_timer_arm(fl_me()->worker, timer, DEADLINE,
                                  FL_TIMER_CALLBACK, call_back, left) == 0);
    }
}

void
model_before(void)
{
    play_fences();
    model_now = DEADLINE + 1;
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        play_task(i);
    }
    if (model_choose(4) == 0) {
        play_thread(0);
    }
    for (unsigned i = 0; i < 2; i++) {
        fl_worker *worker = &players[i + 1].worker;
        heaps[i] = (fl_timers){.earliest = (uint64_t)FILCH_NEVER,
                               .early = (uint64_t)FILCH_NEVER};
        worker->timers = &heaps[i];
        worker->loop.kind = FL_LOOP;
        worker->loop.worker = worker;
        callers[i + 1] = &worker->loop;
    }
    heaps[0].next = &heaps[1];
    fl_store_relaxed(&all_timers, (void *)heaps);
    timer = model_calloc(1, sizeof *timer);
    data = model_calloc(1, sizeof *data);
    again = model_choose(3);
    model_assert(fl_timer_arm(&players[1].worker, timer, DEADLINE,
                              FL_TIMER_CALLBACK, call_back, &again) == 0);
}

void
model_thread(unsigned thread)
{
    if (thread == 0) {
        model_assert(filch_timer_cancel_wait(timer) == 0);
        model_free(data);
        model_free(timer);
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        fl_timers_run(&players[thread].worker, &heaps[(thread + i) % 2]);
    }
}

void
model_after(void)
{
    for (unsigned i = 0; i < 2; i++) {
        model_assert(fl_wheel_bound(&heaps[i].wheel) == FILCH_NEVER);
        model_assert(!heaps[i].waiters.first_);
    }
}
