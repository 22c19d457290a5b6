/*
 * CONTRACT  See filch/lock.h.
 * STATE     The word state_:
 *             bit 0  HELD     somebody holds the lock
 *             bit 1  WAITERS  waiters_ may have somebody: a release must look
 *             bit 2  WOKEN    one who was in waiters_ is about to try again
 *             bit 3  GIVEN    the lock is HELD for it, as it will find
 *           passed_since_  since when those who wait have been passed over; 0:
 *                          they have not; guarded by guard_
 *           passes_        releases that may still pass over the woken one
 *                          before somebody looks at the clock, at looked_;
 *                          written by who holds the lock
 *           seldom_        after the next look those are 1 << seldom_, so that
 *                          there are some 20 to 100 us between two
 *           owed_          hand-overs due, to all who waited when the first had
 *                          waited for too long; guarded by guard_
 *           I1  WAITERS is set whenever waiters_ has somebody
 *           I2  WAITERS, WOKEN and GIVEN are set and cleared under guard_
 *           I3  HELD and WAITERS alone are changed under guard_ only
 * PROTOCOL  acquire: cas 0 -> HELD; else under guard_ set WAITERS if it is
 *           HELD, and wait. release: cas HELD -> 0; else under guard_
 *               hand over: grant the first, HELD stays, it is the holder now
 *               wake:      grant the first, set WOKEN, drop guard_, clear HELD;
 *                          the woken one tries again, and waits in front if
 *                          somebody was faster
 *               give:      one is woken, and not yet here: set GIVEN
 *           A fair lock is handed over; any other wakes, unless one is woken
 *           already: then it just clears HELD, and looks every so often whether
 *           that one has waited for too long. Once those who wait have been
 *           passed over for 1 ms it hands over, or gives, until all who wait
 *           just then are served.
 * NO LOST WAKEUP  Who enqueues sets WAITERS while the lock is HELD, by a cas:
 *           so the holder's own cas fails, and it comes to look under guard_.
 *           Who was woken takes the lock, or finds it HELD and sets WAITERS
 *           again, also if it then gives up; so the next release looks again.
 * WAKEUP GUARANTEE  In the order of waiting, but that a running task may be
 *           faster; who has waited 1 ms and was passed over gets it handed
 *           over.
 * MEMORY ORDER  The cas of acquire acquires what that of release released; a
 *           hand-over is ordered by the grant.
 * LAST TOUCH  A release by waking: the clearing of HELD. By handing over: the
 *           dropping of guard_. The granted is resumed after that.
 * REJECTED  Always handing over: with two workers each release then waits for a
 *           switch on the other. Spinning for a while before waiting: each look
 *           takes the lock's line from its holder, 100 ns, and to wait costs
 *           less than that (8 tasks, 2 workers: 20 ns each against SPIN).
 */
#include "sync/lock.h"

#include "os/chaos.h"
#include "sched/seeded.h"

#include <errno.h>

enum { HELD = 1, WAITERS = 2, WOKEN = 4, GIVEN = 8 };

#define PATIENCE FILCH_MS(1)
#define LOOK_SOON FILCH_US(20)
#define LOOK_LATE FILCH_US(100)
#define LOOK_COUNTS FILCH_US(50) /* for a look where the time stands still */
#define SELDOM_MOST 8            /* once in 256 releases */
#define HANDED_OVER ((void *)1)  /* a waiter's item: it holds the lock */

int
filch_lock_init(filch_lock *lock)
{
    *lock = (filch_lock)FILCH_LOCK_INIT;
    return 0;
}

int
filch_lock_init_fair(filch_lock *lock)
{
    *lock = (filch_lock)FILCH_LOCK_FAIR_INIT;
    return 0;
}

int
filch_lock_destroy(filch_lock *lock)
{
    fl_enter(&lock->guard_);
    bool used = (fl_load_acquire(&lock->state_) & (HELD | WOKEN)) ||
                lock->waiters_.first_;
    fl_leave(&lock->guard_);
    return used ? EBUSY : 0;
}

bool
filch_lock_locked(const filch_lock *lock)
{
    fl_point("filch_lock_locked");
    return fl_lock_held(lock);
}

bool
fl_lock_held(const filch_lock *lock)
{
    return fl_load_acquire(&lock->state_) & HELD;
}

/* With the guard: whether what is said above holds. For assertions. */
static inline __attribute__((unused)) bool
is_sound(const filch_lock *lock)
{
    uint32_t state = fl_load_relaxed(&lock->state_);
    bool marked = !lock->waiters_.first_ || (state & WAITERS); /* I1 */
    bool given = state & GIVEN;
    return marked && (!given || (state & (HELD | WOKEN)) == (HELD | WOKEN));
}

