/*
 * How a lock is given back: see lock.c for what its words mean, and why no
 * wakeup is lost.
 */
#include "sync/lock.h"

#include "os/chaos.h"
#include "sched/seeded.h"

#include <errno.h>

#define PATIENCE FILCH_MS(1)
#define LOOK_SOON FILCH_US(20)
#define LOOK_LATE FILCH_US(100)
#define LOOK_COUNTS FILCH_US(50) /* for a look where the time stands still */
#define SELDOM_MOST 5            /* once in 32 releases */

/* With the guard: the bits that nobody is left to need. */
static uint32_t
no_waiters(const filch_lock *lock)
{
    return lock->waiters_.first_ ? 0 : FL_WAITERS;
}

fl_waiter *
fl_lock_hand_to_first(filch_lock *lock)
{
    fl_waiter *first = fl_grant(&lock->waiters_);
    if (first) {
        fl_lock_hand_to(lock, first);
    }
    return first;
}

/* The same with the guard dropped and the first resumed. */
static bool
hand_over(filch_lock *lock)
{
    fl_waiter *first = fl_lock_hand_to_first(lock);
    if (first) {
        fl_leave(&lock->guard_);
        fl_chaos();
        fl_resume(fl_waiter_fiber(first));
    }
    return first;
}

/* With the guard, which it drops: the lock is free; the first who waits may try
 * again, unless one was woken already. */
static void
wake(filch_lock *lock, uint32_t state)
{
    fl_waiter *first = state & FL_WOKEN ? NULL : fl_grant(&lock->waiters_);
    bool awaited = first || (state & FL_WOKEN);
    uint32_t passes = (uint32_t)FL_ONE_PASS << lock->seldom_;
    fl_lock_change(lock, FL_HELD | FL_PASSES | no_waiters(lock),
                   awaited ? FL_WOKEN | passes : 0);
    fl_leave(&lock->guard_);
    fl_chaos();
    if (first) { /* FL_WOKEN stays until it runs: it will look */
        fl_resume(fl_waiter_fiber(first));
    }
}

/* With the guard: whether those who wait have been passed over for too long. */
static bool
too_long(filch_lock *lock)
{
    bool counts = fl_is_seeded(fl_me());
    filch_time now = counts ? lock->looked_ + LOOK_COUNTS : fl_os_now();
    filch_time took = now - lock->looked_;
    if (lock->passed_since_ == 0) {
        lock->passed_since_ = now;
        lock->seldom_ = 0;
    } else if (took < LOOK_SOON && lock->seldom_ < SELDOM_MOST) {
        lock->seldom_++;
    } else if (took > LOOK_LATE) {
        lock->seldom_ = 0;
    }
    lock->looked_ = now;
    return now - lock->passed_since_ > PATIENCE;
}

/* With the guard: how many wait, or were woken. */
static uint16_t
count_waiters(const filch_lock *lock, uint32_t state)
{
    uint16_t n = state & FL_WOKEN ? 1 : 0;
    for (const fl_waiter *one = fl_first(&lock->waiters_);
         one && n < UINT16_MAX; one = one->next) {
        n++;
    }
    return n;
}

/* With the guard: whether the lock is owed to one who waits, or was woken. */
static bool
owes(filch_lock *lock, uint32_t state)
{
    if (lock->owed_ == 0) {
        if (!too_long(lock)) {
            return false;
        }
        lock->owed_ = count_waiters(lock, state);
    }
    if (lock->owed_ == 0) {
        return false; /* all have given up */
    }
    if (--lock->owed_ == 0) {
        lock->passed_since_ = 0; /* who waits now came since then */
    }
    return true;
}

/* With the guard: the lock is free, if nobody is to be woken for it, or owed
 * it. */
static inline bool
set_free(filch_lock *lock)
{
    uint32_t state = fl_load_relaxed(&lock->state_);
    uint32_t less = FL_HELD;
    if (fl_unlikely(state != FL_HELD)) {
        if ((state & (FL_HELD | FL_GIVEN)) != FL_HELD || !(state & FL_PASSES)) {
            return false;
        }
        less += FL_ONE_PASS; /* one is on its way */
    }
    fl_store_release(&lock->state_, state - less);
    return true;
}

/* The release of a lock that others want, or whose guard was not to be had at
 * once. `inside`: the caller has it. EPERM: nobody holds the lock, or it is kept
 * for who is to have it next. */
static FL_NOINLINE int
release_contended(filch_lock *lock, bool inside)
{
    if (!inside) {
        fl_give_no_turn();
        fl_enter(&lock->guard_);
    }
    fl_assert(fl_lock_is_sound(lock));
    fl_chaos();
    uint32_t state = fl_load_relaxed(&lock->state_);
    if ((state & (FL_HELD | FL_GIVEN)) != FL_HELD) {
        fl_leave(&lock->guard_);
        return EPERM;
    }
    if (!inside && set_free(lock)) {
        fl_leave(&lock->guard_);
        return 0;
    }
    bool must = lock->fair_ || owes(lock, state);
    if (must && (state & FL_WOKEN)) {
        fl_lock_change(lock, 0, FL_GIVEN);
        fl_leave(&lock->guard_);
    } else if (!must || !hand_over(lock)) {
        wake(lock, state);
    }
    return 0;
}

static inline int
release(filch_lock *lock)
{
    fl_atomic32 *held = fl_enter_at_once(&lock->guard_);
    if (fl_unlikely(!held || !set_free(lock))) {
        return release_contended(lock, held != NULL);
    }
    fl_leave_by(held);
    return 0;
}

/* The same where fl_here is NULL. */
static FL_NOINLINE int
release_at_point(filch_lock *lock)
{
    fl_point_slowly("filch_lock_release");
    fl_note_released(lock);
    return release(lock);
}

int
filch_lock_release(filch_lock *lock)
{
    return fl_are_points() ? release_at_point(lock) : release(lock);
}

/* ---- for conditions ---- */

fl_waiter *
fl_lock_give_away(filch_lock *lock)
{
    if (fl_are_points()) {
        fl_note_released(lock);
    }
    fl_assert(fl_lock_is_sound(lock));
    uint32_t state = fl_load_relaxed(&lock->state_);
    if ((state & (FL_HELD | FL_GIVEN)) != FL_HELD) {
        return NULL; /* somebody else has released it meanwhile */
    }
    if (state & FL_WOKEN) {
        fl_lock_change(lock, 0, FL_GIVEN);
        return NULL;
    }
    fl_waiter *first = fl_lock_hand_to_first(lock);
    if (!first) {
        fl_lock_change(lock, FL_HELD | FL_WAITERS, 0);
    }
    return first;
}
