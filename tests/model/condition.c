/*
 * A condition and its lock: one waits until a flag is set, one sets it and
 * notifies, holding the lock or just after, one takes the lock now and then, or
 * waits likewise, and one may cancel who waits for the flag, or who takes the
 * lock. The flag's waiters always come back with the lock held, and none is
 * forgotten: who was notified notifies the next, who was cancelled does not.
 * Two who wait may notify each other before, without cause. Time may run out for
 * one. The last who has the lock may free all.
 *
 * Or one waits and gives up, and the other destroys the condition as soon as that
 * is allowed.
 */
#include "world.h"

#include <errno.h>
#include <filch/condition.h>

#define MODEL_THREADS 4
#define DEADLINE 1000

static filch_condition *condition;
static filch_lock *own_lock; /* or NULL */
static fl_timers heap;
static bool timed, cancels, cancels_other, twice; /* who gives up */
static bool two, nudges, late;
static unsigned many;         /* that a notify is for */
static bool ready;            /* with the lock, as are those below */
static unsigned inside, gone; /* who has it, and how many have had it */
static bool frees;

static bool destroys;        /* and nothing of the above */
static bool is_there;        /* with the lock */
static fl_atomic32 has_lock; /* it has given up */

void
model_before(void)
{
    condition = model_malloc(sizeof *condition);
    *condition = (filch_condition)FILCH_CONDITION_INIT;
    own_lock = NULL;
    play_fences();
    if (model_choose(3) == 0) {
        own_lock = model_malloc(sizeof *own_lock);
        *own_lock = model_choose(2) ? (filch_lock)FILCH_LOCK_INIT
                                    : (filch_lock)FILCH_LOCK_FAIR_INIT;
        condition->lock_ = own_lock;
        play_guard(&own_lock->guard_);
    } else {
        play_guard(&condition->own_.guard_);
    }
    heap = (fl_timers){.earliest = (uint64_t)FILCH_NEVER,
                       .early = (uint64_t)FILCH_NEVER};
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        play_task(i);
        play_unseen(i);
        players[i].worker.timers = &heap;
    }
    cancels = model_choose(2);
    two = model_choose(2);
    nudges = two && model_choose(2);
    cancels_other = !cancels && !two && model_choose(2);
    late = model_choose(2);
    if (!cancels && model_choose(2)) {
        play_thread(0);
    }
    timed = model_choose(3) == 0;
    many = model_choose(3) ? 1 : 3;
    twice = model_choose(2);
    model_tick = model_choose(2) ? FILCH_MS(1) : FILCH_US(1);
    is_there = false;
    fl_store_relaxed(&has_lock, 0u);
    destroys = cancels && !own_lock && callers[0]->kind != FL_THREAD &&
               model_choose(2);
    frees = !cancels_other && !late && model_choose(2);
    gone = 0;
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
    if (frees && ++gone == 3) {
        model_assert(!condition->waiters_.first_);
        if (own_lock) {
            model_free(own_lock);
        }
        model_free(condition);
        return;
    }
    model_assert(filch_condition_release(condition) == 0);
}

/* Why it did not get the lock at once. Where the last one frees all, each is to
 * have had it, and so has it then all the same. */
static int
acquire(bool cancelled)
{
    int error = filch_condition_acquire(condition);
    model_assert(!error || (error == ECANCELED && (cancelled || twice)));
    if (error && frees) {
        filch_shield_begin();
        model_assert(filch_condition_acquire(condition) == 0);
        filch_shield_end();
    }
    return error;
}

static void
wait_for_it(bool cancelled)
{
    int error = acquire(cancelled);
    if (error && !frees) {
        return;
    }
    enter();
    bool runs_out = timed && model_self() == 0;
    bool notified = false, nudged = !nudges;
    while (!ready && !error) {
        if (!nudged) { /* so that somebody has the lock from it as it waits */
            nudged = true;
            model_assert(filch_condition_notify(condition, many) == 0);
        }
        inside--;
        error = filch_condition_wait_until(condition,
                                           runs_out ? DEADLINE : FILCH_NEVER);
        enter();
        if (runs_out && error == ETIMEDOUT) {
            runs_out = false;
            error = 0;
            continue;
        }
        model_assert(!error || (error == ECANCELED && (cancelled || twice)));
        notified = !error;
    }
    if (two && notified) {
        model_assert(filch_condition_notify(condition, many) == 0);
    }
    leave();
}

static void
take_the_lock(void)
{
    if (acquire(cancels_other) && !frees) {
        return;
    }
    enter();
    leave();
}

static void
set_it(void)
{
    model_assert(filch_condition_acquire(condition) == 0);
    enter();
    ready = true;
    if (!late) {
        model_assert(filch_condition_notify(condition, many) == 0);
    }
    leave();
    /* another may hold the lock by now; if nobody does, it is to take it */
    if (late && filch_condition_notify(condition, many)) {
        model_assert(filch_condition_acquire(condition) == 0);
        enter();
        model_assert(filch_condition_notify(condition, many) == 0);
        leave();
    }
}

static void
wait_and_give_up(void)
{
    if (filch_condition_acquire(condition)) {
        return;
    }
    is_there = true;
    filch_condition_wait_until(condition, timed ? DEADLINE : FILCH_NEVER);
    fl_store_relaxed(&has_lock, 1u);
    model_yield();
    fl_store_relaxed(&has_lock, 0u);
    model_assert(filch_condition_release(condition) == 0);
}

static void
destroy_it(void)
{
    for (bool there = false; !there; model_yield()) {
        model_assert(filch_condition_acquire(condition) == 0);
        there = is_there;
        model_assert(filch_condition_release(condition) == 0);
    }
    if (timed && model_choose(2)) {
        model_now = DEADLINE;
        fl_timers_run(&players[3].worker, &heap);
    }
    fl_cancel(&players[0].task.fiber, 0);
    while (filch_condition_destroy(condition)) {
        model_yield();
    }
    model_assert(!fl_load_relaxed(&has_lock));
    model_free(condition);
}

void
model_thread(unsigned thread)
{
    if (destroys) {
        if (thread == 0) {
            wait_and_give_up();
        } else if (thread == 3) {
            destroy_it();
        }
        return;
    }
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
        if (timed && callers[0]->kind != FL_THREAD && model_choose(4)) {
            model_now = DEADLINE;
            fl_timers_run(&players[3].worker, &heap);
        }
        if (cancels || cancels_other) {
            fl_cancel(&players[cancels ? 0 : 2].task.fiber, 0);
            if (twice) {
                fl_cancel(&players[cancels ? 2 : 0].task.fiber, 0);
            }
        }
    }
}

void
model_after(void)
{
    model_assert(frees || destroys || filch_condition_destroy(condition) == 0);
}
