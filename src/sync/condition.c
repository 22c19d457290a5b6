/*
 * CONTRACT  See filch/condition.h.
 * STATE     The lock's guard guards waiters_ too.
 *           inside_  with a lock of its own: calls of wait, which it must
 *                    outlive; written by who holds the lock
 * PROTOCOL      wait                            notify, holding the lock
 *           A1  take the guard                N1  take the guard
 *           A2  give the lock away            N2  grant the first waiter
 *           A3  enqueue, park, which drops    N3  enqueue it at the lock
 *               the guard                     N4  drop the guard
 *           A4  granted: by who released
 *               the lock; take it
 *           A notified waiter is not resumed, only to find the lock held: it
 *           moves to the lock's waiters, and is resumed by a release. Who gets
 *           the lock in A2 is resumed before A3, so may find the guard taken
 *           for a moment.
 * NO LOST WAKEUP  From A1 to A3 the guard is held, so a notify after A2 finds
 *           it.
 * TIMEOUT AND CANCEL  Until N2. A waiter that was not notified takes the lock
 *           again by itself, shielded.
 * REJECTED  A guard of its own: it is needed only together with the lock's.
 * LAST TOUCH  wait: of the lock only, after A4, and of a condition that has its
 *           own. notify: N4.
 * CHECKED BY  tests/model/condition.c, tests/linear
 */
#include "os/chaos.h"
#include "sync/lock.h"

#include <errno.h>
#include <filch/condition.h>

static filch_lock *
lock_of(filch_condition *condition)
{
    return condition->lock_ ? condition->lock_ : &condition->own_;
}

int
filch_condition_init(filch_condition *condition, filch_lock *lock)
{
    *condition = (filch_condition)FILCH_CONDITION_INIT;
    condition->lock_ = lock;
    return 0;
}

int
filch_condition_destroy(filch_condition *condition)
{
    fl_point("filch_condition_destroy");
    fl_atomic32 *held = fl_enter(&lock_of(condition)->guard_);
    int error = condition->waiters_.first_ ? EBUSY : 0;
    fl_leave_by(held);
    if (!error && !condition->lock_) {
        error = fl_lock_end(&condition->own_);
        /* one that gave up has no place in a list until it is back */
        if (!error && fl_load_acquire(&condition->inside_)) {
            error = EBUSY;
        }
    }
    return error;
}

int
filch_condition_acquire_until(filch_condition *condition, filch_time deadline)
{
    return filch_lock_acquire_until(lock_of(condition), deadline);
}

int
filch_condition_acquire(filch_condition *condition)
{
    return filch_lock_acquire(lock_of(condition));
}

int
filch_condition_release(filch_condition *condition)
{
    return filch_lock_release(lock_of(condition));
}

bool
filch_condition_locked(const filch_condition *condition)
{
    return filch_lock_locked(lock_of((filch_condition *)condition));
}

/* ---- waiting ---- */

/* Holding the lock, which alone makes the additions one after the other. */
static inline void
count_inside(filch_condition *condition, const filch_lock *lock, uint32_t n)
{
    if (lock == &condition->own_) {
        fl_atomic32 *inside = &condition->inside_;
        fl_store_release(inside, fl_load_relaxed(inside) + n);
    }
}

int
filch_condition_wait_until(filch_condition *condition, filch_time deadline)
{
    fl_fiber *me = fl_me_at("filch_condition_wait");
    filch_lock *lock = lock_of(condition);
    if (!fl_lock_held(lock)) {
        return EPERM;
    }
    int error = fl_may_wait(me);
    if (fl_unlikely(error)) {
        return error;
    }
    if (fl_unlikely(me->kind != FL_THREAD && !fl_spare(me->worker))) {
        return ENOMEM; /* now, since it might not have the lock back soon */
    }
    count_inside(condition, lock, 1);
    fl_waiter *waiter = fl_waiter_begin(me, FL_CONDITION, condition);
    fl_atomic32 *held = fl_enter(&lock->guard_); /* A1 */
    fl_chaos();
    fl_waiter *next = fl_lock_give_away(lock); /* A2 */
    if (next) {
        fl_resume(fl_waiter_fiber(next));
    }
    fl_chaos();
    error = fl_wait_by(me, &lock->guard_.word_, held, &condition->waiters_,
                       deadline); /* A3 */
    if (error) {
        fl_lock_acquire_shielded(me, lock);
    } else {
        fl_lock_after_wake(me, lock, waiter); /* A4 */
    }
    count_inside(condition, lock, (uint32_t)-1);
    return error;
}

int
filch_condition_wait(filch_condition *condition)
{
    return filch_condition_wait_until(condition, FILCH_NEVER);
}

int
filch_condition_wait_for_until(filch_condition *condition,
                               bool (*predicate)(void *arg), void *arg,
                               filch_time deadline)
{
    fl_fiber *me = fl_me_at("filch_condition_wait_for");
    int error = fl_lock_held(lock_of(condition)) ? fl_may_wait(me) : EPERM;
    while (!error || error == ETIMEDOUT) {
        uint8_t barred = me->barred;
        me->barred = 1;
        bool holds = predicate(arg);
        me->barred = barred;
        if (holds || error) {
            return holds ? 0 : error;
        }
        error = filch_condition_wait_until(condition, deadline);
    }
    return error;
}

int
filch_condition_wait_for(filch_condition *condition,
                         bool (*predicate)(void *arg), void *arg)
{
    return filch_condition_wait_for_until(condition, predicate, arg,
                                          FILCH_NEVER);
}

/* ---- notifying ---- */

int
filch_condition_notify(filch_condition *condition, size_t n)
{
    fl_point("filch_condition_notify");
    filch_lock *lock = lock_of(condition);
    if (!fl_lock_held(lock)) {
        return EPERM;
    }
    fl_waiter *one, *holder = NULL;
    fl_atomic32 *held = fl_enter(&lock->guard_);                /* N1 */
    while (n-- > 0 && (one = fl_grant(&condition->waiters_))) { /* N2 */
        fl_chaos();
        fl_waiter *free = fl_lock_enqueue(lock, one); /* N3 */
        if (fl_unlikely(free && holder)) {
            /* the lock was released once too often: it is free once more */
            fl_resume(fl_waiter_fiber(holder));
        }
        holder = free ? free : holder;
    }
    fl_leave_by(held); /* N4 */
    if (holder) {
        fl_resume(fl_waiter_fiber(holder));
    }
    return 0;
}

int
filch_condition_notify_all(filch_condition *condition)
{
    return filch_condition_notify(condition, SIZE_MAX);
}
