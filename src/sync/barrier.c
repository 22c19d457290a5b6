/*
 * CONTRACT  See filch/barrier.h.
 * STATE     Everything is guarded by guard_.
 *           I1  arrived_ parties wait, or have given up and not been counted out
 *               yet; fewer than parties_
 *           A waiter's `item` is its index; its `result` NOT_LET_GO, then 0, or
 *           EPIPE for those sent away.
 * PROTOCOL  The last party to come grants all who wait, and goes on itself.
 * TIMEOUT AND CANCEL  Who gives up leaves the list; the next party to come counts
 *           those in it. If all were let go in the moment in which it gave up,
 *           it was counted as come, and the others went on with it: so it goes
 *           on too, as they did. A cancel stays pending then.
 * LAST TOUCH  Dropping guard_; but who gives up takes it again, so the barrier
 *           may be freed only when all calls have returned.
 * CHECKED BY  tests/model/barrier.c
 */
#include "os/chaos.h"
#include "wait/wait.h"

#include <errno.h>
#include <filch/barrier.h>

#define NOT_LET_GO (-1) /* a waiter's result, until let_go comes by */

int
filch_barrier_init(filch_barrier *barrier, size_t parties)
{
    if (!parties) {
        return EINVAL;
    }
    *barrier = (filch_barrier)FILCH_BARRIER_INIT(parties);
    return 0;
}

int
filch_barrier_destroy(filch_barrier *barrier)
{
    fl_point("filch_barrier_destroy");
    fl_atomic32 *held = fl_enter(&barrier->guard_);
    int error = barrier->waiters_.first_ ? EBUSY : 0;
    fl_leave_by(held);
    return error;
}

/* All go on with that result, counted from 0; with the guard. */
static void
let_go(filch_barrier *barrier, int16_t result, fl_chain *granted)
{
    uintptr_t index = 0;
    fl_waiter *waiter;
    while ((waiter = fl_first(&barrier->waiters_))) {
        waiter->item = (void *)index++;
        waiter->result = result;
        if (fl_grant_one(waiter)) {
            fl_chain_add(granted, fl_waiter_fiber(waiter));
        }
    }
    barrier->arrived_ = 0;
}

/* The last party has come; with the guard, which it drops. */
static void
complete(filch_barrier *barrier)
{
    fl_chain granted = {0};
    let_go(barrier, 0, &granted);
    fl_leave(&barrier->guard_);
    fl_resume_chain(&granted);
}

/* Who has given up is in the list no more, but may still be counted. */
static void
recount(filch_barrier *barrier)
{
    const fl_waiter *waiter = fl_first(&barrier->waiters_);
    for (barrier->arrived_ = 0; waiter; waiter = waiter->next) {
        barrier->arrived_++;
    }
}

/* Waits for the others; with the guard, which it drops. */
static int
wait_for_others(fl_fiber *me, filch_barrier *barrier, size_t *index,
                filch_time deadline)
{
    fl_waiter *waiter = fl_waiter_begin(me, FL_BARRIER, barrier);
    waiter->result = NOT_LET_GO;
    barrier->arrived_++;
    fl_assert(barrier->arrived_ < barrier->parties_); /* I1 */
    int error =
        fl_wait(me, &barrier->guard_.word_, &barrier->waiters_, deadline);
    if (error && error != EPIPE) { /* that is what it was let go with */
        fl_chaos();
        fl_atomic32 *held = fl_enter(&barrier->guard_);
        bool given_up = waiter->result == NOT_LET_GO;
        fl_leave_by(held);
        if (given_up) {
            return error;
        }
    }
    if (index && !waiter->result) {
        *index = (uintptr_t)waiter->item;
    }
    return waiter->result;
}

int
filch_barrier_wait_until(filch_barrier *barrier, size_t *index,
                         filch_time deadline)
{
    fl_fiber *me = fl_me_at("filch_barrier_wait");
    int error = fl_may_wait(me);
    if (fl_unlikely(error)) {
        return error;
    }
    if (fl_unlikely(!barrier->parties_)) {
        return EINVAL;
    }
    fl_enter(&barrier->guard_);
    if (barrier->broken_) {
        fl_leave(&barrier->guard_);
        return EPIPE;
    }
    if (barrier->arrived_ + 1 >= barrier->parties_) {
        recount(barrier);
    }
    if (barrier->arrived_ + 1 < barrier->parties_) {
        return wait_for_others(me, barrier, index, deadline);
    }
    if (index) {
        *index = barrier->parties_ - 1;
    }
    complete(barrier);
    return 0;
}

int
filch_barrier_wait(filch_barrier *barrier, size_t *index)
{
    return filch_barrier_wait_until(barrier, index, FILCH_NEVER);
}

/* Sends away who waits, and leaves the barrier broken or as new. */
static int
disturb(filch_barrier *barrier, uint32_t broken)
{
    fl_chain granted = {0};
    fl_atomic32 *held = fl_enter(&barrier->guard_);
    barrier->broken_ = broken;
    let_go(barrier, EPIPE, &granted);
    fl_leave_by(held);
    fl_resume_chain(&granted);
    return 0;
}

int
filch_barrier_abort(filch_barrier *barrier)
{
    fl_point("filch_barrier_abort");
    return disturb(barrier, 1);
}

int
filch_barrier_reset(filch_barrier *barrier)
{
    fl_point("filch_barrier_reset");
    return disturb(barrier, 0);
}
