/*
 * The lock: two tasks and a third, which may be a plain thread, take it one
 * after the other; a fourth thread cancels one of them. Nobody is inside with
 * another, nobody sleeps for ever, and at the end it is free. Now and then it is
 * given back as by who begins to wait for a condition. In careless runs the fourth
 * releases what it does not hold: then as many releases succeed as somebody has
 * taken it. In others who has it last frees it, while those who released it before
 * may still be in that call.
 */
#include "sync/lock.h"
#include "world.h"

#include <errno.h>
#include <filch/lock.h>

#define MODEL_THREADS 4

static filch_lock *lock;
static unsigned uses, entered[3], times[3];
static int victim;
static bool careless, frees;
static unsigned taken[MODEL_THREADS], released[MODEL_THREADS]; /* then */

void
model_before(void)
{
    lock = model_malloc(sizeof *lock);
    *lock = model_choose(4) ? (filch_lock)FILCH_LOCK_INIT
                            : (filch_lock)FILCH_LOCK_FAIR_INIT;
    if (!lock->fair_) {
        lock->seldom_ = (uint8_t)model_choose(3); /* as it has learnt */
    }
    play_fences();
    play_guard(&lock->guard_);
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        play_task(i);
        play_unseen(i);
    }
    if (model_choose(3) == 0) {
        play_thread(2);
    }
    frees = model_choose(4) == 0;
    victim = frees ? -1 : (int)model_choose(3) - 1;
    /* now and then those who wait have been passed over for too long */
    model_tick = model_choose(2) ? FILCH_MS(1) : FILCH_US(1);
    model_leap = model_choose(2) ? FILCH_MS(2) : 0; /* or suddenly */
    careless = !frees && model_choose(4) == 0;
    uses = 0;
    for (int i = 0; i < MODEL_THREADS; i++) {
        taken[i] = released[i] = 0;
    }
    for (int i = 0; i < 3; i++) {
        entered[i] = 0;
        times[i] = 2;
    }
    times[0] += model_choose(4) ? 0 : 4; /* so that many pass over others */
}

/* As a condition does. */
static int
give_away(void)
{
    fl_atomic32 *held = fl_enter(&lock->guard_);
    uint32_t state = fl_load_relaxed(&lock->state_);
    fl_waiter *next = fl_lock_give_away(lock);
    fl_leave_by(held);
    if (next) {
        fl_resume(fl_waiter_fiber(next));
    }
    return (state & (FL_HELD | FL_GIVEN)) == FL_HELD ? 0 : EPERM;
}

static int
release(void)
{
    return model_choose(4) ? filch_lock_release(lock) : give_away();
}

static void
release_carelessly(unsigned self)
{
    int error = release();
    model_assert(error == 0 || error == EPERM);
    released[self] += error == 0;
}

static void
take(unsigned self)
{
    bool tries = self == 1 && !frees && model_choose(2);
    int error = tries ? filch_lock_try_acquire(lock) : filch_lock_acquire(lock);
    if (!error && careless) {
        entered[self]++;
        taken[self]++;
        release_carelessly(self);
    } else if (!error) {
        uses++; /* a race with whoever else is inside */
        entered[self]++;
        if (frees && uses == times[0] + times[1] + times[2]) {
            model_free(lock);
            return;
        }
        model_assert(release() == 0);
    } else {
        model_assert((error == ECANCELED && victim == (int)self) ||
                     (error == EBUSY && self == 1));
    }
}

void
model_thread(unsigned thread)
{
    if (thread < 3) {
        for (unsigned i = 0; i < times[thread]; i++) {
            take(thread);
        }
    } else if (careless) {
        release_carelessly(thread);
        release_carelessly(thread);
    } else if (victim >= 0) {
        fl_cancel(&players[victim].task.fiber, 0);
    }
}

void
model_after(void)
{
    if (!frees) {
        model_assert(!(lock->state_ & FL_HELD));
        model_assert(!lock->waiters_.first_ && !lock->waiters_.last_);
        model_assert(filch_lock_destroy(lock) == 0);
        model_free(lock);
    }
    unsigned balance = 0, all = uses;
    for (int i = 0; i < MODEL_THREADS; i++) {
        balance += taken[i] - released[i];
        all += taken[i];
    }
    model_assert(balance == 0);
    model_assert(all == entered[0] + entered[1] + entered[2]);
    for (int i = 0; i < 3; i++) {
        model_assert(entered[i] == times[i] || i == victim || i == 1);
    }
}
