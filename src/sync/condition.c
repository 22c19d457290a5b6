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
 *           moves to the lock's waiters, and is resumed by a release; or in N3, if
 *           there is none to come. Who gets
 *           the lock in A2 goes on as the guard is dropped, in A3; or is resumed
 *           before, and may find the guard taken for a moment.
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
    filch_lock *lock = lock_of(condition);
    fl_atomic32 *held = fl_enter(&lock->guard_);
    bool used = condition->waiters_.first_;
    if (!used && !condition->lock_) {
        /* one that gave up has no place in a list until it is back; it counts
         * itself out with the lock, which nobody takes just now */
        used = fl_lock_in_use(lock) || fl_load_relaxed(&condition->inside_);
    }
    fl_leave_by(held);
    return used ? EBUSY : 0;
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
        fl_store_relaxed(inside, fl_load_relaxed(inside) + n);
    }
}

/* A4, where the lock was not handed over, or the run may be steered. */
static FL_NOINLINE int
take_back(fl_fiber *me, filch_lock *lock, int error)
{
    if (error) {
        fl_lock_acquire_shielded(me, lock);
    } else {
        fl_lock_after_wake(me, lock, &me->waiter);
    }
    return error;
}

/* From A2 on, where it takes longer. */
static FL_NOINLINE int
wait_guarded(fl_fiber *me, filch_condition *condition, fl_atomic32 *held,
             filch_time deadline)
{
    filch_lock *lock = lock_of(condition);
    fl_waiter *next = fl_lock_give_away(lock); /* A2 */
    if (next) {
        fl_resume_by(me, fl_waiter_fiber(next));
    }
    fl_chaos();
    int error = fl_wait_by(me, &lock->guard_.word_, held, &condition->waiters_,
                           deadline); /* A3 */
    take_back(me, lock, error);
    count_inside(condition, lock, (uint32_t)-1);
    return error;
}

/* Where it takes longer, or the run is steered. */
static FL_NOINLINE int
wait_slowly(filch_condition *condition, filch_time deadline)
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
    fl_atomic32 *held = fl_enter(&lock->guard_); /* A1 */
    count_inside(condition, lock, 1);
    fl_waiter_begin(me, FL_CONDITION, condition);
    fl_chaos();
    return wait_guarded(me, condition, held, deadline);
}

int
filch_condition_wait_until(filch_condition *condition, filch_time deadline)
{
    fl_worker *worker = fl_worker_here();
    filch_lock *lock = lock_of(condition);
    if (fl_unlikely(!worker) || fl_unlikely(!fl_is_free(&worker->me)) ||
        fl_unlikely(!worker->stacks.items) ||
        fl_unlikely(deadline != FILCH_NEVER) ||
        fl_unlikely(!fl_lock_held(lock))) {
        return wait_slowly(condition, deadline);
    }
    fl_fiber *me = worker->me;
    fl_atomic32 *held = fl_enter_at_once(&lock->guard_); /* A1 */
    if (fl_unlikely(!held)) {
        return wait_slowly(condition, deadline);
    }
    fl_waiter *next;
    count_inside(condition, lock, 1);
    fl_waiter_begin(me, FL_CONDITION, condition);
    if (fl_unlikely(!fl_lock_give_away_here(lock, &next))) { /* A2 */
        return wait_guarded(me, condition, held, deadline);
    }
    fl_atomic32 *guard = &lock->guard_.word_;
    int error = next ? fl_wait_onward(me, guard, held, &condition->waiters_,
                                      fl_container(next, fl_fiber, waiter))
                     : fl_wait_by(me, guard, held, &condition->waiters_,
                                  FILCH_NEVER); /* A3 */
    if (fl_unlikely(error) || fl_unlikely(me->waiter.item != FL_HANDED_OVER)) {
        take_back(me, lock, error);
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
        fl_bar bar = fl_bar_begin();
        bool holds = predicate(arg);
        fl_bar_end(bar);
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

/* N2 to N4, for the first n; `granted`: one more who was granted, or NULL. */
static FL_NOINLINE int
notify_guarded(filch_condition *condition, size_t n, fl_atomic32 *held,
               fl_waiter *granted)
{
    filch_lock *lock = lock_of(condition);
    fl_waiter *one = granted, *holder = NULL;
    while (one ||
           (n-- > 0 && (one = fl_grant(&condition->waiters_)))) { /* N2 */
        fl_chaos();
        uint32_t state = fl_lock_enqueue(lock, one); /* N3 */
        fl_waiter *free = state & FL_HELD ? NULL : fl_lock_hand_to_first(lock);
        if (fl_unlikely(free && holder)) {
            /* the lock was released once too often: it is free once more */
            fl_resume(fl_waiter_fiber(holder));
        }
        holder = free ? free : holder;
        one = NULL;
    }
    fl_leave_by(held); /* N4 */
    if (holder) {
        fl_resume(fl_waiter_fiber(holder));
    }
    return 0;
}

static FL_NOINLINE int
notify_slowly(filch_condition *condition, size_t n)
{
    fl_point("filch_condition_notify");
    filch_lock *lock = lock_of(condition);
    if (!fl_lock_held(lock)) {
        return EPERM;
    }
    return notify_guarded(condition, n, fl_enter(&lock->guard_), NULL); /* N1 */
}

/* N4 where somebody else than the holder notified, and the lock was released just
 * now. */
static FL_NOINLINE int
resume_holder(filch_lock *lock, fl_atomic32 *held)
{
    fl_waiter *holder = fl_lock_hand_to_first(lock);
    fl_leave_by(held);
    fl_resume(fl_waiter_fiber(holder));
    return 0;
}

/* Who was granted had been cancelled just then. */
static FL_NOINLINE int
notify_disputed(filch_condition *condition, size_t n, fl_atomic32 *held,
                fl_waiter *one)
{
    one = fl_grant_disputed(&condition->waiters_, one);
    return notify_guarded(condition, n - 1, held, one);
}

int
filch_condition_notify(filch_condition *condition, size_t n)
{
    filch_lock *lock = lock_of(condition);
    if (fl_unlikely(!fl_here()) || fl_unlikely(!fl_lock_held(lock)) ||
        fl_unlikely(n != 1)) {
        return notify_slowly(condition, n);
    }
    fl_atomic32 *held = fl_enter_at_once(&lock->guard_); /* N1 */
    if (fl_unlikely(!held)) {
        return notify_slowly(condition, n);
    }
    fl_waiter *one = fl_first(&condition->waiters_);
    fl_granted granted = fl_grant_here(&condition->waiters_, one); /* N2 */
    if (fl_unlikely(granted == FL_GRANT_DISPUTED)) {
        return notify_disputed(condition, n, held, one);
    }
    if (fl_unlikely(granted == FL_GRANT_REFUSED)) {
        return notify_guarded(condition, n, held, NULL);
    }
    uint32_t state = fl_lock_enqueue(lock, one); /* N3 */
    if (fl_unlikely(!(state & FL_HELD))) {
        return resume_holder(lock, held);
    }
    fl_leave_by(held); /* N4 */
    return 0;
}

int
filch_condition_notify_all(filch_condition *condition)
{
    return filch_condition_notify(condition, SIZE_MAX);
}
