/*
 * Cancelling.
 *
 * PROTOCOL      who cancels                     who waits        who grants
 *           C1  cas: FL_CANCEL set          A3  phase :=     R3  phase :=
 *           C2  heavy fence                     WAITING          GRANTED
 *           C3  the phase is WAITING            light fence      light fence
 *           C4  cas of the state as C1          FL_CANCEL?       FL_CANCEL?
 *               left it: FL_ABORTED set     L1  cas: FL_LET set, unless it is
 *           C5  guard; phase := CANCELLED       FL_ABORTED
 *           By the fences C3 sees what A3 or R3 has stored, or they see
 *           FL_CANCEL and come to L1. Of C4 and L1 one succeeds; if that is C4,
 *           it is for the canceller to resume the fiber, and C5 comes after R3,
 *           if that has stored GRANTED meanwhile. Both bits stay; the fiber
 *           does not wait like that any more, since it sees FL_CANCEL before
 *           A3. A contested wait is ended by a cas of its phase, which counts
 *           the waits; there C2 is needed only where C3 sees none at first.
 *           Of a later task in the same descriptor C4 finds another life, and a
 *           contested wait another count. Likewise L1 of an entered joiner
 *           (sync/join.c), which has no guard, and so may have gone.
 * MEMORY ORDER  C1 is seq_cst: with the look before C2 it meets the beginning
 *           of a contested wait, which is so too. It releases what the
 *           canceller did before, to L1, filch_cancelled, and who finds it
 *           pending (wait/wait.c). C3 acquires what
 *           A3 released of the waiter; C4 and L1 are changes of one word that
 *           acquire and release.
 * LAST TOUCH  C5, then the fiber is resumed. Who cancels has a handle of the
 *           task, or is the runtime.
 * REJECTED  One word for all, changed by cas alone: 8 ns to begin and 8 to end
 *           each wait, for the sake of cancels, which take 5 us now.
 * CHECKED BY  tests/model/cancel.c, wait.c, spin/wait.pml
 */
#include "os/chaos.h"
#include "os/fence.h"
#include "sched/aside.h"

#define AT_ONCE 64 /* tasks that share a fence */

/* L1 */
FL_NOINLINE bool
fl_let(fl_fiber *fiber)
{
    uint32_t state = fl_load_acquire(&fiber->state);
    fl_chaos();
    while (!(state & (FL_LET | FL_ABORTED))) {
        if (fl_cas_acq_rel(&fiber->state, &state, state | FL_LET)) {
            return true;
        }
    }
    return state & FL_LET;
}

/* L1 by who may be too late: who cancels changes the phase before it resumes the
 * fiber, which may be another task by now. */
FL_NOINLINE bool
fl_wait_anyway(fl_fiber *fiber, uint32_t phase)
{
    uint32_t seen = fl_load_acquire(&fiber->state);
    fl_chaos();
    while (fl_is_relaxed(&fiber->waiter.phase, phase) && !(seen & FL_ABORTED)) {
        if (fl_cas_acq_rel(&fiber->state, &seen, seen | FL_LET)) {
            fl_store_relaxed(&fiber->waiter.phase,
                             phase - FL_WAITING + FL_RUNNING);
            return false;
        }
    }
    return true;
}

/* C1: the state then; 0 where nothing is to be done. With `tag` not 0 only for a
 * fiber of that runtime. Who comes second goes on as the first does, who may not
 * have come to C2 yet: the wait ends before either returns, but for
 * fl_cancel_all. */
static uint32_t
mark(fl_fiber *fiber, uint32_t tag, uint32_t bits)
{
    uint32_t state = fl_load_acquire(&fiber->state);
    do {
        uint32_t lives_in = state >> FL_TAG_SHIFT;
        if (lives_in == 0 || (tag && lives_in != tag)) {
            return 0;
        }
        if (state & FL_CANCEL) {
            return state & (FL_LET | FL_ABORTED) ? 0 : state;
        }
        fl_tsan_release(&fiber->state);
        fl_chaos();
    } while (!fl_cas_seq_cst(&fiber->state, &state, state | bits));
    return state | bits;
}

/* C4 for a contested wait: ends the one of that phase, if it is of that
 * life. */
static bool
contest(fl_fiber *fiber, uint32_t state, uint32_t phase)
{
    uint32_t now = fl_load_acquire(&fiber->state);
    fl_chaos();
    return (now | FL_LET) == (state | FL_LET) &&
           fl_cas_acq_rel(&fiber->waiter.phase, &phase,
                          (phase & ~(uint32_t)FL_PHASE) | FL_CANCELLED);
}

