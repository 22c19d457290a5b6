/*
 * How a fiber's wait begins, is decided, and what it has come to: by its phase and
 * its state, see fiber/fiber.h. The protocol is in wait/wait.h and sched/cancel.c.
 */
#ifndef FL_PHASE_H
#define FL_PHASE_H

#include "fiber/fiber.h"
#include "os/chaos.h"
#include "os/fence.h"

#include <errno.h>

/* Whether a wait of that phase is still to be decided. */
static inline bool
fl_is_open(uint32_t phase)
{
    phase &= FL_PHASE;
    return phase >= FL_WAITING && phase <= FL_SHELTERED;
}

/* Whether nobody has decided its wait yet, so that it may not be resumed. */
static inline bool
fl_is_undecided(const fl_fiber *fiber)
{
    return fl_is_open(fl_load_relaxed(&fiber->waiter.phase));
}

/* The phase of its next wait. */
static inline uint32_t
fl_next_phase(const fl_fiber *me, uint32_t phase)
{
    uint32_t last = fl_load_relaxed(&me->waiter.phase);
    return (last & ~(uint32_t)FL_PHASE) + FL_ONE_WAIT + phase;
}

/* ---- who waits ---- */

static inline bool
fl_is_cancelled(const fl_fiber *me)
{
    return fl_unlikely(fl_has_relaxed(&me->state, FL_CANCEL));
}

/* A3 for a plain task that is not cancelled, with its next phase: whether it still
 * is not; then it waits now. */
static inline bool
fl_begin_plainly(fl_fiber *fiber, uint32_t phase, bool here)
{
    fl_store_release(&fiber->waiter.phase, phase);
    fl_chaos_short();
    fl_fence_lighter(here);
    fl_chaos_short();
    return !fl_is_cancelled(fiber);
}

/* A3 where a cancel has come just now: whether it waits all the same, since who
 * cancels has seen that, and resumes it, or has; else its wait has come to
 * ECANCELED. */
bool fl_wait_anyway(fl_fiber *fiber, uint32_t phase);

/* ---- who decides ---- */

/*
 * Decides the wait of a fiber, one that may be contested: whether the caller is
 * the one who did. It then must resume it. The fiber cannot run, nor its stack
 * change, before that.
 */
static inline bool
fl_decide(fl_fiber *fiber, uint32_t outcome)
{
    uint32_t phase = fl_load_seq_cst(&fiber->waiter.phase); /* wait_many.c */
    while (fl_is_open(phase) && (phase & FL_PHASE) != FL_WAITING) {
        if (fl_cas_acq_rel(&fiber->waiter.phase, &phase,
                           (phase & ~(uint32_t)FL_PHASE) | outcome)) {
            return true;
        }
    }
    return false;
}

/* Whether a fiber that was cancelled in its wait goes on as one that was not:
 * so unless who cancelled it has been faster. */
bool fl_let(fl_fiber *fiber);

/*
 * The same for who lets it go on; for a wait that is not contested the only one
 * who may, by the guard of what it waits in. See sched/cancel.c. `here`, a
 * constant: the caller was found by fl_here. Plainly: such a wait, the phase of
 * which is that; false: fl_let is to say.
 */
static inline bool
fl_grant_plainly(fl_fiber *fiber, uint32_t phase, bool here)
{
    fl_assert((phase & FL_PHASE) == FL_WAITING);
    fl_store_release(&fiber->waiter.phase, phase + FL_GRANTED - FL_WAITING);
    fl_fence_lighter(here);
    fl_chaos_short();
    return fl_likely(!fl_has_relaxed(&fiber->state, FL_CANCEL));
}

static inline bool
fl_grant_to(fl_fiber *fiber, bool here)
{
    uint32_t phase = fl_load_relaxed(&fiber->waiter.phase);
    if (fl_unlikely((phase & FL_PHASE) != FL_WAITING)) {
        return fl_decide(fiber, FL_GRANTED);
    }
    return fl_grant_plainly(fiber, phase, here) || fl_let(fiber);
}

/* ---- what it has come to ---- */

/* For itself. */
static inline bool
fl_was_granted(const fl_fiber *me)
{
    return (fl_load_acquire(&me->waiter.phase) & FL_PHASE) == FL_GRANTED;
}

/* Its result, ETIMEDOUT or ECANCELED. For itself. */
static inline int
fl_outcome(fl_fiber *me)
{
    uint32_t phase = fl_load_acquire(&me->waiter.phase) & FL_PHASE;
    if (fl_likely(phase == FL_GRANTED)) {
        return me->waiter.result;
    }
    if (phase == FL_TIMED_OUT) {
        return ETIMEDOUT;
    }
    fl_tsan_acquire(&me->state);
    return ECANCELED;
}

/* The same; stores what was handed over, if that is 0, and it is asked for. */
static inline int
fl_outcome_in(fl_fiber *me, void **handed)
{
    int error = fl_outcome(me);
    if (handed && !error) {
        *handed = me->waiter.item;
    }
    return error;
}

#endif
