/*
 * Where contexts are switched: a worker's loop (loop.c), and the suspension of
 * fibers (switch.c).
 *
 * CONTRACT  The loop runs on a pooled stack and *calls* tasks there. When a
 *           task first suspends, the stack stays with it, with the loop's frame
 *           below the task's; the worker goes on on another stack. When the
 *           task returns, into that frame, whatever worker runs it by then has
 *           its loop there. So a task that never suspends costs no switch, and
 *           a free stack is a loop, parked.
 *           (A task that is joined is called below such a loop, which stays
 *           parked: enter.h.)
 * PROTOCOL  A fiber may be resumed only once it is parked. So what makes it
 *           visible (releasing the guard of the object that it waits for) is
 *           done by whoever the worker switches to: `after`.
 *           A1  fiber: enqueue itself under the object's guard
 *           A2  fiber: switch away, which parks it
 *           A3  next context: releases the guard, or calls after(arg)
 *           R1  waker: takes the guard, finds the fiber parked
 * LAST TOUCH  Nothing of a fiber is touched after A3 (but see sync/join.c, D3). The
 *           worker is read again after each switch and each task: it may be another.
 */
#ifndef FL_SWITCH_H
#define FL_SWITCH_H

#include "fiber/context.h"
#include "os/chaos.h"
#include "sched/worker.h"

/* What the worker was told to do when it has left a context; the worker. */
fl_worker *fl_do_after(fl_worker *worker, fl_stack *here);

/* The first thing in any context that was switched to, by that worker: drops the
 * guard that it was handed, or, if that is NULL, does what else there is to do, on
 * the stack that it is on, `here`. */
static inline fl_worker *
fl_arrive(fl_worker *worker, void *let_go, fl_stack *here)
{
    if (fl_likely(let_go != NULL)) {
        fl_assert(fl_load_relaxed((fl_atomic32 *)let_go)); /* until now */
        fl_store_release((fl_atomic32 *)let_go, 0u);       /* A3 */
        return worker;
    }
    return fl_likely(!worker->after) ? worker : fl_do_after(worker, here);
}

/*
 * What a context is handed as it goes on: a loop its worker; a fiber itself, with
 * its worker in it. So it need not wait for its own frame to know who it is: that
 * was stored only just before, in a hand-over, and so is loaded last.
 */
static inline void *
fl_handed_to(fl_fiber *fiber, fl_worker *worker)
{
    if (fl_unlikely(fiber->worker != worker)) {
        fiber->worker = worker;
    }
    return fiber;
}

/* Switches from a context of that worker, saved in *save, to one parked in `to`,
 * to which `value` and `let_go` are handed; what it is handed itself. `stack` is
 * for one that has not begun, and for the AddressSanitizer, else NULL: each knows
 * by itself which stack it is on. */
static inline __attribute__((always_inline)) fl_handed
fl_jump(fl_worker *worker, void **save, void *to, void *value, fl_stack *stack,
        fl_atomic32 *let_go)
{
    void *fake = NULL;
    if (stack) {
        fake = fl_asan_depart(stack->base, fl_stack_size(stack), false);
        worker->stack = stack;
    }
    fl_handed handed = fl_context_switch(save, to, value, (void *)let_go);
    fl_asan_arrive(fake);
    return handed;
}

/* What a fiber is parked on, if that is to be told. */
static inline fl_stack *
fl_parked_on(const fl_fiber *fiber)
{
#if FL_ASAN
    return fiber->stack;
#else
    (void)fiber;
    return NULL;
#endif
}

/* Parks a loop on a stack that has none; the stack. */
fl_stack *fl_prepare_loop(fl_stack *stack);

static inline fl_stack *
fl_with_loop(fl_link *link)
{
    fl_stack *stack = fl_container(link, fl_stack, link);
    return fl_unlikely(FL_TSAN || !stack->sp) ? fl_prepare_loop(stack) : stack;
}

/* A stack with a loop parked on it, of which fl_spare has made sure. */
static inline fl_stack *
fl_take_spare(fl_worker *worker)
{
    return fl_with_loop(fl_cache_take(&worker->stacks));
}

/* The same until something that was called there has ended, mostly. */
static inline fl_stack *
fl_borrow_spare(fl_worker *worker)
{
    return fl_with_loop(fl_cache_borrow(&worker->stacks));
}

/* The stack that the worker runs on is a spare one again, as soon as it has left
 * it: a loop is parked there. */
static inline void
fl_give_spare(fl_worker *worker)
{
    fl_link *surplus = fl_cache_push(&worker->stacks, &worker->stack->link);
    if (surplus) {
        fl_stack_put_batch(surplus);
    }
}

/* The same for one that was borrowed, where that is next to nothing; else it is not
 * done. */
static inline bool
fl_give_spare_back(fl_worker *worker)
{
    return fl_cache_put_back(&worker->stacks, &worker->stack->link);
}

/*
 * What a fiber does first when it goes on, on that stack, with what it was handed:
 * itself. A CPU writes one store a cycle, or two if they go to the same 32 bytes one after
 * the other: so it is the first to be stored, beside its stack, and what is there
 * already is not stored again.
 */
static inline __attribute__((always_inline)) fl_fiber *
fl_go_on(const fl_fiber *before, fl_handed handed, fl_stack *here, int error)
{
    fl_fiber *me = handed.value;
    fl_assert(me == before);
    (void)before;
    fl_worker *worker = fl_arrive(me->worker, handed.more, here);
    worker->stack = here;
    fl_be(worker, me);
    fl_assert(!fl_is_undecided(me));
    fl_tsan_be(me);
    fl_tsan_acquire(me);
    if (fl_unlikely(*worker->errno_at != error)) {
        *worker->errno_at = error;
    }
    return me;
}

#endif
