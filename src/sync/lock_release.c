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

/* With the guard: the first who waits holds the lock now, and is to be resumed
 * when the guard is free; NULL if nobody waits. */
static fl_waiter *
hand_to_first(filch_lock *lock)
{
    fl_waiter *first = fl_grant(&lock->waiters_);
    if (first) {
        first->item = FL_HANDED_OVER;
        lock->passed_since_ = 0;
        fl_lock_change(lock, no_waiters(lock), 0);
    }
    return first;
}

/* The same with the guard dropped and the first resumed. */
static bool
hand_over(filch_lock *lock)
{
    fl_waiter *first = hand_to_first(lock);
    if (first) {
        fl_leave(&lock->guard_);
        fl_chaos();
        fl_resume(fl_waiter_fiber(first));
    }
    return first;
}

/* With the guard: the one who is woken holds the lock now; EPERM: nobody
 * does. */
static int
give(filch_lock *lock)
{
    uint32_t state = fl_load_relaxed(&lock->state_);
    fl_chaos();
    while ((state & FL_HELD) &&
           !fl_cas_acq_rel(&lock->state_, &state, state | FL_GIVEN)) {
    }
    return state & FL_HELD ? 0 : EPERM;
}

/* Clears FL_HELD, unless something has changed since the state was `seen`: then
 * one who was woken, or who came, may wait, and has to be looked for. */
static bool
let_go(filch_lock *lock, uint32_t seen)
{
    return fl_cas_acq_rel(&lock->state_, &seen, seen & ~(uint32_t)FL_HELD);
}

/* Clears FL_HELD, whatever else changes; EPERM: somebody else has released the
 * lock meanwhile, or has given it to the one who is woken. */
static int
set_free(filch_lock *lock)
{
    uint32_t state = fl_load_relaxed(&lock->state_);
    while ((state & (FL_HELD | FL_GIVEN)) == FL_HELD) {
        if (fl_cas_acq_rel(&lock->state_, &state, state & ~(uint32_t)FL_HELD)) {
            return 0;
        }
    }
    return EPERM;
}

/* With the guard, which it drops: the lock is free, the first who waits may try
 * again. EAGAIN: nobody was woken, and the lock is not free yet. */
static int
wake(filch_lock *lock, uint32_t state)
{
    fl_waiter *first = state & FL_WOKEN ? NULL : fl_grant(&lock->waiters_);
    uint32_t clear = no_waiters(lock), set = first ? FL_WOKEN : 0;
    uint32_t seen = (fl_lock_change(lock, clear, set) & ~clear) | set;
    fl_leave(&lock->guard_);
    fl_chaos();
    if (!first && (seen & FL_HELD)) {
        return let_go(lock, seen) ? 0 : EAGAIN;
    }
    int error = EPERM;
    if (first) { /* FL_WOKEN stays until it runs: it will look */
        error = set_free(lock);
        fl_chaos();
        fl_resume(fl_waiter_fiber(first));
    }
    return error;
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
    fl_store_relaxed(&lock->passes_, 1u << lock->seldom_);
    return now - lock->passed_since_ > PATIENCE;
}

/* With the guard: whether the lock is owed to one who waits, or was woken. */
static bool
owes(filch_lock *lock)
{
    if (lock->owed_ == 0) {
        if (!too_long(lock)) {
            return false;
        }
        fl_store_relaxed(&lock->passes_, 0u);
        lock->owed_ = 1; /* for who was woken */
        for (const fl_waiter *one = fl_first(&lock->waiters_);
             one && lock->owed_ < UINT16_MAX; one = one->next) {
            lock->owed_++;
        }
    }
    lock->owed_--;
    return true;
}

/* One try: 0; EAGAIN: the lock is not released yet; EPERM: somebody else has
 * released it meanwhile, or it is on its way to who is to have it next. */
static int
try_release(filch_lock *lock)
{
    fl_enter(&lock->guard_);
    fl_assert(fl_lock_is_sound(lock));
    fl_chaos();
    uint32_t state = fl_load_relaxed(&lock->state_);
    if ((state & (FL_HELD | FL_GIVEN)) != FL_HELD) {
        fl_leave(&lock->guard_);
        return EPERM;
    }
    bool must = lock->fair_ || owes(lock);
    if (must && (state & FL_WOKEN)) {
        int error = give(lock);
        fl_leave(&lock->guard_);
        return error;
    }
    if (must && hand_over(lock)) {
        return 0;
    }
    return wake(lock, state);
}

static FL_NOINLINE int
release_slowly(filch_lock *lock)
{
    int error;
    while ((error = try_release(lock)) == EAGAIN) {
    }
    return error;
}

/* The release of a lock that others want. */
static FL_NOINLINE int
release_contended(filch_lock *lock, uint32_t state)
{
    if (!(state & FL_HELD)) {
        return EPERM;
    }
    return release_slowly(lock);
}

/* Whether the one who was woken may be passed over once more. */
static inline bool
may_pass(filch_lock *lock)
{
    uint32_t passes = fl_load_relaxed(&lock->passes_);
    if (passes == 0) {
        return false;
    }
    fl_store_relaxed(&lock->passes_, passes - 1);
    return true;
}

static inline int
release(filch_lock *lock)
{
    uint32_t state = fl_load_relaxed(&lock->state_);
    bool free = state == FL_HELD;
    if (!free &&
        (state & (FL_HELD | FL_WOKEN | FL_GIVEN)) == (FL_HELD | FL_WOKEN)) {
        free = may_pass(lock); /* one is on its way */
    }
    if (fl_likely(free) && fl_likely(let_go(lock, state))) {
        return 0;
    }
    return release_contended(lock, fl_load_relaxed(&lock->state_));
}

/* The same where the run is steered. */
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
        give(lock);
        return NULL;
    }
    fl_waiter *first = hand_to_first(lock);
    if (!first) {
        fl_lock_change(lock, FL_HELD | FL_WAITERS, 0);
    }
    return first;
}

fl_waiter *
fl_lock_enqueue(filch_lock *lock, fl_waiter *waiter)
{
    waiter->what = FL_LOCK; /* for who asks what it waits for */
    waiter->object = lock;
    fl_pass_on(waiter, &lock->guard_.word_, &lock->waiters_);
    uint32_t state = fl_lock_change(lock, 0, FL_WAITERS | FL_HELD);
    /* somebody else than its holder notified, and it was released just now:
     * then the lock is the first waiter's */
    return state & FL_HELD ? NULL : hand_to_first(lock);
}
