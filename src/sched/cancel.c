/*
 * Cancelling.
 *
 * TIMEOUT AND CANCEL  The bit FL_CANCEL and the end of a wait are one
 *           compare-and-swap: so either the waiter sees the bit before it
 *           waits, or the canceller sees the wait.
 */
#include "os/chaos.h"
#include "sched/worker.h"

void
fl_cancel(fl_fiber *fiber, uint32_t tag)
{
    uint32_t state = fl_load_acquire(&fiber->state), cancelled;
    bool waits;
    do {
        uint32_t lives_in = state >> FL_TAG_SHIFT;
        if (lives_in == 0 || (tag && lives_in != tag)) {
            return;
        }
        waits = (state & FL_PHASE) == FL_WAITING;
        cancelled = state | FL_CANCEL;
        if (waits) {
            cancelled = (cancelled & ~(uint32_t)FL_PHASE) | FL_CANCELLED;
        }
        if (cancelled == state) {
            return;
        }
        fl_tsan_release(&fiber->state);
        fl_chaos();
    } while (!fl_cas_acq_rel(&fiber->state, &state, cancelled));
    if (waits) {
        bool entered = fiber->waiter.traits & FL_ENTERED;
        fl_chaos();
        fl_abort_wait[entered](fiber);
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
