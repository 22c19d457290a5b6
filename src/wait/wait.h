/*
 * The one way to wait, for every primitive, for tasks and plain threads.
 *
 * CONTRACT  A primitive is a word or two of its own, a small guard, and lists of
 *           waiters. Who must wait enqueues itself under the guard;
 *           who lets it go on grants it under the guard, and resumes it after
 *           releasing the guard. What is handed over (an item, a lock, a
 *           permit) is handed over in the same step as the grant.
 * STATE     A waiter is part of the fiber that waits. Its links, and whether it
 *           is linked, are guarded by the object's guard. Whether the wait is
 *           decided, and how, is its phase.
 * PROTOCOL      who waits                       who ends the wait
 *           A1  takes the guard             R1  takes the guard
 *           A2  links its waiter            R2  unlinks a waiter, the first
 *           A3  phase := WAITING; light     R3  phase := GRANTED; light fence;
 *               fence; FL_CANCEL is set:        FL_CANCEL is set: see there; it
 *               see sched/cancel.c              was aborted: R2 again
 *           A4  switches away               R4  hands over, drops the guard
 *           A5  the guard is dropped        R5  resumes the fiber
 *               by whoever runs next
 *           Where a wait may time out, or several may grant it, A3 sets
 *           CONTESTED, and R3 is a cas: somebody was faster: R2 again.
 *           A timeout or a cancel does R3 first, as TIMED_OUT or CANCELLED,
 *           without the guard; then takes it, unlinks the waiter if it still
 *           is linked, and does R5 (wait/give_up.c). Taking the guard also waits
 *           for A5.
 * NO LOST WAKEUP  A waiter whose wait a timeout or a cancel has decided is
 *           passed over at R3 by whoever grants, who goes on with the next one:
 *           so what is handed over never goes to one who will not take it.
 * WAKEUP GUARANTEE  First come, first served, in each list.
 * TIMEOUT AND CANCEL  As R3. On a tie one of them is first; if it was
 *           the grant, the cancel stays pending.
 *           Who is in several lists (filch_wait) waits under a guard of its
 *           own; who grants it takes that guard too before R5, for the same
 *           reason.
 * LOCK ORDER  One object's guard at a time, but for: a task's, then that of who
 *           waits for several; a priority queue's, then whatever its compare
 *           function enters. Then, with any of these, that of timers; or that of
 *           a slab of stacks, then a depot's.
 * MEMORY ORDER  R3 releases to the load of the phase after A5; A3 to C3
 *           (sched/cancel.c). R5 to a thread: sched/resume.c to wait_as_thread.
 * LAST TOUCH  Of the object by the granter: dropping the guard, before R5 (but
 *           see sync/condition.c, where others still wait). Of
 *           the object by who was granted: none after A5; by who gives up:
 *           before a granter that passes it over drops the guard.
 * CHECKED BY  tests/sync, tests/model/wait.c, wait_many.c, spin/wait.pml
 */
#ifndef FL_WAIT_H
#define FL_WAIT_H

#include "fiber/reserve.h"
#include "os/chaos.h"
#include "sched/resume.h"

/* Has the fiber's own waiter wait in an object of that kind. What is not set
 * here is set as it is enqueued. */
static inline fl_waiter *
fl_waiter_begin(fl_fiber *me, enum fl_what what, const void *object)
{
    fl_waiter *waiter = &me->waiter;
    fl_assert(!waiter->list);
    waiter->object = object;
    waiter->result = 0;
    waiter->what = (uint8_t)what;
    waiter->traits = 0;
    return waiter;
}

/* The guard of the list that it is in, of the object that it waits in. */
static inline fl_atomic32 *
fl_guard_of(const fl_waiter *waiter)
{
    uintptr_t guard = (uintptr_t)fl_load_relaxed(&waiter->guard);
    return (fl_atomic32 *)(guard & ~(uintptr_t)3); /* see give_up.c */
}

/* Whose it is. */
static inline fl_fiber *
fl_waiter_fiber(fl_waiter *waiter)
{
    return fl_unlikely(waiter->traits & FL_SEPARATE)
               ? fl_container(waiter, fl_separate, waiter)->of
               : fl_container(waiter, fl_fiber, waiter);
}

/* ---- who waits ---- */

/* The slow side of fl_may_wait. */
int fl_may_not_wait(fl_fiber *me);

