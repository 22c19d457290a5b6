/*
 * Entering a task that has not begun: the caller waits, and its worker goes on
 * with that task, at once.
 *
 * CONTRACT  Returns once the caller's wait has ended. The task is called below the
 *           loop that is parked on a spare stack (see switch.h), as that loop would
 *           have called it; but the loop stays parked. If the caller is to go on
 *           when the task ends, the stack is a spare one again, and nothing but the
 *           caller's own context had to be saved, or found. Else, the task having
 *           been left, the loop is who goes on.
 * REJECTED  Switching to the loop, which then finds the task, calls it, and
 *           finds the caller to switch back to: 20 ns to spawn and join a task,
 *           for 16. Where no context can be called (fl_context_call) it is so
 *           still; likewise under the ThreadSanitizer, and for a task that wants
 *           a stack of its own.
 */
#ifndef FL_ENTER_H
#define FL_ENTER_H

#include "sched/switch.h"

/* A joiner that has entered a task, and is parked, waits for its end; in task_run.c. */
void fl_await_entered(void *joiner);

/* Enters the task by way of the loop. */
static inline fl_fiber *
fl_enter_by_loop(fl_fiber *me, filch_task *task)
{
    task->direct = me;
    fl_suspend_into(me, fl_await_entered, &task->fiber);
    return me;
}

#if FL_CONTEXT_CALL && !FL_TSAN && !defined(FL_ATOMIC_MODEL)
#define FL_CALLS_ENTERED 1

/* Runs the task, below the loop that is parked on that stack, on which it is called.
 * Who has run on the worker so far waits for its end. A fl_context_fn; in
 * task_run.c. */
fl_onward fl_run_entered(void *worker, void *task, void *stack);

/* Returns the caller again. Inlined, so that the registers are saved once. */
static inline __attribute__((always_inline)) fl_fiber *
fl_enter_task(fl_fiber *me, fl_worker *worker, filch_task *task)
{
    if (fl_unlikely(task->fiber.start.own != NULL)) {
        return fl_enter_by_loop(me, task);
    }
    fl_count(&worker->stats.switches);
    int error = *worker->errno_at;
    fl_stack *here = worker->stack, *spare = fl_borrow_spare(worker);
    void *fake = fl_asan_depart(spare->base, fl_stack_size(spare), false);
#if FL_ASAN
    me->stack = here;
#endif
    fl_handed handed = fl_context_call(&me->sp, spare->sp, fl_run_entered,
                                       worker, task, spare);
    fl_asan_arrive(fake);
    return fl_go_on(me, handed, here, error);
}

#else

static inline fl_fiber *
fl_enter_task(fl_fiber *me, fl_worker *worker, filch_task *task)
{
    (void)worker;
    return fl_enter_by_loop(me, task);
}

#endif

#endif
