/*
 * Helpers (sched/idle.c): of four workers one is busy, with three tasks in its
 * deque, which all end only when each of them has begun. So the one that
 * keeps watch, the one that it gives the watch to, and the one that it calls
 * to help must all come; each is called just once, perhaps while it is only
 * about to sleep, or is the watch that was relieved in its nap.
 *
 * Naps end here: so the watch sees what was pushed. One that is called, but
 * sleeps on, is not seen by anybody.
 */
#include "world.h"

#define MODEL_THREADS 4
#define TASKS 3

static filch_runtime runtime;
static fl_worker workers[MODEL_THREADS];
static struct fl_look looks[MODEL_THREADS];
static fl_timers heaps[MODEL_THREADS];
static fl_fiber fibers[TASKS];
static fl_atomic32 begun;
static unsigned times[TASKS], rounds;

static void
make_worker(unsigned i)
{
    fl_worker *worker = &workers[i];
    *worker = (fl_worker){.runtime = &runtime, .index = i};
    heaps[i] = (fl_timers){.earliest = (uint64_t)FILCH_NEVER,
                           .early = (uint64_t)FILCH_NEVER};
    looks[i] = (struct fl_look){0};
    worker->timers = &heaps[i];
    worker->loop.kind = FL_LOOP;
    worker->loop.worker = worker;
    worker->stack = (fl_stack *)(void *)worker; /* only named */
    model_assert(fl_deque_init(&worker->deque) == 0);
    callers[i] = &worker->loop;
}

void
model_before(void)
{
    model_only_deadline = 0;
    model_tick = FILCH_US(10);
    fl_fence_asymmetric = true;
    fences_fail = false;
    runtime = (filch_runtime){.count = MODEL_THREADS,
                              .workers = workers,
                              .looks = looks,
                              .tag = 1,
                              .awake_most = MODEL_THREADS};
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        make_worker(i);
    }
    for (int i = 0; i < TASKS; i++) {
        fibers[i] = (fl_fiber){.kind = FL_TASK, .worker = workers};
        times[i] = 0;
    }
    fl_store_relaxed(&begun, 0u);
    rounds = 1 + model_choose(2);
}

static void
await(uint32_t n)
{
    for (uint32_t seen; (seen = fl_load_acquire(&begun)) < n;) {
        fl_os_wait(&begun, seen, FILCH_NEVER);
    }
}

/* Until all of this round have begun. */
static void
run(unsigned i)
{
    uint32_t n = ++times[i]; /* nobody else runs it: it would be a race */
    model_assert(fibers[i].sp == &fibers[i]);
    fl_add_acq_rel(&begun, 1u);
    fl_os_wake(&begun, MODEL_THREADS);
    await(n * TASKS);
}

static void
work(fl_worker *worker)
{
    for (;;) {
        fl_work *next = fl_find(worker);
        next = next ? next : fl_idle(worker);
        if (!next) {
            break;
        }
        run((unsigned)(fl_work_fiber(next) - fibers));
    }
}

/* As often as not it waits until all but the watch sleep. */
static void
let_them_sleep(void)
{
    if (model_choose(2)) {
        while (model_sleepers() < MODEL_THREADS - 2) {
            model_yield();
        }
    }
}

static void
be_busy(fl_worker *worker)
{
    for (unsigned round = 1; round <= rounds; round++) {
        let_them_sleep();
        for (int i = 0; i < TASKS; i++) {
            fibers[i].sp = &fibers[i];
            model_assert(
                fl_deque_push(&worker->deque, fl_work_of(&fibers[i])) == 0);
        }
        await(round * TASKS);
    }
    fl_exchange_seq_cst(&runtime.quit, 1u);
    fl_wake_all(&runtime);
}

void
model_thread(unsigned thread)
{
    if (thread == 0) {
        be_busy(&workers[0]);
    } else {
        work(&workers[thread]);
    }
}

void
model_after(void)
{
    for (int i = 0; i < TASKS; i++) {
        model_assert(times[i] == rounds);
    }
}
