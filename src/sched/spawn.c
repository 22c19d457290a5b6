#include "os/chaos.h"
#include "sched/worker.h"

#include <errno.h>

/* The words that a free descriptor does not have right (see sched/task.h). A CPU
 * writes one store a cycle, hardly more: each counts. */
static inline __attribute__((always_inline)) void
set_up(filch_task *task, fl_worker *home, filch_fn fn, void *arg, bool owned)
{
    fl_fiber *fiber = &task->fiber;
    fl_tsan_acquire(&task->life); /* of the descriptor's former use */
    fl_assert(fiber->mine == FL_NO_JOBS && !fiber->start.own && !task->direct);
    if (fl_unlikely(fiber->worker != home)) {
        fiber->worker = home;
    }
    fiber->start.fn = fn;
    fiber->start.arg = arg;
    fl_store_relaxed(&task->life, (uint32_t)FL_REFERENCE * (owned ? 2u : 1u));
    uint32_t lives = fl_load_relaxed(&fiber->state) + FL_ONE_LIFE;
    fiber->sp = NULL; /* beside the state */
    fl_store_release(&fiber->state,
                     fl_load_relaxed(&home->loop.state) | (lives & FL_LIVES));
    fl_tsan_release(&fiber->sp);
}

static void
unmake(filch_task *task)
{
    fl_end_life(&task->fiber);
    fl_store_relaxed(&task->life, (uint32_t)FL_REFERENCE);
    fl_task_drop(task);
}

/* Of the descriptor's former task: else its own stack looks like a list in which
 * it waits, to filch_dump. */
static void
forget_wait(fl_fiber *fiber)
{
    fl_atomic32 *phase = &fiber->waiter.phase;
    _Static_assert(FL_RUNNING == 0, "the phase without its bits");
    fl_store_relaxed(phase, fl_load_relaxed(phase) & ~(uint32_t)FL_PHASE);
}

/* What options ask for; the task is not made if that cannot be had. */
static int
apply(filch_task *task, const filch_task_options *options)
{
    if (options->name) {
        int error = fl_name_set(&task->name, options->name);
        if (error) {
            return error;
        }
    }
    if (options->stack_size > FL_STACK_MAX) {
        return EINVAL;
    }
    unsigned shift = fl_stack_shift(options->stack_size);
    if (options->stack_size && shift > task->fiber.worker->runtime->shift) {
        forget_wait(&task->fiber);
        return fl_stack_get(shift, &task->fiber.start.own);
    }
    return 0;
}

int
fl_task_make(fl_worker *worker, fl_worker *home, filch_task **made, filch_fn fn,
             void *arg, const filch_task_options *options, bool owned)
{
    if (fl_unlikely(!fn)) {
        return EINVAL;
    }
    filch_task *task = fl_task_alloc(worker);
    if (fl_unlikely(!task)) {
        return ENOMEM;
    }
    set_up(task, home, fn, arg, owned);
    int error = options ? apply(task, options) : 0;
    if (error) {
        unmake(task);
        return error;
    }
    *made = task;
    return 0;
}

static FL_NOINLINE int
spawn(filch_task **handle, filch_fn fn, void *arg,
      const filch_task_options *options)
{
    fl_fiber *me = fl_me_at("filch_spawn");
    if (me->kind == FL_THREAD) {
        return EPERM;
    }
    fl_worker *worker = me->worker;
    filch_task *task;
    int error =
        fl_task_make(worker, worker, &task, fn, arg, options, handle != NULL);
    if (error) {
        return error;
    }
    if (handle) {
        *handle = task;
    }
    fl_count_release(&worker->stats.spawned);
    if (fl_deque_push(&worker->deque, fl_work_of(&task->fiber))) {
        fl_inject_push(&worker->runtime->inject, &task->fiber, &task->fiber, 1);
    }
    return 0;
}

int
filch_spawn_with(filch_task **handle, filch_fn fn, void *arg,
                 const filch_task_options *options)
{
    return spawn(handle, fn, arg, options);
}

/* The descriptor that was freed last, or another; there are some. */
static inline filch_task *
take_descriptor(fl_worker *worker)
{
    filch_task *freed = fl_take_freed(worker);
    return freed ? freed : (filch_task *)fl_cache_take(&worker->tasks);
}

/* Whether all is at hand that a spawn takes. */
static inline bool
is_at_hand(const fl_worker *worker)
{
    return fl_likely(worker != NULL) && fl_deque_has_room(&worker->deque) &&
           (worker->freed || fl_likely(worker->tasks.items));
}

/* It calls nothing, unless as its last act, so that it need not save
 * anything. */
int
filch_spawn(filch_task **handle, filch_fn fn, void *arg)
{
    fl_worker *worker = fl_worker_here();
    if (fl_unlikely(!fn) || !is_at_hand(worker)) {
        return spawn(handle, fn, arg, NULL);
    }
    filch_task *task = take_descriptor(worker);
    if (handle) {
        set_up(task, worker, fn, arg, true);
        *handle = task;
    } else {
        set_up(task, worker, fn, arg, false);
    }
    fl_count_release(&worker->stats.spawned);
    fl_deque_put(&worker->deque, fl_work_of(&task->fiber));
    return 0;
}

int
fl_submit(filch_runtime *runtime, filch_task **handle, filch_fn fn, void *arg,
          const filch_task_options *options)
{
    filch_task *task;
    if (fl_load_relaxed(&runtime->stopping)) {
        return ESHUTDOWN; /* not counted: who goes on trying delays no end */
    }
    fl_foreign_enter(runtime);
    int error = ESHUTDOWN;
    if (!fl_load_seq_cst(&runtime->stopping)) {
        fl_fiber *me = fl_me();
        fl_worker *worker = me->kind == FL_THREAD ? NULL : me->worker;
        error = fl_task_make(worker, runtime->workers, &task, fn, arg, options,
                             handle != NULL);
    }
    if (!error) {
        if (handle) {
            *handle = task;
        }
        fl_add_seq_cst(&runtime->submitted, (uint64_t)1);
        fl_chaos();
        fl_inject_push(&runtime->inject, &task->fiber, &task->fiber, 1);
        fl_chaos();
        fl_wake_watch(runtime);
    }
    fl_foreign_leave(runtime);
    return error;
}

int
filch_submit(filch_runtime *runtime, filch_task **task, filch_fn fn, void *arg)
{
    fl_point("filch_submit");
    if (!runtime) {
        return EINVAL;
    }
    return fl_os_forked() ? ENOTSUP : fl_submit(runtime, task, fn, arg, NULL);
}
