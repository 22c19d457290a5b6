#include "sched/job.h"

#include "os/chaos.h"
#include "sched/resume.h"
#include "sched/seeded.h"

#include <filch/job.h>

static inline void
set_up(fl_fiber *me, filch_job *job, filch_fn fn, void *arg)
{
    uint64_t mine = me->mine + FL_ONE_JOB;
    job->fn_ = fn;
    job->arg_ = arg;
    job->forker_ = me;
    fl_store_relaxed(&job->state_, mine);
    me->mine = mine;
    fl_tsan_release(job);
}

/* Offers the job, or keeps it for who forked it. */
static FL_NOINLINE void
offer(fl_fiber *me, filch_job *job)
{
    if (fl_unlikely(me->forked > UINT32_MAX / 2)) {
        fl_fatal("134 million jobs were forked, and none was synced");
    }
    if (me->kind > FL_JOB || me->barred ||
        fl_deque_push(&me->worker->deque, fl_work_of_job(job))) {
        fl_store_relaxed(&job->state_, me->mine | FL_JOB_KEPT);
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
FL_SHORT void
filch_fork(filch_job *job, filch_fn fn, void *arg)
{
    fl_worker *worker = fl_worker_here();
    if (fl_unlikely(!worker)) {
        fork_slowly(job, fn, arg);
        return;
    }
    fl_fiber *me = worker->me;
    set_up(me, job, fn, arg);
    if (fl_unlikely(
            !fl_deque_push_at_once(&worker->deque, fl_work_of_job(job)))) {
        offer(me, job);
    }
}

/* A job that was called has returned: its forker is as it was before, and it is no
 * job any more: else a later one would look like it, to who syncs it again. */
static void
end_call(filch_job *job, uint64_t before)
{
    fl_fiber *forker = job->forker_;
    if (fl_unlikely(forker->forked != (uint32_t)before)) {
        fl_fatal("a job ended with a forked job that it had not synced");
    }
    forker->mine = before;
    fl_store_relaxed(&job->state_, (uint64_t)0);
}

/* Calls the job on the forker's own stack, shielded as it would be stolen: what
 * it does to the shield is its own. */
static FL_NOINLINE int
call(fl_fiber *me, filch_job *job)
{
    uint64_t before = me->mine;
    me->mine = before | FL_MINE_IN_JOB;
    int status = job->fn_(job->arg_);
    end_call(job, before);
    return status;
}

/* The same for the job that its forker's word has just been compared with. Its
 * own state says how that was: so there is one register to be saved, and in a
 * job's own jobs one word is stored. */
static inline int
call_at_once(fl_fiber *me, filch_job *job, uint64_t mine)
{
    uint64_t before = mine - FL_ONE_JOB;
    int status;
    if (fl_likely((int64_t)before < 0)) { /* FL_MINE_IN_JOB */
        me->mine = before;
        status = job->fn_(job->arg_);
        me = job->forker_;
        if (fl_likely(fl_is_relaxed(&job->state_, me->mine + FL_ONE_JOB))) {
            fl_store_relaxed(&job->state_, (uint64_t)0);
            return status;
        }
    } else {
        me->mine = before | FL_MINE_IN_JOB;
        status = job->fn_(job->arg_);
    }
    end_call(job, fl_load_relaxed(&job->state_) - FL_ONE_JOB);
    return status;
}

/* F2 and F3, once the forker is parked. */
static void
await(void *arg)
{
    filch_job *job = arg;
    fl_fiber *forker = job->forker_;
    fl_chaos();
    if (fl_add_acq_rel(&job->state_, (uint64_t)FL_JOB_AWAITED) & FL_JOB_DONE) {
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

/* Waits on this stack, where there is no other: who has one goes on meanwhile, as
 * the job may wait for that; where nobody has, the worker is held up. */
static void
hold_up(fl_fiber *me, filch_job *job)
{
    unsigned round = 0;
    while (!(fl_load_acquire(&job->state_) & FL_JOB_DONE)) {
        if (fl_spare(me->worker)) {
            park(me, job);
            return;
        }
        fl_give_way(me, round++);
    }
}

/* The job is another worker's, or too deep for this stack. */
static FL_NOINLINE int
wait_for(fl_fiber *me, filch_job *job)
{
    if (may_take_back(me, job)) {
        return call(me, job);
    }
    if (!(fl_load_acquire(&job->state_) & FL_JOB_DONE)) { /* F1 */
        if (fl_unlikely(me->barred)) {
            fl_fatal("a job that another worker has was synced in a predicate "
                     "or a compare function, which may not wait");
        }
        if (fl_spare(me->worker)) {
            park(me, job);
        } else if (fl_deque_remove(&me->worker->deque, fl_work_of_job(job))) {
            return call(me, job); /* as deep as it is, for want of memory */
        } else {
            hold_up(me, job); /* likewise */
        }
    }
    fl_tsan_acquire(job);
    fl_store_relaxed(&job->state_, (uint64_t)0); /* as in end_call */
    return job->status_;
}

/* A thief is at the job, or was: see fl_deque_pop_if_here. */
static FL_NOINLINE int
sync_contested(fl_fiber *me, filch_job *job)
{
    me->forked -= FL_ONE_JOB;
    return fl_deque_pop_contested(&me->worker->deque) ? call(me, job)
                                                      : wait_for(me, job);
}

/* All else. */
static FL_NOINLINE int
sync_slowly(filch_job *job)
{
    fl_fiber *me = fl_me_at("filch_sync");
    uint64_t state = fl_load_relaxed(&job->state_);
    uint32_t how = FL_JOB_DONE | FL_JOB_AWAITED | FL_JOB_KEPT;
    if (job->forker_ != me || (((uint32_t)state ^ me->forked) & ~how)) {
        fl_fatal("a job was synced by who had not forked it last");
    }
    me->forked -= FL_ONE_JOB;
    if (state & FL_JOB_KEPT) {
        return call(me, job);
    }
    fl_worker *worker = me->worker;
    bool taken = fl_stack_has_room(worker->stack) &&
                 fl_deque_pop_if(&worker->deque, fl_work_of_job(job));
    return taken ? call(me, job) : wait_for(me, job);
}

/* Until the job it calls nothing, unless as its last act, so that there is
 * little to be saved. */
FL_SHORT int
filch_sync(filch_job *job)
{
    fl_worker *worker = fl_worker_here();
    if (fl_unlikely(!worker)) {
        return sync_slowly(job);
    }
    fl_fiber *me = worker->me;
    uint64_t mine = me->mine;
    if (fl_unlikely(!fl_is_relaxed(&job->state_, mine)) ||
        fl_unlikely(!fl_stack_has_room(worker->stack))) {
        return sync_slowly(job);
    }
    fl_popped popped =
        fl_deque_pop_if_here(&worker->deque, fl_work_of_job(job));
    if (fl_likely(popped == FL_POPPED)) {
        return call_at_once(me, job, mine);
    }
    return popped == FL_POP_CONTESTED ? sync_contested(me, job)
                                      : sync_slowly(job);
}
