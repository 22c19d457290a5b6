/*
 * CONTRACT  See filch/semaphore.h.
 * STATE     Everything is guarded by guard_.
 *           I1  somebody in waiters_: value_ is 0
 * PROTOCOL  release grants a permit to each of the first n who wait, and keeps
 *           what is left. A permit is a waiter's as soon as it is granted.
 * WAKEUP GUARANTEE  First come, first served; by I1 nobody overtakes.
 * TIMEOUT AND CANCEL  See wait/wait.h: who is passed over is given nothing.
 * LAST TOUCH  Dropping guard_. Each acquire takes it, so who was let go on may
 *           free the semaphore.
 */
#include "wait/wait.h"

#include <errno.h>
#include <filch/semaphore.h>

int
filch_semaphore_init(filch_semaphore *semaphore, size_t permits)
{
    *semaphore = (filch_semaphore)FILCH_SEMAPHORE_INIT(permits);
    return 0;
}

int
filch_semaphore_init_bounded(filch_semaphore *semaphore, size_t permits)
{
    *semaphore = (filch_semaphore)FILCH_SEMAPHORE_INIT(permits);
    semaphore->bound_ = permits == SIZE_MAX ? 0 : permits + 1;
    return 0;
}

/* With the guard. */
static inline void
check(const filch_semaphore *semaphore)
{
    (void)semaphore;
    fl_assert(!semaphore->waiters_.first_ || semaphore->value_ == 0); /* I1 */
}

int
filch_semaphore_destroy(filch_semaphore *semaphore)
{
    fl_point("filch_semaphore_destroy");
    fl_atomic32 *held = fl_enter(&semaphore->guard_);
    check(semaphore);
    int error = semaphore->waiters_.first_ ? EBUSY : 0;
    fl_leave_by(held);
    return error;
}

int
filch_semaphore_acquire_until(filch_semaphore *semaphore, filch_time deadline)
{
    fl_fiber *me = fl_me_at("filch_semaphore_acquire");
    int error = fl_may_wait(me);
    if (fl_unlikely(error)) {
        return error;
    }
    fl_atomic32 *held = fl_enter(&semaphore->guard_);
    if (semaphore->value_ > 0) {
        semaphore->value_--;
        fl_leave_by(held);
        return 0;
    }
    check(semaphore);
    fl_waiter_begin(me, FL_SEMAPHORE, semaphore);
    return fl_wait_by(me, &semaphore->guard_.word_, held, &semaphore->waiters_,
                      deadline);
}

int
filch_semaphore_acquire(filch_semaphore *semaphore)
{
    return filch_semaphore_acquire_until(semaphore, FILCH_NEVER);
}

int
filch_semaphore_try_acquire(filch_semaphore *semaphore)
{
    fl_point("filch_semaphore_try_acquire");
    fl_atomic32 *held = fl_enter(&semaphore->guard_);
    int error = semaphore->value_ > 0 ? 0 : EAGAIN;
    semaphore->value_ -= !error;
    fl_leave_by(held);
    return error;
}

int
filch_semaphore_release(filch_semaphore *semaphore, size_t n)
{
    fl_point("filch_semaphore_release");
    fl_chain granted = {0};
    fl_waiter *waiter;
    fl_atomic32 *held = fl_enter(&semaphore->guard_);
    size_t most = semaphore->bound_ ? semaphore->bound_ - 1 : SIZE_MAX;
    if (semaphore->value_ > most || n > most - semaphore->value_) {
        fl_leave_by(held);
        return EOVERFLOW;
    }
    while (n > 0 && (waiter = fl_grant(&semaphore->waiters_))) {
        fl_chain_add(&granted, fl_waiter_fiber(waiter));
        n--;
    }
    semaphore->value_ += n;
    check(semaphore);
    fl_leave_by(held);
    fl_resume_chain(&granted);
    return 0;
}

size_t
filch_semaphore_value(const filch_semaphore *semaphore)
{
    fl_point("filch_semaphore_value");
    fl_guard *guard = (fl_guard *)&semaphore->guard_;
    fl_atomic32 *held = fl_enter(guard);
    size_t value = semaphore->value_;
    fl_leave_by(held);
    return value;
}
