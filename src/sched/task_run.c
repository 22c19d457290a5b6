/*
 * A task's beginning and end, and another's job.
 *
 * LAST TOUCH  Once the runtime's reference to a task is dropped, or a job's end
 *           published, it may be gone.
 */
#include "os/chaos.h"
#include "sched/enter.h"
#include "sched/job.h"
#include "sched/resume.h"
#include "sched/seeded.h"

/* The fiber begins to run on that worker, in the sanitizer's eyes too. */
static void
begin(fl_worker *worker, fl_fiber *fiber)
{
    fl_assert(!fl_is_undecided(fiber));
    if (fl_unlikely(fiber->worker != worker)) {
        fiber->worker = worker;
    }
    fl_be(worker, fiber);
#if FL_TSAN
    fiber->tsan = worker->fresh ? worker->fresh : fl_tsan_begin(worker);
    worker->fresh = NULL;
    fl_tsan_be(fiber);
#endif
}

/* It has returned, on that worker. */
static void
end(fl_worker *worker, void *tsan)
{
    fl_tsan_release(worker->runtime); /* to who frees it, and its workers */
    fl_tsan_be(&worker->loop);
    fl_tsan_destroy(tsan);
}

/* Ends the program where the caller has left a job behind. */
static void
check_synced(const fl_fiber *fiber)
{
    if (fl_unlikely(fiber->forked != FL_NO_JOBS)) {
        fl_fatal("a task ended with a forked job that it had not synced");
    }
}

/* A task may end shielded: its descriptor is not kept so. */
static FL_NOINLINE void
forget_shield(fl_fiber *fiber)
{
    check_synced(fiber);
    fiber->mine = FL_NO_JOBS;
}

/* In a forked child the caller is a plain thread; there is nothing to go on
 * to. Whether fl_here finds the caller. */
static inline bool
check_forked(const fl_fiber *fiber)
{
    fl_fiber **here = fl_here();
    const fl_fiber *me = fl_likely(here) ? *here : fl_me_slowly();
    if (fl_unlikely(me != fiber)) {
        fl_fatal("a forked child returned from its task: it may only call "
                 "exec or _exit");
    }
    return here;
}

/* E4, the wait of who entered the task having been decided by the caller, or not. */
static inline fl_fiber *
settle_as(filch_task *task, fl_fiber *direct, bool granted)
{
    if (fl_likely(granted)) {
        fl_tsan_release(direct);
        return direct;
    }
    fl_chaos();
    fl_add_acq_rel(&task->life, (uint32_t)FL_SETTLED);
    return NULL;
}

/* Who entered the task by joining it, if it is the caller's to resume; `life`
 * is that before FL_DONE. See sync/join.c. */
static fl_fiber *
settle(filch_task *task, fl_fiber *direct, uint32_t life)
{
    if (life & FL_LEFT) {
        return NULL;
    }
    fl_chaos();
    return settle_as(task, direct, fl_grant_to(direct, false));
}

/* E1: whether nobody but the caller changes the word `life` any more. Only who
 * entered the task has a handle, and whoever cancels that one from now on sees
 * that the task lives no more. Who was cancelled before may have left, and ended,
 * so that nothing is to be seen of it but FL_LEFT: that is looked at last. */
static inline bool
is_alone(const filch_task *task, const fl_fiber *direct, bool here)
{
    if (!direct) {
        return false;
    }
    fl_fence_lighter(here); /* E0 */
    fl_chaos_short();
    if (fl_has_acquire(&direct->state, FL_CANCEL)) {
        return false;
    }
    fl_chaos_short();
    return fl_is_acquire(&task->life, 2 * FL_REFERENCE);
}

/* E1 and E4 where is_alone says so, since nobody else then decides that wait; false:
 * a cancel has come, and fl_let is to say who was faster. */
static inline bool
finish_alone(filch_task *task, fl_fiber *direct, bool here)
{
    fl_chaos_in(here);
    fl_store_release(&task->life, (uint32_t)(FL_REFERENCE + FL_DONE));
    fl_chaos_in(here);
    uint32_t phase = fl_load_relaxed(&direct->waiter.phase);
    return fl_likely(fl_grant_plainly(direct, phase, here));
}

/* E1 by a compare-and-swap, else E2 and E3, by the loop. */
static fl_fiber *
finish_slowly(fl_worker *worker, filch_task *task, fl_fiber *direct)
{
    uint32_t life = fl_load_acquire(&task->life);
    fl_be(worker, &worker->loop);
    while (life >= 2 * FL_REFERENCE && !(life & FL_JOINED)) {
        if (fl_cas_acq_rel(&task->life, &life, life + FL_DONE - FL_REFERENCE)) {
            return direct ? settle(task, direct, life) : NULL;
        }
    }
    if (life & FL_JOINED) {
        fl_chaos();
        fl_task_on_end(task);
    }
    if (direct) {
        direct = settle(task, direct, fl_load_acquire(&task->life));
    }
    fl_task_drop(task);
    return direct;
}

