/* Tasks, groups, jobs, runtimes. */
#include "calls.h"
#include "noted.h"

#define MANY 50

static filch_task *task, *tasks[MANY];
static filch_group group;
static filch_event gate;
static atomic_int ran;
static int status;
static size_t done;

static void
begin(void)
{
    atomic_store(&ran, 0);
    OK(filch_event_init(&gate));
}

static int
work(void *arg)
{
    atomic_fetch_add(&ran, 1);
    return (int)(intptr_t)arg;
}

static int
wait_at_gate(void *arg)
{
    (void)arg;
    return filch_event_wait(&gate);
}

static void
has_not_run(void)
{
    EQ(0, atomic_load(&ran));
}

static void
ends_with_7(void)
{
    EQ(7, join(task));
    EQ(1, atomic_load(&ran));
}

/* --- Spawning ------------------------------------------------------------ */

static int
call_spawn(void)
{
    return filch_spawn(&task, work, (void *)7);
}

static int
call_spawn_with(void)
{
    filch_task_options options = {.name = "a name", .stack_size = 8 << 20};
    return filch_spawn_with(&task, work, (void *)7, &options);
}

static void
has_name_and_ends_with_7(void)
{
    EQ(0, strcmp("a name", filch_task_name(task)));
    ends_with_7();
}

/* Who begins meanwhile, on another worker, finds no stack to go on with: that
 * is no failure of the group. */
static int
wait_at_gate_if_possible(void *arg)
{
    int error = wait_at_gate(arg);
    return error == ENOMEM ? 0 : error;
}

static int
call_submit(void)
{
    return filch_submit(filch_runtime_current(), &task, work, (void *)7);
}

static int
call_group_spawn(void)
{
    return filch_group_spawn(&group, work, NULL);
}

static void
group_waits_for_one(void)
{
    OK(filch_group_wait(&group));
    EQ(1, atomic_load(&ran));
    OK(filch_group_destroy(&group));
}

static void
begin_group(void)
{
    begin();
    OK(filch_group_init(&group));
}

static void
begin_full_group(void)
{
    begin_group();
    for (int i = 0; i < MANY; ++i)
        OK(filch_group_spawn(&group, wait_at_gate_if_possible, NULL));
    filch_yield(); /* some wait, and some have not begun */
}

static int
call_group_cancel(void)
{
    filch_group other;
    OK(filch_group_init(&other));
    OK(filch_group_cancel(&other));
    OK(filch_group_destroy(&other));
    OK(filch_group_cancel(&group));
    int error = filch_group_spawn(&group, work, NULL);
    CHECK(error == ECANCELED || error == ENOMEM);
    return 0;
}

static void
group_can_be_destroyed(void)
{
    EQ(0, filch_group_wait(&group));
    OK(filch_group_destroy(&group));
}

/* --- Jobs ---------------------------------------------------------------- */

enum { JOBS = 2000 };
static filch_job jobs[JOBS];

static int
call_fork(void)
{
    for (int i = 0; i < JOBS; ++i)
        filch_fork(&jobs[i], work, NULL);
    for (int i = JOBS - 1; i >= 0; --i)
        EQ(0, filch_sync(&jobs[i]));
    return 0;
}

static void
all_jobs_ran(void)
{
    EQ(JOBS, atomic_load(&ran));
}

static int
work_on_range(size_t from, size_t to, void *arg)
{
    (void)arg;
    atomic_fetch_add(&ran, (int)(to - from));
    return 0;
}

static int
call_parallel_for(void)
{
    return filch_parallel_for(0, JOBS, 1, work_on_range, NULL);
}

/* --- Waiting for many ---------------------------------------------------- */

static void
begin_many(void)
{
    begin();
    /* which may not wait yet, only be about to */
    for (int i = 0; i < MANY; ++i)
        tasks[i] = park(wait_at_gate_if_possible, NULL);
}

static int
open_gate(void *arg)
{
    filch_event_set(&gate);
    return arg != NULL;
}

static void
begin_many_and_who_ends_them(void)
{
    begin_many();
    OK(filch_spawn(NULL, open_gate, NULL));
}

static int
call_wait(void)
{
    return filch_wait(tasks, MANY, FILCH_ALL_COMPLETED, &done);
}

static int
call_wait_until(void)
{
    return filch_wait_until(tasks, MANY, FILCH_ALL_COMPLETED, &done,
                            filch_after(FILCH_SEC(3600)));
}

static void
all_are_done(void)
{
    EQ(MANY, done);
    for (int i = 0; i < MANY; ++i)
        EQ(0, join(tasks[i]));
}

/* --- Names --------------------------------------------------------------- */

static char long_name[2000];

static void
begin_named(void)
{
    OK(filch_task_set_name(filch_current(), "before"));
    memset(long_name, 'x', sizeof long_name - 1);
}

static int
call_set_name(void)
{
    return filch_task_set_name(filch_current(), long_name);
}

