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
#define SELDOM_MOST 10           /* once in 1024 releases */
#ifndef TICKS_FROM
#define TICKS_FROM 4 /* the kernel's clock tells, at every 16th */
#endif

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

/* Whether who is let go on is to stay near who lets it: where the lock is taken
 * more often than a task moves; or where that is strict, or a condition's, and so
 * is about to wait. Else it may as well go on at once, while the other does. */
static bool
stays_near(const filch_lock *lock, const fl_waiter *first)
{
    return lock->fair_ || fl_lock_is_hot(lock) ||
           (first->traits & FL_PASSED_ON);
}

/* Drops the guard and resumes the first, which was granted. */
static void
let_go_on(filch_lock *lock, fl_waiter *first)
{
    const fl_fiber *me = fl_me();
    bool near = stays_near(lock, first);
    bool on_worker = near && me->kind != FL_THREAD;
    lock->woken_on_ = (uint16_t)(on_worker ? me->worker->index + 1 : 0);
    fl_leave(&lock->guard_);
    fl_chaos();
    if (near) {
        fl_resume(fl_waiter_fiber(first));
    } else {
        fl_resume_apart(fl_waiter_fiber(first));
    }
}

/* The same with the lock handed to it, if somebody waits. */
static bool
hand_over(filch_lock *lock)
{
    fl_waiter *first = fl_lock_hand_to_first(lock);
    if (first) {
        let_go_on(lock, first);
    }
    return first;
}

/* With the guard: how many releases may pass over who was woken until somebody
 * looks at the kernel's clock, and how often that may be until at the other one: once,
 * if it was woken just now. */
static uint32_t
begin_passes(filch_lock *lock, bool just_now)
{
    uint32_t seldom = lock->seldom_;
    uint32_t first = seldom > TICKS_FROM ? TICKS_FROM : seldom;
    lock->fewer_ = (uint8_t)(just_now ? seldom - first : 0);
    lock->looks_ = just_now ? 0 : (1u << (seldom - first)) - 1;
    return (uint32_t)FL_ONE_PASS << first;
}

/* With the guard, which it drops: the lock is free; the first who waits may try
 * again, unless one was woken already. */
static void
wake(filch_lock *lock, uint32_t state)
{
    fl_waiter *first = state & FL_WOKEN ? NULL : fl_grant(&lock->waiters_);
    bool awaited = first || (state & FL_WOKEN);
    uint32_t passes = begin_passes(lock, first);
    fl_lock_change(lock, FL_HELD | FL_PASSES | no_waiters(lock),
                   awaited ? FL_WOKEN | passes : 0);
    if (first) { /* FL_WOKEN stays until it runs: it will look */
        let_go_on(lock, first);
    } else {
        fl_leave(&lock->guard_);
    }
}

/* With the guard, somebody looking at the clock: learns how many releases there are
 * in a while. All that were to pass over somebody have `passed`, or it is not known
 * how many have. */
static void
adapt(filch_lock *lock, uint64_t took, bool passed)
{
    took <<= passed ? lock->fewer_ : 0;
    if (took > LOOK_LATE) {
        lock->seldom_ = 0;
    } else if (passed && took < LOOK_SOON && lock->seldom_ < SELDOM_MOST) {
        lock->seldom_++;
    }
}

/* With the guard: whether those who wait have been passed over for too long. */
static bool
too_long(filch_lock *lock, uint32_t state)
{
    filch_time now;
    if (fl_is_seeded(fl_me())) {
        now = lock->looked_ + LOOK_COUNTS;
        lock->seldom_ = 0; /* whatever it learnt elsewhere */
    } else {
        now = fl_os_now();
        adapt(lock, (uint64_t)(now - lock->looked_),
              (state & FL_WOKEN) && lock->looks_ == 0);
    }
    lock->looked_ = now;
    if (lock->passed_since_ == 0) {
        lock->passed_since_ = now;
    }
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
        if (!too_long(lock, state)) {
            return false;
        }
        lock->owed_ = count_waiters(lock, state);
    }
    if (lock->owed_ == 0) {
        lock->passed_since_ = 0; /* all have given up */
        return false;
    }
    if (--lock->owed_ == 0) {
        lock->passed_since_ = 0; /* who waits now came since then */
        lock->vain_ = 0;         /* and may find it free */
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
    if (state != FL_HELD) {
        if (fl_unlikely(state < (FL_HELD | FL_ONE_PASS))) {
            return false;
        }
        less = FL_HELD | FL_ONE_PASS; /* one is on its way */
    }
    fl_store_release(&lock->state_, state - less);
    return true;
}

/* The same once so many have passed over one who was woken: as many more may, if the
 * kernel's clock has not ticked since somebody looked at the other, which costs
 * eight times as much. */
static bool
set_free_again(filch_lock *lock)
{
    uint32_t state = fl_load_relaxed(&lock->state_);
    uint32_t whose = state & (FL_HELD | FL_WOKEN | FL_GIVEN);
    if (whose != (FL_HELD | FL_WOKEN) || lock->looks_ == 0 ||
        fl_os_ticked() >= lock->looked_) {
        return false;
    }
    lock->looks_--;
    fl_store_release(&lock->state_,
                     state - FL_HELD + (FL_ONE_PASS << TICKS_FROM));
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

/* `held`: as of fl_enter_at_once, in which guard it could not be set free. */
static FL_NOINLINE int
release_slowly(filch_lock *lock, fl_atomic32 *held)
{
    if (!held || !set_free_again(lock)) {
        return release_contended(lock, held != NULL);
    }
    fl_leave_by(held);
    return 0;
}

static inline int
release(filch_lock *lock)
{
    fl_atomic32 *held = fl_enter_at_once(&lock->guard_);
    if (fl_unlikely(!held || !set_free(lock))) {
        return release_slowly(lock, held);
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
        fl_lock_change(lock, FL_PASSES, FL_GIVEN);
        return NULL;
    }
    fl_waiter *first = fl_lock_hand_to_first(lock);
    if (!first) {
        fl_lock_change(lock, FL_HELD | FL_WAITERS, 0);
    }
    return first;
}
