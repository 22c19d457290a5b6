/* What can go on in a deterministic run; see seeded.h. */
#include "sched/seeded.h"

#define JOBS_MOST 4u

/* The next in the worker's own queues, in the order in which it got there. */
static fl_work *
take_runnable(fl_worker *worker)
{
    fl_ready *ready = &worker->ready;
    fl_work *work = fl_deque_shift(&worker->deque);
    if (!work && !fl_ready_empty(ready)) {
        fl_bias_enter(&ready->bias);
        fl_fiber *fiber = fl_ready_next(ready);
        work = fl_work_of(fiber ? fiber : fl_ready_first(ready));
        fl_bias_leave(&ready->bias);
    }
    if (!work && fl_inject_count(&worker->runtime->inject)) {
        fl_fiber *fiber;
        if (fl_inject_pop(&worker->runtime->inject, &fiber, 1)) {
            work = fl_work_of(fiber);
        }
    }
    return work;
}

/* ---- numbers ---- */

uint32_t
fl_seeded_number(fl_fiber *fiber)
{
    if (fiber->kind == FL_JOB) {
        return fl_container(fiber, fl_job_fiber, fiber)->number;
    }
    return fl_container(fiber, filch_task, fiber)->number;
}

static uint32_t
next_number(fl_seeded *seeded)
{
    if (++seeded->numbers == 0) {
        fl_fatal(
            "a deterministic run has no numbers for more than 4,294,967,295 "
            "tasks and jobs");
    }
    return seeded->numbers;
}

/* A task's first time in the pool. */
static void
number_task(fl_seeded *seeded, filch_task *task)
{
    task->number = next_number(seeded);
    if (task->number == 1 && seeded->ends_with_main) {
        seeded->main = fl_task_hold(task);
    }
}

static uint32_t
number(fl_seeded *seeded, fl_work *work)
{
    if (fl_work_is_job(work)) {
        return next_number(seeded);
    }
    fl_fiber *fiber = fl_work_fiber(work);
    if (fiber->kind == FL_TASK && !fiber->sp) {
        number_task(seeded, fl_container(fiber, filch_task, fiber));
    }
    return fl_seeded_number(fiber);
}

/* ---- the pool ---- */

/* Puts a job where it may be begun. */
static void
offer_job(fl_seeded *seeded, size_t at)
{
    if (fl_pool_reserve(&seeded->pool)) {
        fl_pool_add(&seeded->pool, fl_pool_take(&seeded->jobs, at));
        seeded->jobs_out++;
    }
}

void
fl_seeded_offer_job(fl_seeded *seeded)
{
    if (seeded->jobs.count) {
        offer_job(seeded, seeded->jobs.begin);
    }
}

static void
offer_jobs(fl_seeded *seeded)
{
    while (seeded->jobs.count &&
           (seeded->jobs_out < JOBS_MOST || seeded->pool.count == 0)) {
        fl_seeded_offer_job(seeded);
    }
}

bool
fl_seeded_drain(fl_worker *worker)
{
    fl_seeded *seeded = worker->runtime->seeded;
    fl_work *work;
    bool any_yielded = false;
    while (fl_pool_reserve(&seeded->pool) && fl_pool_reserve(&seeded->jobs) &&
           (work = take_runnable(worker))) {
        bool yielded = !fl_work_is_job(work) && fl_work_fiber(work)->sp &&
                       fl_work_fiber(work) == seeded->ran &&
                       !seeded->interrupted;
        fl_entry entry = {work, number(seeded, work), yielded, seeded->gone};
        fl_pool_add(fl_work_is_job(work) ? &seeded->jobs : &seeded->pool,
                    entry);
        any_yielded |= yielded;
    }
    offer_jobs(seeded);
    return any_yielded;
}

bool
fl_seeded_take(fl_worker *worker, filch_job *job)
{
    fl_seeded *seeded = worker->runtime->seeded;
    size_t at = fl_pool_find_work(&seeded->jobs, fl_work_of_job(job));
    if (at != seeded->jobs.end) {
        fl_pool_take(&seeded->jobs, at);
        fl_pool_trim(&seeded->jobs);
        return true;
    }
    at = fl_pool_find_work(&seeded->pool, fl_work_of_job(job));
    if (at != seeded->pool.end) {
        fl_pool_take(&seeded->pool, at);
        seeded->jobs_out--;
        return true;
    }
    return false;
}

void
fl_seeded_await(fl_worker *worker, filch_job *job)
{
    fl_seeded *seeded = worker->runtime->seeded;
    size_t at = fl_pool_find_work(&seeded->jobs, fl_work_of_job(job));
    if (at != seeded->jobs.end) {
        offer_job(seeded, at);
    }
}
