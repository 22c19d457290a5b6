/*
 * A plain thread wakes a task of a runtime that ends: the task is granted, and
 * then ends, and with it the run, whose memory is freed while the plain thread
 * may still be at waking. It counts itself in before, and E5 waits for that.
 *
 * The runtime's end is that of runtime.c; the worker's loop is idle.c's.
 */
#include "world.h"

#include <filch/event.h>

#define MODEL_THREADS 3

/* What is not shown here: stacks, faults, threads, the names of runtimes. */
#include "sched/runtime.c"

static filch_event event;
static filch_runtime *runtime;
static fl_fiber *sleeper; /* the task that waits */
static fl_timers *heaps;
static uint32_t worker_ended;

void
model_before(void)
{
    event = (filch_event)FILCH_EVENT_INIT;
    play_fences();
    play_guard(&event.guard_);
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        play_thread(i);
    }
    runtime = model_calloc(1, sizeof *runtime);
    fl_worker *worker = model_calloc(1, sizeof *worker);
    heaps = model_calloc(1, sizeof *heaps);
    heaps->earliest = heaps->early = (uint64_t)FILCH_NEVER;
    runtime->count = 1;
    runtime->workers = worker;
    runtime->looks = model_calloc(1, sizeof *runtime->looks);
    runtime->tag = 1;
    worker->runtime = runtime;
    worker->timers = heaps;
    worker->loop.kind = FL_LOOP;
    worker->loop.worker = worker;
    model_assert(fl_deque_init(&worker->deque) == 0);
    sleeper = play_task(1);
    sleeper->worker = worker;
    worker_ended = 0;
}

/* The worker: its task waits, then it is idle until the task goes on. */
int
fl_suspend_guarded(fl_fiber *me, fl_atomic32 *guard, void **handed)
{
    me->sp = me;
    fl_store_release(guard, 0u);
    fl_me_set(&me->worker->loop);
    fl_work *work = fl_find(me->worker);
    work = work ? work : fl_idle(me->worker);
    model_assert(work == fl_work_of(me));
    fl_me_set(me);
    me->sp = NULL;
    return fl_outcome_in(me, handed);
}

static void
work(void)
{
    fl_worker *worker = sleeper->worker;
    worker->stacks.items = (fl_link *)(void *)worker; /* not NULL is all */
    model_assert(filch_event_wait(&event) == 0);
    fl_store_release(&worker->stats.tasks, (uint64_t)1);
    fl_add_seq_cst(&runtime->ended, 1u);
    fl_os_wake(&runtime->ended, 1);
    fl_me_set(&worker->loop);
    model_assert(fl_idle(worker) == NULL);
    model_tell(&worker_ended);
    fl_os_wake(&worker_ended, 1);
}

void
fl_os_thread_join(pthread_t thread)
{
    (void)thread;
    while (fl_load_acquire(&worker_ended) == 0) {
        fl_os_wait(&worker_ended, 0, FILCH_NEVER);
    }
}

static void
end_run(void)
{
    fl_store_release(&runtime->submitted, (uint64_t)1);
    for (uint32_t seen;
         seen = fl_load_seq_cst(&runtime->ended), !all_ended(runtime);) {
        fl_os_wait(&runtime->ended, seen, FILCH_NEVER);
    }
    stop_workers(runtime, 1);
    runtime->workers[0].stacks.items = NULL;
    free_runtime(runtime, NULL);
}

void
model_thread(unsigned thread)
{
    switch (thread) {
    case 0:
        filch_event_set(&event);
        break;
    case 1:
        work();
        break;
    default:
        end_run();
    }
}

void
model_after(void)
{
}

/* ---- what runtime.c asks for beyond that ---- */

void
fl_os_fault_remove(void)
{
}

void
fl_task_flush(fl_worker *worker)
{
    (void)worker;
}