/*
 * What every suspending call begins with: 0, EDEADLK where it is barred, or
 * ECANCELED for a cancel that is pending, after letting others run.
 */
static inline int
fl_may_wait(fl_fiber *me)
{
    if (fl_unlikely((fl_load_relaxed(&me->state) & FL_CANCEL) | me->barred)) {
        return fl_may_not_wait(me);
    }
    return 0;
}

/* With the guard: puts a waiter at the end of the list. */
static inline void
fl_append(fl_waiter *waiter, filch_waiters_ *list)
{
    fl_waiter *last = list->last_;
    fl_assert(!waiter->list && (!last || last->list == list));
    waiter->next = NULL;
    waiter->previous = last;
    waiter->list = list;
    if (last) {
        last->next = waiter;
    } else {
        list->first_ = waiter;
    }
    list->last_ = waiter;
}

/* Whether the caller is known at once (fl_here), and nothing keeps it from
 * waiting: what the short paths begin with, which call nothing. */
static inline bool
fl_is_free(fl_fiber *const *here)
{
    if (fl_unlikely(!here)) {
        return false;
    }
    const fl_fiber *me = *here;
    fl_assert(!me->barred);
    return fl_likely(!fl_has_relaxed(&me->state, FL_CANCEL));
}

/*
 * Enqueues the waiter at the end (or front) of the list and waits. Called with
 * the guard held, returns with it free: its result, which is 0 unless who granted
 * it said otherwise, ETIMEDOUT, ECANCELED, ENOMEM, or ENOTSUP in a forked child. `held`: what is to be 0 for
 * it to be free. fl_wait_for stores what is handed over: what comes last in who
 * waits need not be returned to.
 */
static inline int fl_wait_for(fl_fiber *me, fl_atomic32 *guard,
                              fl_atomic32 *held, filch_waiters_ *list,
                              filch_time deadline, void **handed);
static inline int fl_wait_by(fl_fiber *me, fl_atomic32 *guard,
                             fl_atomic32 *held, filch_waiters_ *list,
                             filch_time deadline);
static inline int fl_wait(fl_fiber *me, fl_atomic32 *guard,
                          filch_waiters_ *list, filch_time deadline);
int fl_wait_first(fl_fiber *me, fl_atomic32 *guard, filch_waiters_ *list,
                  filch_time deadline);

/*
 * The same in two parts, for a fiber that waits in several lists at once, or in
 * none: fl_enlist puts waiters into lists, each under its guard; fl_wait_apart
 * waits, called with `guard` (of its own) held. Afterwards it unlinks each.
 */
void fl_enlist(fl_waiter *waiter, fl_atomic32 *guard, filch_waiters_ *list);
void fl_delist(fl_waiter *waiter);
int fl_wait_apart(fl_fiber *me, fl_atomic32 *guard, filch_time deadline);

/* fl_wait_for, once the waiter is in the list. (What is handed on to who
 * suspends comes first, so that it need not be moved to other registers.) */
int fl_wait_linked(fl_fiber *me, fl_atomic32 *held, void **handed,
                   fl_atomic32 *guard, filch_time deadline);

static inline int
fl_wait_for(fl_fiber *me, fl_atomic32 *guard, fl_atomic32 *held,
            filch_waiters_ *list, filch_time deadline, void **handed)
{
    fl_append(&me->waiter, list); /* A2 */
    return fl_wait_linked(me, held, handed, guard, deadline);
}

static inline int
fl_wait_by(fl_fiber *me, fl_atomic32 *guard, fl_atomic32 *held,
           filch_waiters_ *list, filch_time deadline)
{
    return fl_wait_for(me, guard, held, list, deadline, NULL);
}

static inline int
fl_wait(fl_fiber *me, fl_atomic32 *guard, filch_waiters_ *list,
        filch_time deadline)
{
    return fl_wait_by(me, guard, fl_exit_of(guard), list, deadline);
}

/* fl_wait_by by a caller found by fl_here that has a stack to go on with, and that
 * resumes `next`, whom it has just granted what it had. */
int fl_wait_onward_linked(fl_fiber *me, fl_atomic32 *held, fl_fiber *next,
                          fl_atomic32 *guard);

static inline int
fl_wait_onward(fl_fiber *me, fl_atomic32 *guard, fl_atomic32 *held,
               filch_waiters_ *list, fl_fiber *next)
{
    fl_append(&me->waiter, list); /* A2 */
    return fl_wait_onward_linked(me, held, next, guard);
}

