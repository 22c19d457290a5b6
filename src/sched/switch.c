/*
 * Where contexts are switched: a worker's loop, and the suspension of fibers.
 *
 * CONTRACT  The loop runs on a pooled stack and *calls* tasks there. When a
 *           task first suspends, the stack stays with it, with the loop's frame
 *           below the task's; the worker goes on on another stack. When the
 *           task returns, into that frame, whatever worker runs it by then has
 *           its loop there. So a task that never suspends costs no switch, and
 *           a free stack is a loop, parked.
 * PROTOCOL  A fiber may be resumed only once it is parked. So what makes it
 *           visible (releasing the guard of the object that it waits for) is
 *           done by whoever the worker switches to: `after`.
 *           A1  fiber: enqueue itself under the object's guard
 *           A2  fiber: switch away, which parks it
 *           A3  next context: releases the guard, or calls after(arg)
 *           R1  waker: takes the guard, finds the fiber parked
 * LAST TOUCH  Nothing of a fiber is touched after A3. The worker is read again
 *           after each switch and each task: it may be another.
 */
#include "fiber/context.h"
#include "fiber/reserve.h"
#include "os/chaos.h"
#include "sched/worker.h"

/* The first thing in any context that was switched to. */
static inline fl_worker *
arrive(fl_worker *worker)
{
    void (*after)(void *) = worker->after;
    fl_assert(worker->let_go == &worker->none ||
              fl_load_relaxed(worker->let_go)); /* it was held until now */
    fl_store_release(worker->let_go, 0u);       /* A3 */
    if (fl_unlikely(after != NULL)) {
        worker->after = NULL;
        worker->let_go = &worker->none;
        fl_chaos();
        after(worker->after_arg); /* A3 */
    }
    return worker;
}

/* Switches from a context saved in *save to one parked in `to`. Each knows by
 * itself which stack it is on; `stack` is for one that has not begun, and for
 * the AddressSanitizer, else NULL. */
static inline fl_worker *
jump(fl_worker *worker, void **save, void *to, fl_stack *stack)
{
    fl_stack *here = worker->stack;
    void *fake = NULL;
    if (stack) {
        fake = fl_asan_depart(stack->base, fl_stack_size(stack), false);
        worker->stack = stack;
    }
    worker = fl_context_switch(save, to, worker);
    worker->stack = here;
    fl_asan_arrive(fake);
    return arrive(worker);
}

/* What a fiber is parked on, if that is to be told. */
static inline fl_stack *
stack_of(const fl_fiber *fiber)
{
#if FL_ASAN
    return fiber->stack;
#else
    (void)fiber;
    return NULL;
#endif
}

/* ---- loops on pooled stacks ---- */

static _Noreturn void run_loop(fl_worker *worker, bool pooled);

static void
begin_loop(void *value)
{
    fl_asan_arrive(NULL);
    run_loop(arrive(value), true);
}

FL_NOINLINE bool
fl_spare_slowly(fl_worker *worker)
{
    fl_cache *stacks = &worker->stacks;
    if (stacks->full) {
        return true;
    }
    stacks->items = fl_stack_get_batch(worker->runtime->shift);
    stacks->count = 0;
    for (fl_link *one = stacks->items; one; one = one->next) {
        stacks->count++;
        __builtin_prefetch(one->batch);
        fl_fetch_frames(fl_container(one, fl_stack, link)->sp);
    }
    return stacks->items;
}

/* A stack with a loop parked on it, of which fl_spare has made sure. */
static fl_stack *
take_spare(fl_worker *worker)
{
    static fl_depot none;
    fl_link *link = fl_cache_pop(&worker->stacks, &none);
    if (!link) {
        return NULL;
    }
    fl_stack *stack = fl_container(link, fl_stack, link);
    if (FL_TSAN || !stack->sp) {
        fl_stack_prepare(stack, begin_loop);
    }
    return stack;
}

static void
put_stack(void *stack)
{
    ((fl_stack *)stack)->sp = NULL;
    fl_stack_put(stack);
}

/*
 * Gives away the stack that the loop runs on, as the worker is about to switch
 * from it: into the cache if it is a pooled one, else once it was left. The
 * caller knows that; its descriptor would have to be fetched.
 */
static void
give_up_stack(fl_worker *worker, bool pooled)
{
    fl_stack *here = worker->stack;
    if (FL_TSAN || !pooled) {
        worker->after = put_stack;
        worker->after_arg = here;
        return;
    }
    fl_link *surplus = fl_cache_push(&worker->stacks, &here->link);
    if (surplus) {
        fl_stack_put_batch(surplus);
    }
}

/* From the loop to a parked context; returns when a loop is needed again. */
static fl_worker *
leave_loop(fl_worker *worker, void *to, fl_stack *stack, bool pooled)
{
    fl_stack *here = worker->stack;
    worker->let_go = &worker->none;
    give_up_stack(worker, pooled);
    return jump(worker, &here->sp, to, stack);
}

/* ---- work on a stack of its own ---- */

