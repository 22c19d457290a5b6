#include "fiber/reserve.h"
#include "sched/switch.h"

/* ---- loops on pooled stacks ---- */

static _Noreturn void run_loop(fl_worker *worker, bool pooled);

static void
begin_loop(void *value, void *let_go)
{
    fl_worker *worker = value;
    fl_asan_arrive(NULL);
    run_loop(fl_arrive(worker, let_go, worker->stack), true);
}

/* Has the CPU fetch what a task will use that begins there: the frame of the
 * loop that is parked on it, and below that the task's own. (A call of it the
 * compiler might drop, as one without effects.) */
static inline __attribute__((always_inline)) void
fetch_stack(const fl_stack *stack)
{
    const char *sp = stack->sp;
    for (int line = -4; sp && line < 2; line++) {
        __builtin_prefetch(sp + line * FL_CACHE_LINE);
    }
}

/* A batch of stacks that are used soon; how many those are. */
static fl_link *
get_batch(const fl_worker *worker, unsigned *n)
{
    fl_link *batch = fl_stack_get_batch(worker->runtime->shift);
    *n = 0;
    for (fl_link *one = batch; one; one = one->next) {
        ++*n;
        fl_fetch(one->batch);
        fetch_stack(fl_container(one, fl_stack, link));
    }
    return batch;
}

FL_NOINLINE bool
fl_spare_slowly(fl_worker *worker)
{
    fl_cache *stacks = &worker->stacks;
    if (stacks->full) {
        return fl_cache_refill(stacks, NULL);
    }
    stacks->items = get_batch(worker, &stacks->count);
    return stacks->items;
}

fl_stack *
fl_prepare_loop(fl_stack *stack)
{
    fl_stack_prepare(stack, begin_loop);
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
 * caller knows that: to look at its descriptor would be to wait for it, where
 * whoever ended there had slept for long. A write waits for nobody.
 */
static inline void
give_up_stack(fl_worker *worker, bool pooled)
{
    if (FL_TSAN || !pooled) {
        worker->after = put_stack;
        worker->after_arg = worker->stack;
        return;
    }
    fl_link *surplus = fl_cache_push(&worker->stacks, &worker->stack->link);
    if (surplus) {
        fl_stack_put_batch(surplus);
    }
}

/* From the loop to a parked context (see fl_jump); returns when a loop is needed
 * again. Inlined: the CPU expects a call to return to where it was made last,
 * which was on another stack. */
static inline __attribute__((always_inline)) fl_worker *
leave_loop(fl_worker *worker, void *to, void *value, fl_stack *stack,
           bool pooled)
{
    fl_stack *here = worker->stack;
    give_up_stack(worker, pooled);
    fl_handed handed = fl_jump(worker, &here->sp, to, value, stack, NULL);
    worker = fl_arrive(handed.value, handed.more, here);
    worker->stack = here;
    return worker;
}

/* ---- work on a stack of its own ---- */

/*
 * Two stacks are at hand when a task begins, if there are any, one for when it
 * waits, one for a task that it enters by joining it: so they are not got from the
 * system while who waits is in a guard, and keeps others from it.
 */
static FL_NOINLINE void
get_two(fl_worker *worker)
{
    fl_cache *stacks = &worker->stacks;
    unsigned n;
    if (fl_spare(worker) && !stacks->items->next && !stacks->full) {
        stacks->full = get_batch(worker, &n);
    }
}

static inline bool
has_two(const fl_cache *stacks)
{
    return fl_likely(stacks->items != NULL) &&
           (stacks->items->next || fl_likely(stacks->full != NULL));
}

/* On this stack. */
static fl_worker *
run_here(fl_worker *worker, fl_work *work)
{
    if (!has_two(&worker->stacks)) {
        get_two(worker);
    }
    if (fl_work_is_job(work)) {
        return fl_run_job(worker, fl_work_job(work));
    }
    return fl_run_task(worker,
                       fl_container(fl_work_fiber(work), filch_task, fiber));
}

/* Where work with its own stack begins. */
static void
begin_own(void *value, void *let_go)
{
    fl_worker *worker = value;
    fl_asan_arrive(NULL);
    worker = fl_arrive(worker, let_go, worker->stack);
    fl_work *work = worker->pending;
    worker->pending = NULL;
    worker = run_here(worker, work);
    if (fl_spare(worker)) {
        fl_stack *spare = fl_take_spare(worker);
        worker = leave_loop(worker, spare->sp, worker, spare, false);
    }
    run_loop(worker, false); /* for want of memory: on this stack */
}

/* The stack that work must start on; NULL: where the loop stands. */
static fl_stack *
own_stack(fl_worker *worker, fl_work *work)
{
    fl_stack *stack = NULL;
    if (!fl_work_is_job(work)) {
        fl_fiber *fiber = fl_work_fiber(work);
        stack = fiber->start.own;
        fiber->start.own = NULL; /* from now on it is a waiter, in no list */
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
    worker->fresh = fl_tsan_begin(worker);
    fl_tsan_switch(worker->fresh); /* who first touches the stack */
#endif
    fl_stack_prepare(stack, begin_own);
    fl_tsan_be(&worker->loop);
    worker->pending = work;
    return leave_loop(worker, stack->sp, worker, stack, pooled);
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
    fl_be(worker, &worker->loop);
    if (fl_unlikely(worker->theft.begins)) {
        fl_weigh_theft(worker);
    }
    work = fl_find(worker);
    return fl_likely(work) ? work : fl_idle(worker);
}

static _Noreturn void
run_loop(fl_worker *worker, bool pooled)
{
    for (;;) {
        fl_work *work = next_work(worker);
        if (fl_unlikely(!work)) {
            worker = leave_loop(worker, worker->native, worker,
                                &worker->native_stack, pooled);
        } else if (!fl_work_is_job(work) && fl_work_fiber(work)->sp) {
            fl_fiber *fiber = fl_work_fiber(work);
            worker = leave_loop(worker, fiber->sp, fl_handed_to(fiber, worker),
                                fl_parked_on(fiber), pooled);
        } else {
            worker = start(worker, work, pooled);
        }
    }
}

void *
fl_worker_main(void *arg)
{
    fl_worker *worker = arg;
    worker->me = &worker->loop;
    fl_here_begin(&worker->me, worker->runtime->seeded || fl_chaos_takes_long ||
                                   !fl_fence_asymmetric);
    worker->errno_at = fl_os_errno();
    fl_tsan_shared(worker->errno_at, sizeof *worker->errno_at);
    fl_os_fault_stack(&worker->signal_stack);
    fl_tsan_release(&worker->signal_stack); /* to whoever overflows there */
    if (!worker->runtime->pin) {
        fl_os_thread_roam(&worker->runtime->allowed);
    }
#if FL_TSAN
    worker->loop.tsan = fl_tsan_current();
    worker->unaware = fl_tsan_create();
#endif
    size_t size;
    void *base;
    fl_os_thread_stack(&base, &size); /* to which it will switch back */
    worker->native_stack.base = base;
    worker->native_stack.units = (uint32_t)(size / FL_STACK_UNIT);
    fl_party_begin();
    fl_stack *first = fl_take_spare(worker);
    fl_handed handed =
        fl_jump(worker, &worker->native, first->sp, worker, first, NULL);
    fl_arrive(worker, handed.more, &worker->native_stack);
#if FL_TSAN
    fl_tsan_destroy(worker->unaware);
#endif
    fl_party_end();
    fl_here_end();
    fl_os_fault_stack_free(worker->signal_stack);
    return NULL;
}