/* ---- who grants; with the guard ---- */

static inline fl_waiter *
fl_first(const filch_waiters_ *list)
{
    return (fl_waiter *)list->first_;
}

/* Grants that waiter, and takes it out of its list: whether it is the caller's
 * to resume, once the guard is free. */
bool fl_grant_one(fl_waiter *waiter);

/* In the guard, the waiter being out of its list, and decided by a timeout or a
 * cancel: has who did that touch the object no more. */
void fl_pass_over(fl_waiter *waiter);

/* What is left of a grant for one who is out of the list, but has traits. */
bool fl_grant_special(fl_waiter *waiter);

/* R2 for the first. */
static inline void
fl_take_first_(filch_waiters_ *list, fl_waiter *first)
{
    fl_waiter *next = first->next;
    fl_assert(first->list == list && !first->previous);
    fl_assert_in(fl_guard_of(first));
    list->first_ = next;
    *(next ? (void **)&next->previous : &list->last_) = NULL;
    first->list = NULL;
}

/* Grants the first who still waits, likewise; NULL if nobody does. */
static inline fl_waiter *
fl_grant(filch_waiters_ *list)
{
    fl_waiter *waiter;
    while ((waiter = fl_first(list))) {
        fl_take_first_(list, waiter);
        fl_fiber *fiber = fl_container(waiter, fl_fiber, waiter);
        if (fl_likely(waiter->traits == 0 ? fl_grant_to(fiber, false)
                                          : fl_grant_special(waiter))) {
            break; /* R3 */
        }
        if (waiter->traits == 0) {
            fl_pass_over(waiter);
        }
    }
    return waiter;
}

/*
 * The same for who was found by fl_here, calling nothing: grants the first,
 * `waiter`, if there is one and its wait is a plain one. FL_GRANT_REFUSED: nothing
 * was done, fl_grant is to. FL_GRANT_DISPUTED: it was cancelled just then, and
 * fl_grant_disputed is to go on: who is granted, that one or a later one; or NULL.
 */
typedef enum fl_granted {
    FL_GRANT_REFUSED,
    FL_GRANT_DONE,
    FL_GRANT_DISPUTED
} fl_granted;

fl_waiter *fl_grant_disputed(filch_waiters_ *list, fl_waiter *waiter);

static inline fl_granted
fl_grant_here(filch_waiters_ *list, fl_waiter *waiter)
{
    if (fl_unlikely(!waiter || waiter->traits)) {
        return FL_GRANT_REFUSED;
    }
    fl_fiber *fiber = fl_container(waiter, fl_fiber, waiter);
    uint32_t phase = fl_load_relaxed(&waiter->phase);
    if (fl_unlikely((phase & FL_PHASE) != FL_WAITING)) {
        return FL_GRANT_REFUSED;
    }
    fl_take_first_(list, waiter);
    return fl_likely(fl_grant_plainly(fiber, phase, true)) /* R3 */
               ? FL_GRANT_DONE
               : FL_GRANT_DISPUTED;
}

/* Grants all, into the chain in their order; the last ones before those in the
 * middle. */
void fl_grant_all(filch_waiters_ *list, fl_chain *chain);

/* With the guard: takes it out of its list. */
void fl_take_out(fl_waiter *waiter);

/* Ends a wait that a timeout or a cancel has decided, but for resuming the
 * fiber, which may be the caller's own if it is a plain thread. */
void fl_give_up(fl_fiber *fiber);

/* For who has cancelled it, when nobody can grant it any more: says so, unless
 * it is said. */
static inline void
fl_say_cancelled(fl_fiber *fiber)
{
    uint32_t phase = fl_load_relaxed(&fiber->waiter.phase);
    uint32_t why = phase & FL_PHASE;
    if (why == FL_WAITING || why == FL_GRANTED) {
        fl_store_release(&fiber->waiter.phase,
                         phase - why + (uint32_t)FL_CANCELLED);
    }
}

/* Puts a granted waiter at the end of another list that has the same guard; who
 * grants it there resumes it. */
static inline void
fl_pass_on(fl_waiter *waiter, filch_waiters_ *list)
{
    waiter->traits |= FL_PASSED_ON;
    fl_append(waiter, list);
}

#endif
