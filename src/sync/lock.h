/* What the files of a lock share, and what a condition needs to know of it. */
#ifndef FL_LOCK_INTERNAL_H
#define FL_LOCK_INTERNAL_H

#include "wait/wait.h"

#include <filch/lock.h>

/* Bits of state_; see lock.c. */
enum {
    FL_WAITERS = 1,
    FL_WOKEN = 2,
    FL_GIVEN = 4,
    FL_ONE_PASS = 8,
    FL_PASSES = 31 * FL_ONE_PASS,
    FL_HELD = 32 * FL_ONE_PASS /* above all others: see set_free */
};

#define FL_VAIN_MOST 2  /* of vain_ */
#define FL_SELDOM_HOT 8 /* of seldom_: 128 releases in 20 us */

#define FL_HANDED_OVER ((void *)1) /* a waiter's item: it holds the lock */

/* With the guard: whether what lock.c says of it holds. For assertions. */
static inline __attribute__((unused)) bool
fl_lock_is_sound(const filch_lock *lock)
{
    uint32_t state = fl_load_relaxed(&lock->state_);
    bool marked = !lock->waiters_.first_ || (state & FL_WAITERS); /* I1 */
    bool given = state & FL_GIVEN;
    bool busy = state & FL_HELD && !(state & FL_WOKEN);
    bool awaits = !(state & FL_PASSES) || /* I4 */
                  (state & (FL_WOKEN | FL_GIVEN)) == FL_WOKEN;
    return marked && awaits && (!lock->fair_ || state == 0 || busy) && /* I3 */
           (!given || (state & (FL_HELD | FL_WOKEN)) == (FL_HELD | FL_WOKEN));
}

/* With the guard: changes bits of the state; the state before. */
static inline uint32_t
fl_lock_change(filch_lock *lock, uint32_t clear, uint32_t set)
{
    uint32_t state = fl_load_relaxed(&lock->state_);
    fl_store_release(&lock->state_, (state & ~clear) | set);
    return state;
}

/* With the guard: whether nobody is to come for it from another worker: two in a row
 * who were woken have found it held; or it is taken 128 times in 20 us, and two
 * workers would pass it to and fro. */
static inline bool
fl_lock_is_hot(const filch_lock *lock)
{
    return lock->vain_ >= FL_VAIN_MOST || lock->seldom_ >= FL_SELDOM_HOT;
}

/* With the guard, who waited having got the lock: if nobody is left, nobody is
 * passed over, or owed it. */
static inline void
fl_lock_settle(filch_lock *lock)
{
    if (!lock->waiters_.first_) {
        lock->passed_since_ = 0;
        lock->owed_ = 0;
    }
}

/* ---- for conditions ---- */

/* Whether somebody holds the lock. */
static inline bool
fl_lock_held(const filch_lock *lock)
{
    return fl_load_acquire(&lock->state_) & FL_HELD;
}

/* With the guard: whether somebody holds the lock, or is to get it. */
static inline bool
fl_lock_in_use(const filch_lock *lock)
{
    return (fl_load_relaxed(&lock->state_) & (FL_HELD | FL_WOKEN)) ||
           lock->waiters_.first_;
}

/* With the lock's guard: gives a held lock to the first who waits for it, who
 * then is to be resumed, or makes it free: for a holder who is about to
 * suspend. */
fl_waiter *fl_lock_give_away(filch_lock *lock);

/* With the guard: the first who waits, having been granted and taken out, holds the
 * lock now. */
static inline void
fl_lock_hand_to(filch_lock *lock, fl_waiter *first)
{
    first->item = FL_HANDED_OVER;
    if (!lock->waiters_.first_) {
        fl_lock_settle(lock);
        fl_lock_change(lock, FL_WAITERS, 0);
    }
}

/* fl_lock_give_away, if the lock is just held, and nobody waits for it or one who
 * was passed on to it: whether it was given, or freed. Calls nothing. */
static inline bool
fl_lock_give_away_here(filch_lock *lock, fl_waiter **next)
{
    uint32_t state = fl_load_relaxed(&lock->state_);
    fl_waiter *first = fl_first(&lock->waiters_);
    if (fl_unlikely((state & ~(uint32_t)FL_WAITERS) != FL_HELD) ||
        fl_unlikely(first && first->traits != FL_PASSED_ON)) {
        return false;
    }
    *next = first;
    if (first) {
        fl_take_first_(&lock->waiters_, first);
        fl_lock_hand_to(lock, first);
    } else {
        fl_lock_change(lock, FL_HELD | FL_WAITERS, 0);
    }
    return true;
}

/* With the lock's guard: the first who waits holds the lock now, and is to be
 * resumed when the guard is free; NULL if nobody waits. */
fl_waiter *fl_lock_hand_to_first(filch_lock *lock);

/* With the lock's guard: puts a waiter that another primitive has granted
 * behind those who wait for the lock: what its state was. Mostly somebody holds
 * it; if not, the lock is the first waiter's now. */
static inline uint32_t
fl_lock_enqueue(filch_lock *lock, fl_waiter *waiter)
{
    waiter->what = FL_LOCK; /* for who asks what it waits for */
    waiter->object = lock;
    fl_assert(fl_guard_of(waiter) == &lock->guard_.word_);
    fl_pass_on(waiter, &lock->waiters_);
    return fl_lock_change(lock, 0, FL_WAITERS | FL_HELD);
}

/* Takes the lock, as `waiter` who was passed on to it and has been woken. */
void fl_lock_after_wake(fl_fiber *me, filch_lock *lock, fl_waiter *waiter);

/* Takes the lock, whatever happens: shielded, without a deadline. */
void fl_lock_acquire_shielded(fl_fiber *me, filch_lock *lock);

#endif
