/*
 * The end of a run against submissions and a callback: a stranger submits two
 * tasks, the first of which spawns another, and that a third, while the run is
 * stopped; one worker runs them, and a callback, if its time comes, which spawns
 * one more. What was accepted has run, and what was spawned, before the worker
 * is told to quit (the worker itself would run them all the same); what was not
 * accepted has not.
 *
 * The end is that of runtime.c; the worker's loop is idle.c's.
 */
#include "world.h"

#include <errno.h>
#include <string.h>

#define MODEL_THREADS 3
#define TASKS 5
#define DEADLINE FILCH_US(100)

/* What is not shown here: stacks, faults, threads, the names of runtimes. */
#include "sched/runtime.c"
#include "sched/task.c"

static filch_runtime runtime;
static fl_worker worker;
static fl_timers heap;
static filch_timer timer;
static struct fl_look look;
static filch_task memory[TASKS];
static unsigned ran[TASKS];
static bool accepted[TASKS];
static unsigned ran_in_time, run_so_far; /* the checker does not see these */
static uint32_t worker_ended;

void
model_before(void)
{
    play_fences();
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        play_thread(i);
    }
    model_tick = FILCH_US(10);
    heap = (fl_timers){.earliest = (uint64_t)FILCH_NEVER,
                       .early = (uint64_t)FILCH_NEVER};
    timer = (filch_timer){0};
    look = (struct fl_look){0};
    runtime = (filch_runtime){
        .count = 1, .workers = &worker, .looks = &look, .tag = 1};
    worker = (fl_worker){.runtime = &runtime, .timers = &heap};
    worker.loop.kind = FL_LOOP;
    worker.loop.worker = &worker;
    worker.stack = (fl_stack *)(void *)&worker; /* only named */
    fl_store_relaxed(&worker.loop.state, 1u << FL_TAG_SHIFT);
    model_assert(fl_deque_init(&worker.deque) == 0);
    callers[1] = &worker.loop;
    depot = (fl_depot){0};
    memset(memory, 0, sizeof memory);
    for (unsigned i = 0; i < TASKS; i++) {
        memory[i].fiber.kind = FL_TASK;
        memory[i].fiber.mine = FL_NO_JOBS;
        fl_depot_give_one(&depot, &memory[i].fiber.free);
        ran[i] = 0;
        accepted[i] = false;
    }
    ran_in_time = run_so_far = 0;
    worker_ended = 0;
}

/* ---- thread 0: who submits, and the tasks ---- */

/* How it really is, in no order that anybody could rely on. */
static FL_NOINLINE __attribute__((no_sanitize("thread"))) void
note_run(void)
{
    run_so_far++;
}

static FL_NOINLINE __attribute__((no_sanitize("thread"))) void
note_end(void)
{
    ran_in_time = run_so_far;
}

static int
just_run(void *arg)
{
    ++*(unsigned *)arg; /* it runs once: or it would be a race */
    note_run();
    return 0;
}

/* Then so does the other, if there is one more. */
static int
spawn_another(void *arg)
{
    unsigned next = arg == &ran[0] ? 2 : 3;
    model_assert(filch_spawn(NULL, next == 2 ? spawn_another : just_run,
                             &ran[next]) == 0);
    accepted[next] = true;
    return just_run(arg);
}

static void
go_off(void *arg)
{
    (void)arg;
    model_assert(filch_spawn(NULL, just_run, &ran[4]) == 0);
    accepted[4] = true;
}

static void
submit_some(void)
{
    for (unsigned i = 0; i < 2; i++) {
        int error = fl_submit(&runtime, NULL, i == 0 ? spawn_another : just_run,
                              &ran[i], NULL);
        accepted[i] = !error;
        model_assert(!error || error == ESHUTDOWN);
    }
}

/* ---- thread 1: the worker ---- */

static void
work_to_the_end(void)
{
    fl_work *work;
    model_assert(fl_timer_arm(&worker, &timer, DEADLINE, FL_TIMER_CALLBACK,
                              go_off, NULL) == 0);
    while ((work = fl_find(&worker)) || (work = fl_idle(&worker))) {
        fl_fiber *fiber = (fl_fiber *)(void *)work;
        fl_run_task(&worker, fl_container(fiber, filch_task, fiber));
    }
    model_tell(&worker_ended);
    fl_os_wake(&worker_ended, 1);
}

/* ---- thread 2: who ends the run ---- */

void
fl_os_thread_join(pthread_t thread)
{
    (void)thread;
    while (fl_load_acquire(&worker_ended) == 0) {
        fl_os_wait(&worker_ended, 0, FILCH_NEVER);
    }
}

void
model_thread(unsigned thread)
{
    switch (thread) {
    case 0:
        submit_some();
        break;
    case 1:
        work_to_the_end();
        break;
    default:
        end_tasks(&runtime);
        note_end();
        stop_workers(&runtime, 1);
    }
}

void
model_after(void)
{
    unsigned all = 0;
    for (unsigned i = 0; i < TASKS; i++) {
        model_assert(ran[i] == accepted[i]);
        all += ran[i];
    }
    model_assert(ran_in_time == all);
}

/* ---- what these files ask for beyond that ---- */

void
fl_os_fault_remove(void)
{
}

int
fl_os_map(void **memory, size_t size)
{
    (void)memory;
    (void)size;
    model_fail("more tasks were asked for than there are");
}

void
fl_os_populate(const fl_os_range *ranges, unsigned n)
{
    (void)ranges;
    (void)n;
}

unsigned
fl_stack_shift(size_t size)
{
    (void)size;
    return 0;
}

int
fl_stack_get(unsigned shift, fl_stack **stack)
{
    (void)shift;
    (void)stack;
    model_fail("a stack was asked for");
}

const char *
fl_name_text(const fl_atomic32 *name)
{
    (void)name;
    return NULL;
}

void
fl_seeded_call(filch_runtime *one)
{
    (void)one;
    model_fail("the run is not a deterministic one");
}