static fl_worker *
run_here(fl_worker *worker, fl_work *work)
{
    if (fl_work_is_job(work)) {
        return fl_run_job(worker, fl_work_job(work));
    }
    return fl_run_task(worker,
                       fl_container(fl_work_fiber(work), filch_task, fiber));
}

/* Where work with its own stack begins. */
static void
begin_own(void *value)
{
    fl_asan_arrive(NULL);
    fl_worker *worker = arrive(value);
    fl_work *work = worker->pending;
    worker->pending = NULL;
    worker = run_here(worker, work);
    if (fl_spare(worker)) {
        fl_stack *spare = take_spare(worker);
        worker = leave_loop(worker, spare->sp, spare, false);
    }
    run_loop(worker, false); /* for want of memory: on this stack */
}

/* The stack that work must start on; NULL: where the loop stands. */
static fl_stack *
own_stack(fl_worker *worker, fl_work *work)
{
    fl_stack *stack = NULL;
    if (!fl_work_is_job(work)) {
        stack = fl_work_fiber(work)->start.own;
    }
    /* Under the ThreadSanitizer all work has a stack that is as new: what
     * others did there before would look like races. */
    if (FL_TSAN && !stack) {
        fl_stack_get(worker->runtime->shift, &stack);
    }
    return stack;
}

static fl_worker *
start(fl_worker *worker, fl_work *work, bool pooled)
{
    fl_stack *stack = own_stack(worker, work);
    if (fl_likely(!stack)) {
        return run_here(worker, work);
    }
#if FL_TSAN
    worker->fresh = fl_tsan_create();
    fl_tsan_switch(worker->fresh); /* who first touches the stack */
#endif
    fl_stack_prepare(stack, begin_own);
    fl_tsan_be(&worker->loop);
    worker->pending = work;
    return leave_loop(worker, stack->sp, stack, pooled);
}

/* ---- the loop ---- */

/* Work that was decided on when the worker came here, or what it finds. */
static inline fl_work *
next_work(fl_worker *worker)
{
    fl_work *work = worker->pending;
    if (work) {
        worker->pending = NULL;
        return work;
    }
    fl_me_set(&worker->loop);
    work = fl_find(worker);
    return fl_likely(work) ? work : fl_idle(worker);
}

static _Noreturn void
run_loop(fl_worker *worker, bool pooled)
{
    for (;;) {
        fl_work *work = next_work(worker);
        if (fl_unlikely(!work)) {
            worker = leave_loop(worker, worker->native, &worker->native_stack,
                                pooled);
        } else if (!fl_work_is_job(work) && fl_work_fiber(work)->sp) {
            fl_fiber *fiber = fl_work_fiber(work);
            worker = leave_loop(worker, fiber->sp, stack_of(fiber), pooled);
        } else {
            worker = start(worker, work, pooled);
        }
    }
}

void *
fl_worker_main(void *arg)
{
    fl_worker *worker = arg;
    worker->errno_at = fl_os_errno();
    fl_tsan_shared(worker->errno_at, sizeof *worker->errno_at);
    fl_os_fault_stack(&worker->signal_stack);
    fl_tsan_release(&worker->signal_stack); /* to whoever overflows there */
    if (!worker->runtime->pin) {
        fl_os_thread_roam(&worker->runtime->allowed);
    }
#if FL_TSAN
    worker->loop.tsan = fl_tsan_current();
#endif
    size_t size;
    void *base;
    fl_os_thread_stack(&base, &size); /* to which it will switch back */
    worker->native_stack.base = base;
    worker->native_stack.units = (uint32_t)(size / FL_STACK_UNIT);
    worker->let_go = &worker->none;
    fl_me_set(&worker->loop);
    fl_party_begin();
    fl_stack *first = take_spare(worker);
    jump(worker, &worker->native, first->sp, first);
    fl_party_end();
    fl_me_set(NULL);
    fl_os_fault_stack_free(worker->signal_stack);
    return NULL;
}

/* ---- suspension ---- */

/* The next of the woken fibers; NULL if there is none, or if something else is
 * to be done first. */
static inline fl_fiber *
next_ready(fl_worker *worker)
{
    if (!fl_turn_is_free(worker) || fl_ready_empty(&worker->ready)) {
        return NULL;
    }
    return fl_take_ready(worker);
}

/* Parks the fiber, the worker going on with `next`, until it is resumed. What
 * is to be done once it is parked, the caller has told the worker. */
static inline void
park(fl_fiber *me, fl_worker *worker, fl_fiber *next)
{
    int error = *worker->errno_at;
    fl_assert(me->worker == worker);
    fl_assert(me->kind == FL_TASK || me->kind == FL_JOB);
#if FL_ASAN
    me->stack = worker->stack;
#endif
    fl_count(&worker->stats.switches);
    fl_tsan_be(&worker->loop);
    if (fl_likely(next && next->sp)) {
        worker = jump(worker, &me->sp, next->sp, stack_of(next));
    } else {
        worker->pending = fl_work_of(next);
        fl_stack *spare = take_spare(worker);
        worker = jump(worker, &me->sp, spare->sp, spare);
    }
    fl_assert(!fl_is_undecided(me));
    me->worker = worker;
    fl_me_set(me);
    fl_tsan_be(me);
    fl_tsan_acquire(me);
    *worker->errno_at = error;
}