/* The status is published, the joiners woken, the runtime's reference gone;
 * who is to go on at once. `here`, a constant: the worker is found by fl_here. */
static inline __attribute__((always_inline)) fl_fiber *
finish(fl_worker *worker, filch_task *task, fl_fiber *direct, bool here)
{
    if (fl_likely(is_alone(task, direct, here))) {
        return settle_as(task, direct,
                         finish_alone(task, direct, here) || fl_let(direct));
    }
    /* E3 alone: nobody has a handle, so nobody joins, or can come to */
    if (!direct && fl_is_relaxed(&task->life, (uint32_t)FL_REFERENCE)) {
        fl_be(worker, &worker->loop);
        fl_task_drop_on(worker, task);
        return NULL;
    }
    return finish_slowly(worker, task, direct);
}

/* Where a task has ended: the worker, and who goes on there, or NULL. */
struct outcome {
    fl_worker *worker;
    fl_fiber *next;
};

static inline bool
is_stopping(const fl_worker *worker)
{
    return fl_unlikely(fl_load_relaxed(&worker->runtime->stopping));
}

/* It lives no more. */
static inline void
retire(fl_worker *worker, filch_task *task, int status)
{
    fl_end_life(&task->fiber);
    fl_tsan_release(&task->life);
    /* before a joiner may go on, who might look at the counts */
    fl_count_release(&worker->stats.tasks);
    task->status = status; /* beside the word that is stored next */
}

/* Its status. (The worker is not needed once something is called.) */
static inline __attribute__((always_inline)) int
call(fl_worker *worker, fl_fiber *fiber)
{
    begin(worker, fiber);
    fl_tsan_acquire(&fiber->sp);
    if (is_stopping(worker)) {
        fl_cancel_ahead(fiber);
    }
    return fiber->start.fn(fiber->start.arg);
}

/* Tells who stops the runtime. */
static inline void
tell_end(fl_worker *worker)
{
    if (is_stopping(worker)) {
        fl_add_seq_cst(&worker->runtime->ended, 1u);
        fl_os_wake(&worker->runtime->ended, 1);
    }
}

/* All that is to be done at its end. `direct`: who has entered it, or NULL. */
static inline __attribute__((always_inline)) struct outcome
end_task(filch_task *task, fl_fiber *direct, int status)
{
    fl_fiber *fiber = &task->fiber;
    fl_worker *worker = fiber->worker;
    void *tsan = NULL;
#if FL_TSAN
    tsan = fiber->tsan;
#endif
    if (fl_unlikely(fiber->mine != FL_NO_JOBS)) {
        forget_shield(fiber);
    }
    bool here = check_forked(fiber);
    retire(worker, task, status);
    fl_fiber *next = here ? finish(worker, task, direct, true)
                          : finish(worker, task, direct, false);
    end(worker, tsan);
    tell_end(worker);
    return (struct outcome){worker, next};
}

fl_worker *
fl_run_task(fl_worker *worker, filch_task *task)
{
    fl_fiber *direct = task->direct;
    if (fl_unlikely(direct != NULL)) {
        task->direct = NULL;
    }
    int status = call(worker, &task->fiber);
    struct outcome ended = end_task(task, direct, status);
    ended.worker->pending = fl_work_of(ended.next);
    return ended.worker;
}

void
fl_await_entered(void *joiner)
{
    fl_fiber *direct = joiner;
    uint32_t phase = fl_next_phase(direct, FL_WAITING);
    if (fl_begin_plainly(direct, phase, false) ||
        fl_wait_anyway(direct, phase)) {
        return; /* D3 */
    }
    filch_task *task = (filch_task *)(uintptr_t)direct->waiter.object;
    task->direct = NULL;
    fl_resume(direct);
}

#ifdef FL_CALLS_ENTERED
static void
leave_for(const fl_stack *stack)
{
    if (FL_ASAN) {
        fl_asan_depart(stack->base, fl_stack_size(stack), true);
    }
}

/* Back to who has entered the task. */
static inline fl_onward
go_back(fl_worker *worker, fl_fiber *direct)
{
    leave_for(fl_parked_on(direct));
    return (fl_onward){fl_handed_to(direct, worker), NULL};
}

