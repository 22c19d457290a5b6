/*
 * A condition: tasks and threads wait, holding its lock, until they are
 * notified, like asyncio.Condition.
 *
 * Place it anywhere, by FILCH_CONDITION_INIT or by filch_condition_init; do
 * not copy it after the first use. Whoever was let go on by a notification may
 * free it, of several the last, even while that call is still returning; a lock
 * that it was given must outlive it. Who holds a lock cannot be told, since a
 * lock has no owner; waiting or notifying while nobody holds it is EPERM.
 */
#ifndef FILCH_CONDITION_H
#define FILCH_CONDITION_H

#include <filch/base.h>
#include <filch/lock.h>
#include <filch/time.h>

FILCH_BEGIN_DECLS

typedef struct filch_condition {
    filch_lock *lock_; /* NULL: own_ */
    filch_waiters_ waiters_;
    uint32_t inside_; /* calls of wait over own_ */
    uint32_t spare_;
    filch_lock own_;
    void *spares_[1];
} filch_condition;

/* clang-format off */
#define FILCH_CONDITION_INIT {0, {0, 0}, 0, 0, FILCH_LOCK_INIT, {0}}
/* clang-format on */

/* Makes a condition over `lock`, or with NULL over a lock of its own.
 * Returns 0. */
FILCH_API int filch_condition_init(filch_condition *condition,
                                   filch_lock *lock);

/* EBUSY while someone waits, or holds the condition's own lock; else 0. A lock that
 * was given must still exist, and every filch_condition_wait_for over it have
 * returned: one that was notified, and will look at its predicate again, is not
 * seen here. */
FILCH_API int filch_condition_destroy(filch_condition *condition);

/* The condition's lock, as filch_lock_acquire, _release and _locked. */
FILCH_API int filch_condition_acquire(filch_condition *condition);
FILCH_API int filch_condition_acquire_until(filch_condition *condition,
                                            filch_time deadline);
FILCH_API int filch_condition_release(filch_condition *condition);
FILCH_API bool filch_condition_locked(const filch_condition *condition);

/*
 * Gives the lock back, waits until notified, and takes the lock again.
 * Suspends. Whatever it returns, the lock is held again: that wait is shielded
 * and has no deadline. ECANCELED, ETIMEDOUT, EDEADLK, ENOMEM: no notification
 * was used. EPERM: nobody holds the lock.
 */
FILCH_API int filch_condition_wait(filch_condition *condition);
FILCH_API int filch_condition_wait_until(filch_condition *condition,
                                         filch_time deadline);

/*
 * Waits until `predicate(arg)` is true, looking each time the lock is held.
 * Suspends; errors as filch_condition_wait. After a timeout it looks once
 * more. In the predicate suspending calls return EDEADLK.
 */
FILCH_API int filch_condition_wait_for(filch_condition *condition,
                                       bool (*predicate)(void *arg), void *arg);
FILCH_API int filch_condition_wait_for_until(filch_condition *condition,
                                             bool (*predicate)(void *arg),
                                             void *arg, filch_time deadline);

/*
 * Notifies the first `n` who wait, or all, one after the other: who gives up
 * meanwhile is passed over. They take the lock again in the order in which they
 * began to wait. EPERM: nobody holds the lock.
 */
FILCH_API int filch_condition_notify(filch_condition *condition, size_t n);
FILCH_API int filch_condition_notify_all(filch_condition *condition);

FILCH_END_DECLS

#endif
