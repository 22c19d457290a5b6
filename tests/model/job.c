/*
 * Fork and sync against a thief (sched/job.h): a task forks two jobs, of which one
 * may fork another, and syncs them, a thief takes what it can. Each job is run
 * once, its status and what it wrote are seen after the sync, and nobody touches
 * it then: it is freed.
 */
#include "world.h"

#include <filch/job.h>

#define MODEL_THREADS 3
#define JOBS 2

static int runs[JOBS], inner_runs;
static filch_job *jobs, *inner;
static bool nests;

static int
work(void *arg)
{
    int *times = arg;
    if (nests && times == &runs[0]) {
        filch_fork(inner, work, &inner_runs);
        model_assert(filch_sync(inner) == 11);
        model_kill(inner, sizeof *inner);
    }
    return ++*times + 10;
}

void
model_before(void)
{
    fl_fence_asymmetric = model_choose(2);
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        play_task(i);
        play_unseen(i);
        fl_worker *worker = &players[i].worker;
        model_assert(fl_deque_init(&worker->deque) == 0);
        worker->loop.kind = FL_LOOP;
        worker->loop.worker = worker;
    }
    callers[1] = &players[1].worker.loop;
    callers[2] = &players[2].worker.loop;
    for (int i = 0; i < JOBS; i++) {
        runs[i] = 0;
    }
    jobs = model_malloc(JOBS * sizeof *jobs);
    inner = model_malloc(sizeof *inner);
    inner_runs = 0;
    nests = model_choose(2);
}

static void
fork_and_sync(void)
{
    int n = 1 + (int)model_choose(JOBS);
    for (int i = 0; i < n; i++) {
        filch_fork(&jobs[i], work, &runs[i]);
    }
    while (n-- > 0) {
        model_assert(filch_sync(&jobs[n]) == 11);
        model_assert(runs[n] == 1);
        model_kill(&jobs[n], sizeof jobs[n]);
    }
}

static void
steal(unsigned thread)
{
    for (int i = 0; i < 2; i++) {
        void *stolen;
        if (fl_deque_steal(&players[0].worker.deque, &stolen, 1)) {
            fl_run_job(&players[thread].worker, fl_work_job(stolen));
        }
    }
}

void
model_thread(unsigned thread)
{
    if (thread == 0) {
        fork_and_sync();
    } else {
        steal(thread);
    }
}

void
model_after(void)
{
    model_assert(fl_deque_pop(&players[0].worker.deque) == NULL);
}
