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

/* Who entered the task by joining it, if it is the caller's to resume; `life`
 * is that before FL_DONE. See sync/join.c. */
static inline fl_fiber *
settle(filch_task *task, fl_fiber *direct, uint32_t life, bool here)
{
    if (life & FL_LEFT) {
        return NULL;
    }
    fl_chaos_in(here);
    if (fl_likely(fl_grant_to(direct, here))) {
        fl_tsan_release(direct);
        return direct;
    }
    fl_chaos();
    fl_add_acq_rel(&task->life, (uint32_t)FL_SETTLED);
    return NULL;
}

/* E1: whether nobody but the caller changes the word `life` any more. Only who
 * entered the task has a handle, and whoever cancels that one from now on sees
 * that the task lives no more. */
static inline bool
is_alone(const fl_fiber *direct, uint32_t life, bool here)
{
    if (!direct || life != 2 * FL_REFERENCE) {
        return false;
    }
    fl_fence_lighter(here); /* E0 */
    fl_chaos_short();
    return !fl_has_relaxed(&direct->state, FL_CANCEL);
}

/* E1 by a compare-and-swap, else E2 and E3, by the loop. */
static fl_fiber *
finish_slowly(fl_worker *worker, filch_task *task, fl_fiber *direct,
              uint32_t life)
{
    fl_be(worker, &worker->loop);
    while (life >= 2 * FL_REFERENCE && !(life & FL_JOINED)) {
        if (fl_cas_acq_rel(&task->life, &life, life + FL_DONE - FL_REFERENCE)) {
            return direct ? settle(task, direct, life, false) : NULL;
        }
    }
    if (life & FL_JOINED) {
        fl_chaos();
        fl_task_on_end(task);
    }
    if (direct) {
        direct = settle(task, direct, fl_load_acquire(&task->life), false);
    }
    fl_task_drop(task);
    return direct;
}

/* The status is published, the joiners woken, the runtime's reference gone;
 * who is to go on at once. `here`, a constant: the worker is found by fl_here. */
static inline __attribute__((always_inline)) fl_fiber *
finish(fl_worker *worker, filch_task *task, fl_fiber *direct, bool here)
{
    uint32_t life = fl_load_acquire(&task->life);
    if (fl_likely(is_alone(direct, life, here))) {
        fl_chaos_in(here);
        fl_store_release(&task->life, (uint32_t)(FL_REFERENCE + FL_DONE));
        return settle(task, direct, life, here);
    }
    return finish_slowly(worker, task, direct, life);
}

/* Where a task has ended: the worker, and who goes on there, or NULL. */
struct outcome {
    fl_worker *worker;
    fl_fiber *next;
};

/* `direct`: who has entered it, or NULL. */
static inline __attribute__((always_inline)) struct outcome
run(fl_worker *worker, filch_task *task, fl_fiber *direct)
{
    fl_fiber *fiber = &task->fiber;
    if (fl_unlikely(fl_load_relaxed(&worker->runtime->stopping))) {
        fl_cancel_ahead(fiber);
    }
    begin(worker, fiber);
    fl_tsan_acquire(&fiber->sp);
    int status = fiber->start.fn(fiber->start.arg);

    worker = fiber->worker;
    void *tsan = NULL;
#if FL_TSAN
    tsan = fiber->tsan;
#endif
    if (fl_unlikely(fiber->mine != FL_NO_JOBS)) {
        forget_shield(fiber);
    }
    bool here = check_forked(fiber);
    fl_end_life(fiber);
    fl_tsan_release(&task->life);
    /* before a joiner may go on, who might look at the counts */
    fl_count_release(&worker->stats.tasks);
    task->status = status; /* beside the word that finish stores */
    fl_fiber *next = here ? finish(worker, task, direct, true)
                          : finish(worker, task, direct, false);
    end(worker, tsan);
    if (fl_unlikely(fl_load_relaxed(&worker->runtime->stopping))) {
        fl_add_seq_cst(&worker->runtime->ended, 1u);
        fl_os_wake(&worker->runtime->ended, 1);
    }
    return (struct outcome){worker, next};
}

fl_worker *
fl_run_task(fl_worker *worker, filch_task *task)
{
    fl_fiber *direct = task->direct;
    if (fl_unlikely(direct != NULL)) {
        task->direct = NULL;
    }
    struct outcome ended = run(worker, task, direct);
    ended.worker->pending = fl_work_of(ended.next);
    return ended.worker;
}

#ifdef FL_CALLS_ENTERED
fl_onward
fl_run_entered(void *worker, void *task, void *guard)
{
    fl_fiber *direct = ((fl_worker *)worker)->me;
    fl_asan_arrive(NULL);
    fl_assert(direct->waiter.traits == FL_ENTERED);
    fl_store_release((fl_atomic32 *)guard, 0u); /* D4 */
    struct outcome ended = run(worker, task, direct);
    fl_stack *here = ended.worker->stack; /* there the loop is parked */
    void *to = here->sp, *value = ended.worker;
    if (fl_likely(ended.next != NULL)) {
        fl_give_spare(ended.worker);
        value = fl_handed_to(ended.next, ended.worker);
        to = NULL; /* which is who has called */
    }
    if (FL_ASAN) {
        const fl_stack *onto = to ? here : fl_parked_on(ended.next);
        fl_asan_depart(onto->base, fl_stack_size(onto), true);
    }
    return (fl_onward){value, to};
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
