/*
 * A waiter's state word: two tasks wait for a permit of a semaphore, the first
 * perhaps with a deadline; one thread releases a permit, and later another,
 * and one cancels the first task or lets its deadline pass, or both.
 *
 * A permit that is given while the first is cancelled goes to the second: it
 * is never lost, whoever wins. Each is resumed once, when it is parked. In some
 * runs the first task is alone, and nobody releases anything. In others who
 * releases cancels the first task before, perhaps as the second to do so: then
 * that one gets no permit any more, once it waits.
 */
#include "world.h"

#include <errno.h>
#include <filch/semaphore.h>

#define MODEL_THREADS 4
#define DEADLINE 1000

static filch_semaphore semaphore;
static fl_timers heap;
static int results[2];
static bool timed, timer_runs, cancels, cancels_first, alone;

void
model_before(void)
{
    semaphore = (filch_semaphore)FILCH_SEMAPHORE_INIT(0);
    play_fences();
    play_guard(&semaphore.guard_);
    heap = (fl_timers){.earliest = (uint64_t)FILCH_NEVER,
                       .early = (uint64_t)FILCH_NEVER};
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        play_task(i);
        players[i].worker.timers = &heap;
    }
    if (model_choose(4) == 0) {
        play_thread(1);
    }
    if (model_choose(4) == 0) {
        play_thread(2);
    }
    alone = model_choose(3) == 0;
    timed = model_choose(2);
    timer_runs = timed && model_choose(2);
    cancels = alone || !timer_runs || model_choose(2);
    cancels_first = !alone && model_choose(3) == 0;
    if (model_choose(4) == 0) { /* its deadline passes whenever it sleeps */
        play_thread(0);
        timed = alone || timed;
        timer_runs = cancels = cancels_first = false;
    }
    results[0] = results[1] = -1;
}

static void
wait_for_permit(unsigned i)
{
    results[i] = filch_semaphore_acquire_until(
        &semaphore, i == 0 && timed ? DEADLINE : FILCH_NEVER);
}

static void
disturb(void)
{
    if (cancels && model_choose(2)) {
        fl_cancel(&players[0].task.fiber, 0);
        cancels = false;
    }
    if (timer_runs) {
        model_now = DEADLINE;
        fl_timers_run(&players[3].worker, &heap);
    }
    if (cancels) {
        fl_cancel(&players[0].task.fiber, 1);
    }
}

void
model_thread(unsigned thread)
{
    switch (thread) {
    case 0:
        wait_for_permit(0);
        break;
    case 1:
        if (!alone) {
            wait_for_permit(1);
        }
        break;
    case 2:
        if (cancels_first) {
            fl_cancel(&players[0].task.fiber, 0);
        }
        for (int i = 0; i < 2 && !alone; i++) {
            model_assert(filch_semaphore_release(&semaphore, 1) == 0);
        }
        break;
    default:
        disturb();
    }
}

void
model_after(void)
{
    size_t got = (results[0] == 0) + (results[1] == 0);
    model_assert(results[1] == (alone ? -1 : 0));
    model_assert((results[0] == 0 && !alone) || results[0] == ECANCELED ||
                 (timed && results[0] == ETIMEDOUT));
    bool waited = fl_load_relaxed(&players[0].task.fiber.waiter.phase) != 0;
    model_assert(!(cancels_first && waited && results[0] == 0));
    model_assert(semaphore.value_ + got == (alone ? 0 : 2));
    model_assert(!semaphore.waiters_.first_ && !semaphore.waiters_.last_);
    model_assert(fl_wheel_bound(&heap.wheel) == FILCH_NEVER);
}
