/*
 * A lock: how it is taken here, how it is given back in lock_release.c.
 *
 * CONTRACT  See filch/lock.h.
 * STATE     The word state_, which guard_ guards as all the others:
 *             bit 0  FL_WAITERS  waiters_ may have somebody: a release must
 *                                look
 *             bit 1  FL_WOKEN    one who was in waiters_ is about to try again
 *             bit 2  FL_GIVEN    the lock is held for it, as it will find
 *             above  FL_PASSES   releases that may still pass over it before
 *                                somebody looks at the kernel's clock
 *             on top FL_HELD     somebody holds the lock
 *           passed_since_  since when those who wait have been passed over; 0:
 *                          they have not
 *           looked_        when somebody last looked at the exact clock
 *           looks_         at the kernel's that come before the next at that one,
 *                          unless the kernel's has ticked
 *           seldom_        1 << seldom_ releases come before it, learnt so that they
 *                          take 20 to 100 us; 1 << (seldom_ - fewer_) the first time
 *                          after somebody was woken
 *           vain_          how often in a row who was woken has found the lock
 *                          held, 2 at most
 *           woken_on_      near which worker the last one was resumed: its index
 *                          and 1, or 0 for none
 *           owed_          hand-overs due, to all who waited when the first had
 *                          waited for too long
 *           I1  FL_WAITERS is set whenever waiters_ has somebody
 *           I2  FL_GIVEN is set only with FL_HELD and FL_WOKEN
 *           I3  nobody is ever woken for a fair lock, and it is held whenever
 *               somebody waits
 *           I4  FL_PASSES are none but with FL_WOKEN, and without FL_GIVEN
 * PROTOCOL  Under guard_, which a worker that has the lock for itself enters for
 *           nearly nothing (fiber/reserve.h). acquire: set FL_HELD; if it is set,
 *           set FL_WAITERS, and wait. release: if nobody waits, clear FL_HELD; else
 *               hand over: grant the first, FL_HELD stays, it is the holder now
 *               wake:      grant the first, set FL_WOKEN, clear FL_HELD; the
 *                          woken one tries again, and waits in front if
 *                          somebody was faster
 *               give:      one is woken, and not yet here: set FL_GIVEN
 *           A fair lock is handed over; any other wakes, unless one is woken
 *           already: then it just clears FL_HELD, and looks every so often
 *           whether that one has waited for too long. Once those who wait have
 *           been passed over for 1 ms it hands over, or gives, until all who
 *           wait just then are served.
 * NO LOST WAKEUP  Who enqueues does so in one step with finding the lock held, so
 *           its release comes later, and sees FL_WAITERS. Who was woken takes the
 *           lock, or finds it held and sets FL_WAITERS again, also if it then
 *           gives up; so the next release looks again.
 * WAKEUP GUARANTEE  In the order of waiting, but that a running task may be
 *           faster; who has waited 1 ms and was passed over gets it handed
 *           over. Who lets another go on does something else now, often for
 *           long: so that one is resumed apart, for a worker that idles. But where
 *           the lock is hot (taken again before another worker can come) it would
 *           come for nothing, and take the lock's line along: then it stays near,
 *           as others who are resumed.
 * MEMORY ORDER  What guard_ gives; a hand-over is ordered by the grant. state_ is
 *           read without the guard by who asks whether the lock is held.
 * LAST TOUCH  Dropping guard_. The granted is resumed after that, and who takes
 *           the lock enters the guard first: so either may free it.
 * REJECTED  Always handing over: with two workers each release then waits for a
 *           switch on the other. Spinning for a while before waiting: each look
 *           takes the lock's line from its holder, 100 ns, and to wait costs
 *           less than half of that (8 tasks, 2 workers: a lock and its release
 *           took 22 ns with spinning, and take 10). A state that is changed by
 *           compare-and-swap, with the guard for those who wait only: two locked
 *           operations for a lock and its release, 16 ns, where it takes 3.5.
 * CHECKED BY  tests/model/lock.c, tests/linear
 */
#include "sync/lock.h"

#include "os/chaos.h"
#include "sched/idle.h"
#include "sched/seeded.h"

#include <errno.h>

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
    fl_point("filch_lock_destroy");
    fl_atomic32 *held = fl_enter(&lock->guard_);
    bool used = fl_lock_in_use(lock);
    fl_leave_by(held);
    return used ? EBUSY : 0;
}

bool
filch_lock_locked(const filch_lock *lock)
{
    fl_point("filch_lock_locked");
    return fl_lock_held(lock);
}

/* ---- taking it ---- */

/* With the guard: takes a lock that is free. */
static inline bool
take_free(filch_lock *lock)
{
    uint32_t state = fl_load_relaxed(&lock->state_);
    if (fl_unlikely(state & FL_HELD)) {
        return false;
    }
    fl_store_release(&lock->state_, state | FL_HELD);
    return true;
}