static void
abort_wait(fl_fiber *fiber)
{
    bool entered = fiber->waiter.traits & FL_ENTERED;
    fl_chaos();
    fl_aside aside = fl_aside_begin();
    fl_abort_wait[entered](fiber); /* C5 */
    fl_aside_end(aside);
}

/* The same before C2: whether it has ended a contested wait. */
static bool
end_contested(fl_fiber *fiber, uint32_t state)
{
    uint32_t phase = fl_load_seq_cst(&fiber->waiter.phase);
    bool ends =
        (phase & FL_PHASE) == FL_CONTESTED && contest(fiber, state, phase);
    if (ends) {
        abort_wait(fiber);
    }
    return ends;
}

/* C3 to C5 */
static void
end_wait(fl_fiber *fiber, uint32_t state)
{
    uint32_t phase = fl_load_seq_cst(&fiber->waiter.phase); /* C3 */
    fl_chaos();
    if ((phase & FL_PHASE) != FL_WAITING) {
        end_contested(fiber, state);
    } else if (fl_cas_acq_rel(&fiber->state, &state, state | FL_ABORTED)) {
        abort_wait(fiber);
    }
}

void
fl_cancel(fl_fiber *fiber, uint32_t tag)
{
    uint32_t state = mark(fiber, tag, FL_CANCEL);
    if (state && fiber != fl_me() && !end_contested(fiber, state)) {
        fl_fence_heavy_surely(); /* C2 */
        end_wait(fiber, state);
    }
}

void
fl_cancel_ahead(fl_fiber *fiber)
{
    mark(fiber, 0, FL_CANCEL);
}

void
fl_cancel_some(filch_task *const *tasks, size_t n)
{
    while (n > 0) {
        uint32_t states[AT_ONCE], any = 0;
        size_t some = n < AT_ONCE ? n : AT_ONCE;
        for (size_t i = 0; i < some; i++) {
            any |= states[i] = mark(&tasks[i]->fiber, 0, FL_CANCEL);
        }
        if (any) {
            fl_fence_heavy_surely(); /* C2, one for all of them */
        }
        for (size_t i = 0; i < some; i++) {
            if (states[i]) {
                end_wait(&tasks[i]->fiber, states[i]);
            }
        }
        tasks += some;
        n -= some;
    }
}

/* ---- all tasks of a runtime ---- */

struct sweep {
    uint32_t tag;
    uint32_t any;
};

static void
sweep_one(filch_task *task, void *arg)
{
    struct sweep *sweep = arg;
    if (!(fl_load_relaxed(&task->fiber.state) & FL_CANCEL)) {
        sweep->any |= mark(&task->fiber, sweep->tag, FL_CANCEL | FL_SWEPT);
    }
}

/* Who is swept was so before the fence. */
static void
end_one(filch_task *task, void *arg)
{
    uint32_t state = fl_load_acquire(&task->fiber.state);
    if (state >> FL_TAG_SHIFT == ((const struct sweep *)arg)->tag &&
        (state & (FL_SWEPT | FL_LET | FL_ABORTED)) == FL_SWEPT) {
        end_wait(&task->fiber, state);
    }
}

void
fl_cancel_all(filch_runtime *runtime)
{
    struct sweep sweep = {.tag = runtime->tag};
    fl_task_each(sweep_one, &sweep);
    if (sweep.any) {
        fl_fence_heavy_surely(); /* C2, one for all of them */
        fl_task_each(end_one, &sweep);
    }
}

int
filch_cancel(filch_task *task)
{
    fl_point("filch_cancel");
    fl_cancel(&task->fiber, 0);
    return 0;
}

/* The fiber of the task that the caller works for, NULL outside of tasks. */
static fl_fiber *
task_fiber(void)
{
    filch_task *task = fl_task_of(fl_me());
    return task ? &task->fiber : NULL;
}

bool
filch_cancelled(void)
{
    fl_point("filch_cancelled");
    fl_fiber *fiber = task_fiber();
    if (!fiber || !(fl_load_acquire(&fiber->state) & FL_CANCEL)) {
        return false;
    }
    fl_tsan_acquire(&fiber->state);
    return true;
}

void
filch_shield_begin(void)
{
    fl_point("filch_shield_begin");
    fl_shield_begin(fl_me());
}

void
filch_shield_end(void)
{
    fl_point("filch_shield_end");
    fl_shield_end(fl_me());
}

filch_task *
filch_current(void)
{
    return fl_task_of(fl_me());
}

filch_runtime *
filch_runtime_current(void)
{
    fl_fiber *me = fl_me();
    return me->kind == FL_THREAD ? NULL : me->worker->runtime;
}