static void
has_former_name(void)
{
    EQ(0, strcmp("before", filch_task_name(filch_current())));
}

static void
has_long_name(void)
{
    EQ(0, strncmp(long_name, filch_task_name(filch_current()), 500));
}

/* --- Letting others run -------------------------------------------------- */

static int
call_yield(void)
{
    filch_yield();
    return 0;
}

static int
call_sleep(void)
{
    return filch_sleep(FILCH_US(50));
}

static int
call_sleep_until(void)
{
    return filch_sleep_until(filch_after(FILCH_US(50)));
}

/* --- What asks for nothing ----------------------------------------------- */

static int
call_handles(void)
{
    filch_task *other = filch_task_hold(tasks[0]);
    CHECK(!filch_task_done(other));
    EQ(0, strcmp("", filch_task_name(other)));
    FAILS(EBUSY, filch_task_status(other));
    CHECK(filch_current() != other);
    CHECK(filch_runtime_current() != NULL);
    OK(filch_cancel(other));
    CHECK(!filch_cancelled());
    filch_shield_begin();
    filch_shield_end();
    filch_task_release(other);
    return 0;
}

static void
ends_cancelled(void)
{
    EQ(ECANCELED, join(tasks[0]));
    filch_event_set(&gate);
    for (int i = 1; i < MANY; ++i)
        EQ(0, join(tasks[i]));
}

/* --- Runtimes ------------------------------------------------------------ */

static filch_runtime *runtime;

static int
call_start(void)
{
    filch_config config = {.workers = 2};
    return filch_start(&runtime, &config);
}

static void
stops(void)
{
    OK(filch_submit(runtime, &task, work, (void *)7));
    OK(filch_stop(runtime));
    ends_with_7();
}

/* With tasks that wait, and are cancelled. */
static void
begin_to_stop(void)
{
    filch_config config = {.workers = 2};
    begin();
    OK(filch_start(&runtime, &config));
    for (int i = 0; i < MANY; ++i)
        OK(filch_submit(runtime, &tasks[i], wait_at_gate, NULL));
}

static int
call_stop(void)
{
    return filch_stop(runtime);
}

/* Or had no stack to wait with. */
static void
all_are_cancelled(void)
{
    for (int i = 0; i < MANY; ++i) {
        int status = join(tasks[i]);
        CHECK(status == ECANCELED || status == ENOMEM);
    }
}

/* A plain thread's run, since a task can have none. */
static void *
run_in_thread(void *arg)
{
    filch_config config = {.workers = 2};
    (void)arg;
    status = filch_run(&config, work, NULL);
    return NULL;
}

static int
call_run(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_in_thread, NULL))
        return EAGAIN;
    thread_join(thread);
    return status;
}

static void
has_run_once(void)
{
    EQ(1, atomic_load(&ran));
}

const struct row rows_of_tasks[] = {
    {"filch_spawn", begin, call_spawn, has_not_run, ends_with_7, 0, 0},
    {"filch_spawn_with", begin, call_spawn_with, has_not_run,
     has_name_and_ends_with_7, 0, 0},
    {"filch_submit", begin, call_submit, has_not_run, ends_with_7, 0, 0},
    {"filch_group_spawn", begin_group, call_group_spawn, has_not_run,
     group_waits_for_one, 0, 0},
    {"filch_group_init filch_group_cancel filch_group_destroy",
     begin_full_group, call_group_cancel, NULL, group_can_be_destroyed, 0,
     true},
    {"filch_fork filch_sync", begin, call_fork, NULL, all_jobs_ran, 0, true},
    {"filch_parallel_for", begin, call_parallel_for, NULL, all_jobs_ran, true,
     true},
    {"filch_wait", begin_many_and_who_ends_them, call_wait, NULL, all_are_done,
     0, 0},
    {"filch_wait_until", begin_many_and_who_ends_them, call_wait_until, NULL,
     all_are_done, 0, 0},
    {"filch_task_set_name", begin_named, call_set_name, has_former_name,
     has_long_name, 0, 0},
    {"filch_yield", begin, call_yield, NULL, NULL, 0, true},
    {"filch_sleep", begin, call_sleep, NULL, NULL, 0, 0},
    {"filch_sleep_until", begin, call_sleep_until, NULL, NULL, 0, 0},
    {"filch_task_hold filch_task_release filch_task_name filch_task_done "
     "filch_task_status "
     "filch_current filch_runtime_current filch_cancel filch_cancelled "
     "filch_shield_begin filch_shield_end",
     begin_many, call_handles, NULL, ends_cancelled, 0, true},
    {"filch_stop", begin_to_stop, call_stop, NULL, all_are_cancelled, 0, true},
    {"filch_start", begin, call_start, NULL, stops, 0, 0},
    {"filch_run", begin, call_run, has_not_run, has_run_once, 0, 0},
    {0},
};
