/*
 * A lock that suspends the task that waits, not its worker (a plain thread
 * blocks), like asyncio.Lock. It has no owner: another task, a callback or a
 * plain thread may release it.
 *
 * Place it anywhere, zeroed, by FILCH_LOCK_INIT or by filch_lock_init; do not
 * copy it after the first use. Whoever was let go on by filch_lock_release may
 * free it, even while that call is still returning.
 *
 * A running task may take the lock ahead of those who wait, since a strict
 * hand-over costs a switch each time; but who has been passed over for 1 ms
 * gets it handed over. (The kernel's coarse clock is read after 16 releases, the
 * exact one after some 1,000 at the latest: if holders that were quick suddenly
 * keep it long, 17 more may pass who waits, and then more until that clock ticks,
 * every 1 to 10 ms.) A *fair* lock is always handed
 * over, in the order in which tasks began to wait.
 */
#ifndef FILCH_LOCK_H
#define FILCH_LOCK_H

#include <filch/base.h>
#include <filch/time.h>

FILCH_BEGIN_DECLS

typedef struct filch_lock {
    filch_guard_ guard_;
    uint32_t state_;
    uint8_t fair_;
    uint8_t seldom_;
    uint16_t owed_;
    filch_waiters_ waiters_;
    uint32_t looks_;
    uint8_t fewer_;
    uint8_t vain_;
    uint16_t woken_on_;
    filch_time passed_since_;
    filch_time looked_;
} filch_lock;

/* clang-format off */
#define FILCH_LOCK_INIT {{0, 0, 0}, 0, 0, 0, 0, {0, 0}, 0, 0, 0, 0, 0, 0}
#define FILCH_LOCK_FAIR_INIT {{0, 0, 0}, 0, 1, 0, 0, {0, 0}, 0, 0, 0, 0, 0, 0}
/* clang-format on */

/* Makes a lock that nobody holds. Both return 0. */
FILCH_API int filch_lock_init(filch_lock *lock);
FILCH_API int filch_lock_init_fair(filch_lock *lock);

/* EBUSY while someone holds it or waits for it; else 0. */
FILCH_API int filch_lock_destroy(filch_lock *lock);

/*
 * Takes the lock, waiting until it can be had. Suspends. Not recursive: who
 * acquires a lock that it holds waits until somebody else releases it.
 * ECANCELED, ETIMEDOUT, EDEADLK, ENOMEM: the lock is not held.
 */
FILCH_API int filch_lock_acquire(filch_lock *lock);
FILCH_API int filch_lock_acquire_until(filch_lock *lock, filch_time deadline);

/* Takes the lock if that can be done at once, else EBUSY. Never fails without
 * cause, and on a fair lock never overtakes those who wait. */
FILCH_API int filch_lock_try_acquire(filch_lock *lock);

/* Gives the lock back; one who waits may have it next. EPERM: nobody holds it,
 * or it is kept for one who has waited for long, and is on its way. */
FILCH_API int filch_lock_release(filch_lock *lock);

/* Whether somebody holds the lock. */
FILCH_API bool filch_lock_locked(const filch_lock *lock);

/*
 * FILCH_WITH_LOCK(&lock) { ... } runs the block holding the lock, which it
 * acquires shielded, so that the block always runs, and releases on every way
 * out of it but a longjmp. A break or continue leaves this block, not a loop around
 * it. Where one may not suspend (a callback, a
 * predicate) it aborts with a message.
 */
#define FILCH_WITH_LOCK(lock) FILCH_WITH_LOCK_IN_(lock, __LINE__)

/* The line makes the names differ, so that blocks may nest without a shadow. */
#define FILCH_WITH_LOCK_IN_(lock, line) FILCH_WITH_LOCK_AT_(lock, line)
#define FILCH_WITH_LOCK_AT_(lock, line)                                        \
    FILCH_WITH_LOCK_AS_(lock, filch_held_##line##_, filch_once_##line##_)
#define FILCH_WITH_LOCK_AS_(lock, held, once)                                  \
    for (filch_lock * held __attribute__((cleanup(filch_with_lock_end_))) =    \
             filch_with_lock_begin_(lock),                                     \
                           *once = held;                                       \
         once; once = NULL)

FILCH_API filch_lock *filch_with_lock_begin_(filch_lock *lock)
    __attribute__((returns_nonnull));
FILCH_API void filch_with_lock_end_(filch_lock **held);

FILCH_END_DECLS

#endif
