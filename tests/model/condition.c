/*
 * A condition and its lock: one waits until a flag is set, one sets it and
 * notifies, holding the lock or just after, one takes the lock now and then, or
 * waits likewise, and one may cancel who waits for the flag, or who takes the
 * lock. The flag's waiters always come back with the lock held, and none is
 * forgotten: who was notified notifies the next, who was cancelled does not.
 * Two who wait may notify each other before, without cause.
 */
#include "world.h"

#include <errno.h>
#include <filch/condition.h>

#define MODEL_THREADS 4

static filch_condition condition;
static unsigned inside;
static bool ready, cancels, cancels_other, late, two, nudges;

void
model_before(void)
{
    condition = (filch_condition)FILCH_CONDITION_INIT;
    play_fences();
    play_guard(&condition.own_.guard_);
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        play_task(i);
        play_unseen(i);
    }
    cancels = model_choose(2);
    two = model_choose(2);
    nudges = two && model_choose(2);
    cancels_other = !cancels && !two && model_choose(2);
    late = model_choose(2);
    if (!cancels && model_choose(2)) {
        play_thread(0);
    }
    model_tick = model_choose(2) ? FILCH_MS(1) : FILCH_US(1);
    inside = 0;
    ready = false;
}

static void
enter(void)
{
    model_assert(inside == 0);
    inside++;
}

static void
leave(void)
{
    inside--;
    model_assert(filch_condition_release(&condition) == 0);
}

static void
wait_for_it(bool cancelled)
{
    int error = filch_condition_acquire(&condition);
    if (error) {
        model_assert(error == ECANCELED && cancelled);
        return;
    }
    enter();
    bool notified = false, nudged = !nudges;
    while (!ready && !error) {
        if (!nudged) { /* so that somebody has the lock from it as it waits */
            nudged = true;
            model_assert(filch_condition_notify(&condition, 1) == 0);
        }
        inside--;
        error = filch_condition_wait(&condition);
        enter();
        model_assert(!error || (error == ECANCELED && cancelled));
        notified = !error;
    }
    if (two && notified) {
        model_assert(filch_condition_notify(&condition, 1) == 0);
    }
    leave();
}

static void
take_the_lock(void)
{
    int error = filch_condition_acquire(&condition);
    if (error) {
        model_assert(error == ECANCELED && cancels_other);
        return;
    }
    enter();
    leave();
}

static void
set_it(void)
{
    model_assert(filch_condition_acquire(&condition) == 0);
    enter();
    ready = true;
    if (!late) {
        model_assert(filch_condition_notify(&condition, 1) == 0);
    }
    leave();
    /* another may hold the lock by now; if nobody does, it is to take it */
    if (late && filch_condition_notify(&condition, 1)) {
        model_assert(filch_condition_acquire(&condition) == 0);
        enter();
        model_assert(filch_condition_notify(&condition, 1) == 0);
        leave();
    }
}

void
model_thread(unsigned thread)
{
    switch (thread) {
    case 0:
        wait_for_it(cancels);
        break;
    case 1:
        set_it();
        break;
    case 2:
        if (two) {
            wait_for_it(false);
        } else {
            take_the_lock();
        }
        break;
    default:
        if (cancels || cancels_other) {
            fl_cancel(&players[cancels ? 0 : 2].task.fiber, 0);
        }
    }
}

void
model_after(void)
{
    model_assert(filch_condition_destroy(&condition) == 0);
}