/* Changes bits of the state, whatever the others do; the state before. With the
 * guard; without it only where nobody but the caller may clear HELD. */
static uint32_t
change(filch_lock *lock, uint32_t clear, uint32_t set)
{
    uint32_t state = fl_load_relaxed(&lock->state_);
    if (state == (HELD | WAITERS)) { /* I3 */
        fl_store_release(&lock->state_, (state & ~clear) | set);
        return state;
    }
    while (!fl_cas_acq_rel(&lock->state_, &state, (state & ~clear) | set)) {
    }
    return state;
}

/* ---- taking it ---- */

/* Takes a lock that is free, leaving the other bits alone. On a fair lock only
 * with nobody waiting. */
static inline bool
try_take(filch_lock *lock)
{
    uint32_t state = fl_load_relaxed(&lock->state_);
    uint32_t barred = fl_unlikely(lock->fair_) ? HELD | WAITERS | WOKEN : HELD;
    while (fl_likely(!(state & barred))) {
        if (fl_cas_acq_rel(&lock->state_, &state, state | HELD)) {
            return true;
        }
    }
    return false;
}

/* The same for who has the guard: it marks the lock as waited for if it is
 * HELD. `woken`: the caller is the one whom WOKEN and GIVEN speak of. */
static bool
take_or_mark(filch_lock *lock, bool woken)
{
    uint32_t state = fl_load_relaxed(&lock->state_), next;
    bool taken;
    do {
        taken = !(state & HELD) || (woken && (state & GIVEN));
        next = state | (taken ? HELD : WAITERS);
        if (woken) {
            next &= ~(uint32_t)(WOKEN | GIVEN);
        }
    } while (!fl_cas_acq_rel(&lock->state_, &state, next));
    if (woken && taken) {
        lock->passed_since_ = 0;
    }
    return taken;
}

/* Waits until it has the lock. `woken`: it has waited, and is to try again. */
static FL_NOINLINE int
acquire_waiting(fl_fiber *me, filch_lock *lock, bool woken, filch_time deadline)
{
    for (;;) {
        fl_chaos();
        fl_enter(&lock->guard_);
        fl_assert(is_sound(lock));
        fl_chaos();
        if (take_or_mark(lock, woken)) {
            fl_leave(&lock->guard_);
            return 0;
        }
        fl_waiter *waiter = fl_waiter_begin(me, FL_LOCK, lock);
        int error = (woken ? fl_wait_first : fl_wait)(
            me, &lock->guard_.word_, &lock->waiters_, deadline);
        if (error || waiter->item == HANDED_OVER) {
            return error;
        }
        woken = true;
    }
}

static FL_NOINLINE int
acquire_slowly(filch_lock *lock, filch_time deadline)
{
    fl_fiber *me = fl_me();
    int error = fl_may_wait(me);
    if (error || try_take(lock)) {
        return error;
    }
    return acquire_waiting(me, lock, false, deadline);
}

/* The same where the run is steered. */
static FL_NOINLINE int
acquire_at_point(filch_lock *lock, filch_time deadline)
{
    fl_point_slowly("filch_lock_acquire");
    int error = acquire_slowly(lock, deadline);
    if (!error) {
        fl_note_held(lock);
    }
    return error;
}

int
filch_lock_acquire_until(filch_lock *lock, filch_time deadline)
{
    if (fl_are_points()) {
        return acquire_at_point(lock, deadline);
    }
    uint32_t state = fl_load_relaxed(&lock->state_);
    bool free = !(state & HELD) && (state == 0 || !lock->fair_);
    if (fl_is_free(fl_me_read()) && fl_likely(free) &&
        fl_likely(fl_cas_acq_rel(&lock->state_, &state, state | HELD))) {
        return 0;
    }
    return acquire_slowly(lock, deadline);
}

int
filch_lock_acquire(filch_lock *lock)
{
    return filch_lock_acquire_until(lock, FILCH_NEVER);
}

int
filch_lock_try_acquire(filch_lock *lock)
{
    fl_point("filch_lock_try_acquire");
    bool taken = try_take(lock);
    if (taken && fl_are_points()) {
        fl_note_held(lock);
    }
    return taken ? 0 : EBUSY;
}

/* ---- giving it back ---- */

/* With the guard: the bits that nobody is left to need. */
static uint32_t
no_waiters(const filch_lock *lock)
{
    return lock->waiters_.first_ ? 0 : WAITERS;
}

/* With the guard: the first who waits holds the lock now, and is to be resumed
 * when the guard is free; NULL if nobody waits. */
