/* What the workers did, and the dump of all tasks. */
#include "../harness/harness.h"

static filch_event gate;

static int
nothing(void *arg)
{
    return arg != NULL;
}

static int
wait_at_gate(void *arg)
{
    (void)arg;
    return filch_event_wait(&gate);
}

static uint64_t
sum_of(filch_runtime *runtime, size_t offset)
{
    filch_stats stats[64];
    size_t workers;
    uint64_t sum = 0;
    OK(filch_stats_read(runtime, stats, 64, &workers));
    EQ(test_workers(), workers);
    for (size_t i = 0; i < workers; ++i)
        sum += *(uint64_t *)((char *)&stats[i] + offset);
    return sum;
}
#define SUM(runtime, field) sum_of(runtime, offsetof(filch_stats, field))

/* --- Counters ------------------------------------------------------------ */

TEST(stats_without_a_runtime_are_EPERM)
{
    filch_stats stats;
    FAILS(EPERM, filch_stats_read(NULL, &stats, 1, NULL));
}

TASK_TEST(stats_tell_the_number_of_workers_also_where_there_is_no_room)
{
    filch_stats stats[2];
    size_t workers = 0;
    OK(filch_stats_read(NULL, NULL, 0, &workers));
    EQ(test_workers(), workers);
    OK(filch_stats_read(NULL, stats, 1, NULL));
}

TEST(stats_count_tasks_and_switches_and_timers)
{
    filch_runtime *runtime;
    filch_config config = {.workers = test_workers()};
    filch_task *tasks[50];
    OK(filch_start(&runtime, &config));
    for (int i = 0; i < 50; ++i)
        OK(filch_submit(runtime, &tasks[i], wait_at_gate, NULL));
    UNTIL(SUM(runtime, switches) >= 50);
    filch_event_set(&gate);
    for (int i = 0; i < 50; ++i)
        EQ(0, join(tasks[i]));
    UNTIL(SUM(runtime, tasks) >= 50); /* they are a moment old */
    EQ(50, SUM(runtime, tasks));
    OK(filch_stop(runtime));
}

TASK_TEST(stats_count_what_a_task_spawned)
{
    uint64_t before = SUM(NULL, spawned);
    for (int i = 0; i < 100; ++i)
        EQ(0, join(spawn(nothing, NULL)));
    UNTIL(SUM(NULL, spawned) >= before + 100);
    EQ(before + 100, SUM(NULL, spawned));
}

static void
set_gate(void *arg)
{
    (void)arg;
    filch_event_set(&gate);
}

TASK_TEST(stats_count_timers_that_went_off)
{
    uint64_t before = SUM(NULL, timers);
    OK(filch_call_later(NULL, FILCH_MS(1), set_gate, NULL));
    OK(filch_event_wait(&gate));
    UNTIL(SUM(NULL, timers) > before);
}

TEST(stats_count_the_sleeps_of_workers_without_work)
{
    filch_runtime *runtime;
    filch_config config = {.workers = test_workers()};
    OK(filch_start(&runtime, &config));
    UNTIL(SUM(runtime, sleeps) >= test_workers());
    OK(filch_stop(runtime));
}

static atomic_bool taken;

static int
take(void *arg)
{
    atomic_store(&taken, true);
    return arg != NULL;
}

TASK_TEST(stats_count_what_was_stolen)
{
    filch_job job;
    if (test_workers() < 2)
        skip("it takes two workers");
    uint64_t steals = SUM(NULL, steals), jobs = SUM(NULL, jobs);
    filch_fork(&job, take, NULL);
    while (!atomic_load(&taken))
        sched_yield();
    EQ(0, filch_sync(&job));
    UNTIL(SUM(NULL, jobs) > jobs);
    UNTIL(SUM(NULL, steals) > steals);
    UNTIL(SUM(NULL, stolen) > 0);
}

/* --- The dump ------------------------------------------------------------ */

static void
dump(char *text, size_t size)
{
    FILE *file = fmemopen(text, size, "w");
    CHECK(file != NULL);
    filch_dump(file);
    CHECK(fclose(file) == 0);
}

ONE_WORKER_TEST(dump_names_every_live_task_and_what_it_waits_for)
{
    static char text[16384];
    filch_task *task = park(wait_at_gate, NULL);
    OK(filch_task_set_name(task, "the waiter"));
    OK(filch_task_set_name(filch_current(), "the dumper"));
    dump(text, sizeof text);
    CHECK(strstr(text, "the waiter") != NULL);
    CHECK(strstr(text, "the dumper") != NULL);
    CHECK(strstr(text, "event") != NULL);
    filch_event_set(&gate);
    EQ(0, join(task));
    memset(text, 0, sizeof text);
    dump(text, sizeof text);
    CHECK(strstr(text, "the waiter") == NULL);
}

static atomic_bool stop;

static void *
dump_in_thread(void *arg)
{
    FILE *file = fopen("/dev/null", "w");
    CHECK(file != NULL);
    while (!atomic_load(&stop))
        filch_dump(file);
    fclose(file);
    return arg;
}

static int
live_shortly(void *arg)
{
    OK(filch_task_set_name(filch_current(), "short-lived"));
    filch_yield();
    OK(filch_sleep(FILCH_US((intptr_t)arg)));
    return 0;
}

TASK_TEST(dump_may_be_called_at_any_time_from_any_thread)
{
    pthread_t thread = thread_start(dump_in_thread, NULL);
    for (int round = 0; round < 50; ++round) {
        filch_task *tasks[20];
        for (intptr_t i = 0; i < 20; ++i)
            tasks[i] = spawn(live_shortly, (void *)i);
        for (int i = 0; i < 20; ++i)
            EQ(0, join(tasks[i]));
    }
    atomic_store(&stop, true);
    thread_join(thread);
}

TEST(dump_without_a_runtime_does_no_harm)
{
    static char text[1024];
    dump(text, sizeof text);
}
