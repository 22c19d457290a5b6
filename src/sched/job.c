#include "sched/job.h"

#include "os/chaos.h"
#include "sched/resume.h"
#include "sched/seeded.h"

#include <filch/job.h>

static inline void
set_up(fl_fiber *me, filch_job *job, filch_fn fn, void *arg)
{
    job->fn_ = fn;
    job->arg_ = arg;
    job->forker_ = me;
    job->previous_ = me->jobs;
    me->jobs = job;
    fl_store_relaxed(&job->state_, (uint32_t)FL_JOB_QUEUED);
    fl_tsan_release(job);
}

/* How a job that is in no deque stands in its forker's `jobs`. */
static inline filch_job *
kept(filch_job *job)
{
    return (filch_job *)((uintptr_t)job | 1);
}

/* Offers the job, or keeps it for who forked it. */
static FL_NOINLINE void
offer(fl_fiber *me, filch_job *job)
{
    if (me->kind < FL_TASK || me->barred ||
        fl_deque_push(&me->worker->deque, fl_work_of_job(job))) {
        me->jobs = kept(job);
    }
}

static FL_NOINLINE void
fork_slowly(filch_job *job, filch_fn fn, void *arg)
{
    fl_fiber *me = fl_me_at("filch_fork");
    set_up(me, job, fn, arg);
    offer(me, job);
}

/* It calls nothing, unless as its last act, so that it need not save
 * anything. */
void
filch_fork(filch_job *job, filch_fn fn, void *arg)
{
    fl_worker *worker = fl_worker_here();
    if (fl_unlikely(!worker)) {
        fork_slowly(job, fn, arg);
        return;
    }
    fl_fiber *me = worker->me;
    set_up(me, job, fn, arg);
    if (fl_unlikely(me->barred || !fl_deque_push_at_once(
                                      &worker->deque, fl_work_of_job(job)))) {
        offer(me, job);
    }
}

/* Calls the job on the forker's own stack, shielded as it would be stolen: what
 * it does to the shield is its own. */
static int
call(fl_fiber *me, filch_job *job)
{
    uint16_t shield = me->shield;
    me->shield = shield | FL_SHIELD_OF_JOB;
    int status = job->fn_(job->arg_);
    me->shield = shield;
    if (fl_unlikely(me->jobs != job->previous_)) {
        fl_fatal("a job ended with a forked job that it had not synced");
    }
    return status;
}

/* F2 and F3, once the forker is parked. */
static void
await(void *arg)
{
    filch_job *job = arg;
    fl_fiber *forker = job->forker_;
    fl_chaos();
    if (fl_exchange_acq_rel(&job->state_, (uint32_t)FL_JOB_AWAITED) ==
        FL_JOB_DONE) {
        fl_resume(forker);
    }
}

/* Changes the forker's phase, which nobody else does from these. */
static void
set_phase(fl_fiber *me, uint32_t phase)
{
    uint32_t before = fl_load_relaxed(&me->waiter.phase);
    fl_store_release(&me->waiter.phase, (before & ~(uint32_t)FL_PHASE) | phase);
}

/* F1, so that a dump can tell what the forker waits for. */
static void
park(fl_fiber *me, filch_job *job)
{
    if (me->worker->runtime->seeded) {
        fl_seeded_await(me->worker, job);
    }
    me->waiter.what = FL_JOB_END;
    me->waiter.object = job;
    fl_chaos();
    set_phase(me, FL_SYNCING);
    fl_suspend(me, await, job);
    set_phase(me, FL_RUNNING);
}

/* Whether nobody has begun the job in a seeded run, where it is in the pool,
 * and there is room for it on this stack. */
static bool
may_take_back(fl_fiber *me, filch_job *job)
{
    fl_worker *worker = me->worker;
    bool room = fl_stack_has_room(worker->stack) || !fl_spare(worker);
    return worker->runtime->seeded && room && fl_seeded_take(worker, job);
}

/* Waits on this stack, and so holds the worker up, until there is another. Only
 * what needs none is seen to, for whom the job may wait. */
static void
hold_up(fl_fiber *me, filch_job *job)
{
    unsigned round = 0;
    while (fl_load_acquire(&job->state_) != FL_JOB_DONE) {
        if (fl_spare(me->worker)) {
            park(me, job);
            return;
        }
        fl_tend(me);
        fl_os_back_off(round++);
    }
}

/* The job is another worker's, or too deep for this stack. */
static FL_NOINLINE int
wait_for(fl_fiber *me, filch_job *job)
{
    if (may_take_back(me, job)) {
        return call(me, job);
    }
    if (fl_load_acquire(&job->state_) != FL_JOB_DONE) { /* F1 */
        if (fl_unlikely(me->barred)) {
            fl_fatal("a job that another worker has was synced in a predicate "
                     "or a compare function, which may not wait");
        }
        if (fl_spare(me->worker)) {
            park(me, job);
        } else if (fl_deque_pop_if(&me->worker->deque, fl_work_of_job(job))) {
            return call(me, job); /* as deep as it is, for want of memory */
        } else {
            hold_up(me, job); /* likewise */
        }
    }
    fl_tsan_acquire(job);
    return job->status_;
}

/* The job is in no deque, unless it is not the caller's. */
static FL_NOINLINE int
sync_kept(fl_fiber *me, filch_job *job)
{
    if (me->jobs != kept(job)) {
        fl_fatal("a job was synced by who had not forked it last");
    }
    me->jobs = job->previous_;
    return call(me, job);
}

static inline bool
take_back(fl_worker *worker, filch_job *job, bool here)
{
    fl_work *work = fl_work_of_job(job);
    return here ? fl_deque_pop_if_here(&worker->deque, work)
                : fl_deque_pop_if(&worker->deque, work);
}

/* `here`, a constant: by fl_here. */
static inline int
sync_by(fl_fiber *me, fl_worker *worker, filch_job *job, bool here)
{
    if (fl_unlikely(me->jobs != job)) {
        return sync_kept(me, job);
    }
    me->jobs = job->previous_;
    if (fl_likely(fl_stack_has_room(worker->stack) &&
                  take_back(worker, job, here))) {
        return call(me, job);
    }
    return wait_for(me, job);
}

static FL_NOINLINE int
sync_slowly(filch_job *job)
{
    fl_fiber *me = fl_me_at_slowly("filch_sync");
    return sync_by(me, me->worker, job, false);
}

int
filch_sync(filch_job *job)
{
    fl_worker *worker = fl_worker_here();
    return fl_likely(worker != NULL) ? sync_by(worker->me, worker, job, true)
                                     : sync_slowly(job);
}
