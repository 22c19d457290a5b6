/*
 * Cancelling.
 *
 * PROTOCOL      who cancels                     who begins a wait
 *           C1  cas: sets FL_CANCEL           A3  phase := WAITING
 *           C2  heavy fence                       light fence
 *           C3  reads the phase: WAITING          looks at FL_CANCEL
 *           C4  FL_CANCEL is set still
 *           C5  cas of the phase WAITING -> CANCELLED
 *           Where C3 sees WAITING at once, there is no need of C2. By C4 and the
 *           count of waits in the phase, C5 does not end the wait of a later
 *           task in the same descriptor, which nobody has cancelled.
 * LAST TOUCH  Who cancels has a handle, or is the runtime.
 */
#include "os/chaos.h"
#include "os/fence.h"
#include "sched/worker.h"

/* Whether that is the state of a fiber which the call is about. */
static bool
is_meant(uint32_t state, uint32_t tag)
{
    uint32_t lives_in = state >> FL_TAG_SHIFT;
    return lives_in != 0 && (tag == 0 || lives_in == tag);
}

/* C1: whether it was not set before. */
static bool
mark(fl_fiber *fiber, uint32_t tag)
{
    uint32_t state = fl_load_acquire(&fiber->state);
    do {
        if (!is_meant(state, tag) || (state & FL_CANCEL)) {
            return false;
        }
        fl_tsan_release(&fiber->state);
        fl_chaos();
    } while (!fl_cas_seq_cst(&fiber->state, &state, state | FL_CANCEL));
    return true;
}

/* C3 to C5: whether the caller has ended a wait. */
static bool
end_wait(fl_fiber *fiber, uint32_t tag)
{
    uint32_t phase = fl_load_seq_cst(&fiber->waiter.phase);
    if ((phase & FL_PHASE) != FL_WAITING) {
        return false;
    }
    fl_chaos();
    uint32_t state = fl_load_acquire(&fiber->state);
    if (!is_meant(state, tag) || !(state & FL_CANCEL) ||
        !fl_cas_acq_rel(&fiber->waiter.phase, &phase,
                        (phase & ~(uint32_t)FL_PHASE) | FL_CANCELLED)) {
        return false;
    }
    bool entered = fiber->waiter.traits & FL_ENTERED;
    fl_chaos();
    fl_abort_wait[entered](fiber);
    return true;
}

void
fl_cancel(fl_fiber *fiber, uint32_t tag)
{
    if (mark(fiber, tag) && !end_wait(fiber, tag)) {
        fl_fence_heavy_surely(); /* C2 */
        end_wait(fiber, tag);
    }
}

void
fl_cancel_ahead(fl_fiber *fiber)
{
    mark(fiber, 0);
}

struct all {
    uint32_t tag;
    bool marked;
};

static void
mark_one(filch_task *task, void *arg)
{
    struct all *all = arg;
    all->marked |= mark(&task->fiber, all->tag);
}

static void
end_one(filch_task *task, void *arg)
{
    end_wait(&task->fiber, ((const struct all *)arg)->tag);
}

void
fl_cancel_all(filch_runtime *runtime)
{
    struct all all = {.tag = runtime->tag};
    fl_task_each(mark_one, &all);
    if (all.marked) {
        fl_fence_heavy_surely(); /* C2, one for all of them */
        fl_task_each(end_one, &all);
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
    fl_fiber *me = fl_me();
    if (me->kind >= FL_TASK) {
        me->shield++;
    }
}

void
filch_shield_end(void)
{
    fl_fiber *me = fl_me();
    if (me->kind >= FL_TASK && me->shield > 0) {
        me->shield--;
    }
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
