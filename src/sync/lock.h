/* What a condition needs to know of its lock. */
#ifndef FL_LOCK_INTERNAL_H
#define FL_LOCK_INTERNAL_H

#include "wait/wait.h"

#include <filch/lock.h>

/* Whether somebody holds the lock. */
bool fl_lock_held(const filch_lock *lock);

/* With the lock's guard: gives a held lock to the first who waits for it, who
 * then is to be resumed, or makes it free: for a holder who is about to
 * suspend. */
fl_waiter *fl_lock_give_away(filch_lock *lock);

/* With the lock's guard: puts a waiter that another primitive has granted
 * behind those who wait for the lock. Mostly somebody holds it; else who gets
 * it now is to be resumed. */
fl_waiter *fl_lock_enqueue(filch_lock *lock, fl_waiter *waiter);

/* Takes the lock, as `waiter` who was passed on to it and has been woken. */
void fl_lock_after_wake(fl_fiber *me, filch_lock *lock, fl_waiter *waiter);

/* Takes the lock, whatever happens: shielded, without a deadline. */
void fl_lock_acquire_shielded(fl_fiber *me, filch_lock *lock);

#endif