static fl_waiter *
hand_to_first(filch_lock *lock)
{
    fl_waiter *first = fl_grant(&lock->waiters_);
    if (first) {
        first->item = HANDED_OVER;
        lock->passed_since_ = 0;
        change(lock, no_waiters(lock), 0);
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
    while ((state & HELD) &&
           !fl_cas_acq_rel(&lock->state_, &state, state | GIVEN)) {
    }
    return state & HELD ? 0 : EPERM;
}

/* Clears HELD, unless something has changed since the state was `seen`: then
 * one who was woken, or who came, may wait, and has to be looked for. */
static bool
let_go(filch_lock *lock, uint32_t seen)
{
    return fl_cas_acq_rel(&lock->state_, &seen, seen & ~(uint32_t)HELD);
}

/* With the guard, which it drops: the lock is free, the first who waits may try
 * again. EAGAIN: nobody was woken, and the lock is not free yet. */
static int
wake(filch_lock *lock, uint32_t state)
{
    fl_waiter *first = state & WOKEN ? NULL : fl_grant(&lock->waiters_);
    uint32_t clear = no_waiters(lock), set = first ? WOKEN : 0;
    uint32_t seen = (change(lock, clear, set) & ~clear) | set;
    fl_leave(&lock->guard_);
    fl_chaos();
    if (!first && (seen & HELD)) {
        return let_go(lock, seen) ? 0 : EAGAIN;
    }
    if (first) { /* WOKEN stays until it runs: it will look */
        seen = change(lock, HELD, 0);
        fl_chaos();
        fl_resume(fl_waiter_fiber(first));
    }
    return seen & HELD ? 0 : EPERM;
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
    fl_assert(is_sound(lock));
    fl_chaos();
    uint32_t state = fl_load_relaxed(&lock->state_);
    if ((state & (HELD | GIVEN)) != HELD) {
        fl_leave(&lock->guard_);
        return EPERM;
    }
    bool must = lock->fair_ || owes(lock);
    if (must && (state & WOKEN)) {
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
    if (!(state & HELD)) {
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
    bool free = state == HELD;
    if (!free && (state & (HELD | WOKEN | GIVEN)) == (HELD | WOKEN)) {
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
    fl_assert(is_sound(lock));
    uint32_t state = fl_load_relaxed(&lock->state_);
    if ((state & (HELD | GIVEN)) != HELD) {
        return NULL; /* somebody else has released it meanwhile */
    }
    if (state & WOKEN) {
        give(lock);
        return NULL;
    }
    fl_waiter *first = hand_to_first(lock);
    if (!first) {
        change(lock, HELD | WAITERS, 0);
    }
    return first;
}

fl_waiter *
fl_lock_enqueue(filch_lock *lock, fl_waiter *waiter)
{
    fl_pass_on(waiter, &lock->guard_.word_, &lock->waiters_);
    uint32_t state = change(lock, 0, WAITERS | HELD);
    /* somebody else than its holder notified, and it was released just now:
     * then the lock is the first waiter's */
    return state & HELD ? NULL : hand_to_first(lock);
}

/* Acquires until it succeeds: it can fail only for want of memory. */
static void
acquire_at_last(fl_fiber *me, filch_lock *lock, bool woken)
{
    me->shield++;
    int error;
    while ((error = acquire_waiting(me, lock, woken, FILCH_NEVER))) {
        woken = false;
        if (error == ENOTSUP) {
            fl_fatal("a forked child waits for a lock, whose holder is not "
                     "there: it may only call exec or _exit");
        }
        if (me->kind == FL_THREAD) {
            fl_os_back_off(0);
        } else {
            fl_yield(me);
        }
    }
    me->shield--;
}

void
fl_lock_after_wake(fl_fiber *me, filch_lock *lock, fl_waiter *waiter)
{
    if (waiter->item != HANDED_OVER) {
        acquire_at_last(me, lock, true);
    }
    if (fl_are_points()) {
        fl_note_held(lock);
    }
}

void
fl_lock_acquire_shielded(fl_fiber *me, filch_lock *lock)
{
    if (!try_take(lock)) {
        acquire_at_last(me, lock, false);
    }
    if (fl_are_points()) {
        fl_note_held(lock);
    }
}

/* ---- FILCH_WITH_LOCK ---- */

filch_lock *
filch_with_lock_begin_(filch_lock *lock)
{
    fl_point("FILCH_WITH_LOCK");
    fl_fiber *me = fl_me();
    if (me->barred) {
        fl_fatal("FILCH_WITH_LOCK was used where one may not suspend");
    }
    fl_lock_acquire_shielded(me, lock);
    return lock;
}

void
filch_with_lock_end_(filch_lock **held)
{
    filch_lock_release(*held);
}