/* `next` is who has entered it, or NULL: the loop that is parked here goes on. */
static FL_NOINLINE fl_onward
go_on(fl_worker *worker, fl_fiber *next)
{
    if (fl_unlikely(!next)) {
        leave_for(worker->stack);
        return (fl_onward){worker, worker->stack->sp};
    }
    fl_give_spare(worker);
    return go_back(worker, next);
}

/* What end_entered leaves to these: they are called as its last acts. */
static FL_NOINLINE fl_onward
end_slowly(filch_task *task, fl_fiber *direct, int status)
{
    struct outcome ended = end_task(task, direct, status);
    return go_on(ended.worker, ended.next);
}

static FL_NOINLINE fl_onward
end_shared(fl_worker *worker, filch_task *task, fl_fiber *direct)
{
    fl_fiber *next = finish_slowly(worker, task, direct);
    tell_end(worker);
    return go_on(worker, next);
}

static FL_NOINLINE fl_onward
end_disputed(fl_worker *worker, filch_task *task, fl_fiber *direct)
{
    fl_be(worker, &worker->loop);
    fl_fiber *next = settle_as(task, direct, fl_let(direct));
    tell_end(worker);
    return go_on(worker, next);
}

static FL_NOINLINE fl_onward
end_told(fl_worker *worker, fl_fiber *direct)
{
    tell_end(worker);
    return go_on(worker, direct);
}

/* end_task, with what finish does, and back: it calls nothing, unless as its last
 * act, so that what runs a task need not save registers for that. */
static inline __attribute__((always_inline)) fl_onward
end_entered(filch_task *task, fl_fiber *direct, int status)
{
    fl_fiber *fiber = &task->fiber, **here = fl_here();
    if (fl_unlikely(!here) || fl_unlikely(*here != fiber) ||
        fl_unlikely(fiber->mine != FL_NO_JOBS)) {
        return end_slowly(task, direct, status);
    }
    fl_worker *worker = fl_container(here, fl_worker, me);
    fl_assume(direct);
    retire(worker, task, status);
    if (fl_unlikely(!is_alone(task, direct, true))) {
        return end_shared(worker, task, direct);
    }
    if (fl_unlikely(!finish_alone(task, direct, true))) {
        return end_disputed(worker, task, direct);
    }
    if (is_stopping(worker)) {
        return end_told(worker, direct);
    }
    return fl_give_spare_back(worker) ? go_back(worker, direct)
                                      : go_on(worker, direct);
}

/* The joiner was cancelled as it began to wait. */
static FL_NOINLINE fl_onward
run_disputed(fl_worker *worker, filch_task *task, fl_fiber *direct,
             uint32_t phase)
{
    fl_chaos();
    if (!fl_wait_anyway(direct, phase)) {
        fl_resume(direct);
        direct = NULL;
    }
    int status = call(worker, &task->fiber);
    return end_slowly(task, direct, status);
}

fl_onward
fl_run_entered(void *on, void *task, void *stack)
{
    fl_worker *worker = on;
    fl_fiber *direct = worker->me;
    fl_asan_arrive(NULL);
    fl_assert(direct->waiter.traits == FL_ENTERED);
    worker->stack = stack;
    uint32_t phase = fl_next_phase(direct, FL_WAITING);
    if (fl_unlikely(!fl_begin_plainly(direct, phase, false))) { /* D3 */
        return run_disputed(worker, task, direct, phase);
    }
    int status = call(worker, task);
    fl_anew(direct);
    return end_entered(task, direct, status);
}
#endif

fl_worker *
fl_run_job(fl_worker *worker, filch_job *job)
{
    fl_fiber *forker = job->forker_;
    fl_job_fiber me = {.fiber = {.kind = FL_JOB,
                                 .shield = FL_SHIELD_OF_JOB,
                                 .forked = FL_NO_JOBS,
                                 .state = worker->loop.state},
                       .task = fl_task_of(forker),
                       .number = fl_number_running(worker->runtime)};
    begin(worker, &me.fiber);
    fl_tsan_acquire(job);
    job->status_ = job->fn_(job->arg_);

    worker = me.fiber.worker;
    void *tsan = NULL;
#if FL_TSAN
    tsan = me.fiber.tsan;
#endif
    check_synced(&me.fiber);
    check_forked(&me.fiber);
    fl_be(worker, &worker->loop);
    fl_count(&worker->stats.jobs);
    if (worker->runtime->seeded) {
        worker->runtime->seeded->jobs_out--;
    }
    fl_tsan_release(job);
    fl_chaos();
    if (fl_add_acq_rel(&job->state_, (uint64_t)FL_JOB_DONE) & FL_JOB_AWAITED) {
        fl_chaos();
        fl_resume(forker); /* whose frame the job lies in */
    }
    end(worker, tsan);
    return worker;
}