/* Who tries again and again leaves the guard to the holder. */
static bool
try_take(filch_lock *lock)
{
    if (fl_load_relaxed(&lock->state_) & FL_HELD) {
        return false;
    }
    fl_atomic32 *held = fl_enter(&lock->guard_);
    fl_chaos();
    bool taken = take_free(lock);
    fl_leave_by(held);
    return taken;
}

/* With the guard, one who was woken having come: whether that was in vain. */
static void
learn(filch_lock *lock, bool taken, bool given)
{
    if (taken) {
        fl_lock_settle(lock);
    }
    if (!taken && lock->vain_ < FL_VAIN_MOST) {
        lock->vain_++;
    } else if (taken && !given) {
        lock->vain_ = 0;
    }
}

/* With the guard: takes it, or marks it as waited for. `woken`: the caller is
 * whom FL_WOKEN and FL_GIVEN speak of. */
static bool
take_or_mark(filch_lock *lock, bool woken)
{
    uint32_t state = fl_load_relaxed(&lock->state_);
    bool taken = !(state & FL_HELD) || (woken && (state & FL_GIVEN));
    fl_lock_change(lock, woken ? FL_WOKEN | FL_GIVEN | FL_PASSES : 0,
                   taken ? FL_HELD : FL_WAITERS);
    if (woken) {
        learn(lock, taken, state & FL_GIVEN);
    }
    return taken;
}

/* With the guard: whether who was woken, and comes, was stolen from the worker that it
 * stood near. */
static bool
was_stolen(const fl_fiber *me, const filch_lock *lock)
{
    return lock->woken_on_ && me->kind != FL_THREAD &&
           me->worker->index + 1 != lock->woken_on_;
}

/* Waits until it has the lock. `woken`: it has waited, and is to try again.
 * `inside`: it has the guard. */
static FL_NOINLINE int
acquire_waiting(fl_fiber *me, filch_lock *lock, bool woken, filch_time deadline,
                bool inside)
{
    for (;; inside = false) {
        fl_chaos();
        if (!inside) {
            fl_enter(&lock->guard_);
        }
        fl_assert(fl_lock_is_sound(lock));
        fl_chaos();
        if (take_or_mark(lock, woken)) {
            fl_leave(&lock->guard_);
            return 0;
        }
        if (woken && was_stolen(me, lock)) {
            fl_stole_in_vain(me->worker);
        }
        fl_waiter *waiter = fl_waiter_begin(me, FL_LOCK, lock);
        int error = (woken ? fl_wait_first : fl_wait)(
            me, &lock->guard_.word_, &lock->waiters_, deadline);
        if (error || waiter->item == FL_HANDED_OVER) {
            return error;
        }
        woken = true;
    }
}

/* The same where it takes longer, or the run is steered. */
static FL_NOINLINE int
acquire_slowly(filch_lock *lock, filch_time deadline)
{
    fl_fiber *me = fl_me_at("filch_lock_acquire");
    int error = fl_may_wait(me);
    if (!error) {
        error = acquire_waiting(me, lock, false, deadline, false);
    }
    if (!error && fl_are_points()) {
        fl_note_held(lock);
    }
    return error;
}

int
filch_lock_acquire_until(filch_lock *lock, filch_time deadline)
{
    fl_fiber **here = fl_here();
    fl_atomic32 *held =
        fl_is_free(here) ? fl_enter_at_once(&lock->guard_) : NULL;
    if (fl_unlikely(!held)) {
        return acquire_slowly(lock, deadline);
    }
    if (fl_unlikely(!take_free(lock))) {
        return acquire_waiting(*here, lock, false, deadline, true);
    }
    fl_leave_by(held);
    return 0;
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

/* ---- for conditions ---- */

/* Acquires until it succeeds: it can fail only for want of memory. */
static void
acquire_at_last(fl_fiber *me, filch_lock *lock, bool woken)
{
    uint16_t before = me->shield;
    me->shield |= FL_SHIELD_OF_JOB; /* also one that could be no deeper */
    int error;
    unsigned round = 0;
    while ((error = acquire_waiting(me, lock, woken, FILCH_NEVER, false))) {
        woken = false;
        if (error == ENOTSUP) {
            fl_fatal("a forked child waits for a lock, whose holder is not "
                     "there: it may only call exec or _exit");
        }
        fl_give_way(me, round++);
    }
    me->shield = before;
}

void
fl_lock_after_wake(fl_fiber *me, filch_lock *lock, fl_waiter *waiter)
{
    if (waiter->item != FL_HANDED_OVER) {
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
    fl_fiber *me = fl_me_at("FILCH_WITH_LOCK");
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