void
fl_suspend(fl_fiber *me, void (*after)(void *arg), void *arg)
{
    fl_worker *worker = me->worker;
    worker->let_go = &worker->none;
    worker->after = after;
    worker->after_arg = arg;
    park(me, worker, next_ready(worker));
}

void
fl_suspend_guarded(fl_fiber *me, fl_atomic32 *guard)
{
    fl_worker *worker = me->worker;
    fl_tsan_release(
        guard); /* in the eyes of the sanitizer it is dropped here */
    worker->let_go = guard;
    park(me, worker, next_ready(worker));
}

void
fl_suspend_into(fl_fiber *me, fl_atomic32 *guard, fl_fiber *next)
{
    fl_worker *worker = me->worker;
    worker->let_go = guard;
    park(me, worker, next);
}

/* ---- yielding ---- */

static void
push_yielded(void *fiber)
{
    fl_make_ready(((fl_fiber *)fiber)->worker, fiber);
}

/*
 * What is in the deque comes before the fiber that yields, and then all that is
 * in the ring, with that fiber at its end. What a later fiber finds in the
 * deque as it yields is owed only after these: else tasks that each make
 * others, and yield, would keep the ring waiting for ever.
 */
static void
owe(fl_worker *worker)
{
    const fl_ready *ready = &worker->ready;
    uint64_t size = fl_deque_size(&worker->deque);
    if (size == 0) {
        return;
    }
    if (worker->owed == 0 && fl_is_served(ready, worker->owed_until)) {
        worker->owed = size;
        worker->owed_until = fl_load_relaxed(&ready->tail) + 1;
    } else {
        worker->owed |= FL_OWED_LATER;
    }
}

/* There are tasks that have not begun, or chores: the loop sees to them. */
static FL_NOINLINE void
yield_to_loop(fl_fiber *me, fl_worker *worker, fl_fiber *next)
{
    owe(worker);
    worker->let_go = &worker->none;
    worker->after = push_yielded;
    worker->after_arg = me;
    park(me, worker, next);
}

/* It changes places with the next one, and is not to be stolen until it is
 * parked: so the bias, which the caller has entered, is left by whoever runs
 * then. */
static inline void
change_places(fl_fiber *me, fl_worker *worker)
{
    fl_ready *ready = &worker->ready;
    fl_fiber *next;
    if (fl_unlikely(!fl_ready_swap(ready, me, &next))) {
        fl_bias_leave(&ready->bias);
        yield_to_loop(me, worker, next);
        return;
    }
    worker->let_go = &ready->bias.inside;
    park(me, worker, next);
}

/* With the bias: sees to it that who is taken next has a stack; false if nobody
 * has. */
static bool
has_parked(fl_ready *ready)
{
    const fl_fiber *next = fl_load_relaxed(&ready->next), *first;
    for (uint32_t n = fl_ready_size(ready); n > 0; n--) {
        first = fl_ready_peek(ready, 0);
        if (first->sp && (!next || next->sp)) {
            return true;
        }
        fl_ready_append(ready, fl_ready_first(ready));
    }
    return fl_ready_size(ready) == 0 && next && next->sp;
}

/* There is no stack for the loop to go on with; but who has one may run. (In a
 * deterministic run who goes on is for the policy to say.) */
static FL_NOINLINE bool
yield_to_parked(fl_fiber *me, fl_worker *worker)
{
    if (worker->runtime->seeded) {
        return false;
    }
    fl_ready *ready = &worker->ready;
    fl_bias_enter(&ready->bias);
    if (!has_parked(ready)) {
        fl_bias_leave(&ready->bias);
        return false;
    }
    fl_tsan_release(me);
    change_places(me, worker);
    return true;
}

bool
fl_yield(fl_fiber *me)
{
    fl_worker *worker = me->worker;
    fl_ready *ready = &worker->ready;
    if (fl_unlikely(!fl_spare(worker))) {
        return yield_to_parked(me, worker);
    }
    fl_tsan_release(me);
    if (fl_unlikely(!fl_turn_is_free(worker) || fl_deque_size(&worker->deque) ||
                    fl_inject_count(&worker->runtime->inject))) {
        yield_to_loop(me, worker, NULL);
        return true;
    }
    if (fl_ready_empty(ready)) {
        return false; /* nothing but the caller could run here */
    }
    fl_bias_enter(&ready->bias);
    fl_fetch_ahead(ready);
    change_places(me, worker);
    return true;
}

void
fl_give_way(fl_fiber *me, unsigned round)
{
    if (me->kind == FL_THREAD || !fl_yield(me)) {
        fl_os_back_off(round);
    }
}
