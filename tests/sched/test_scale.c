/* Many tasks, many workers, and none to do.
 *
 * run-tests: long */
#include "../harness/harness.h"
#include <sys/resource.h>

static filch_event event;
static atomic_int waiting, woken;

/* --- Many tasks ---------------------------------------------------------- */

static int
wait_and_count(void *arg)
{
    atomic_fetch_add(&waiting, 1);
    int status = filch_event_wait(&event);
    if (status == 0)
        atomic_fetch_add(&woken, 1);
    return arg ? EIO : status;
}

TASK_TEST(a_hundred_thousand_tasks_wait_on_one_event_and_are_woken)
{
    /* A sanitizer's own memory for a task is far more than the task's. */
    enum { TASKS = UNDER_SANITIZER ? 5000 : 100000 };
    for (int i = 0; i < TASKS; ++i)
        OK(filch_spawn(NULL, wait_and_count, NULL));
    UNTIL(atomic_load(&waiting) == TASKS);
    filch_event_set(&event);
    UNTIL(atomic_load(&woken) == TASKS);
}

static int
leave_many_waiting(void *arg)
{
    intptr_t tasks = (intptr_t)arg;
    for (intptr_t i = 0; i < tasks; ++i)
        OK(filch_spawn(NULL, wait_and_count, NULL));
    UNTIL(atomic_load(&waiting) == tasks);
    return 0;
}

TEST(run_ends_with_many_tasks_that_wait)
{
    intptr_t tasks = UNDER_SANITIZER ? 2000 : 20000;
    run_on(test_workers(), leave_many_waiting, (void *)tasks);
    EQ(0, atomic_load(&woken));
    OK(filch_event_destroy(&event));
}

static int
count(void *arg)
{
    atomic_fetch_add(&woken, 1);
    return arg != NULL;
}

TASK_TEST(a_million_tasks_may_wait_to_be_started)
{
    enum { TASKS = UNDER_SANITIZER ? 20000 : 1000000 };
    for (int i = 0; i < TASKS; ++i)
        OK(filch_spawn(NULL, count, NULL));
    UNTIL(atomic_load(&woken) == TASKS);
}

TASK_TEST(three_hundred_thousand_tasks_may_have_long_names)
{
    enum { TASKS = UNDER_SANITIZER ? 3000 : 300000 };
    const filch_task_options options = {
        .name = "a name that is longer than those which lie close together"};
    for (int i = 0; i < TASKS; ++i)
        OK(filch_spawn_with(NULL, count, NULL, &options));
    UNTIL(atomic_load(&woken) == TASKS);
}

/* A chain of joins, each waiting for the next. */
static int
join_deeper(void *arg)
{
    intptr_t depth = (intptr_t)arg;
    if (depth == 0)
        return 42;
    return join(spawn(join_deeper, (void *)(depth - 1)));
}

TASK_TEST(joins_may_be_nested_ten_thousand_deep)
{
    intptr_t depth = UNDER_SANITIZER ? 1000 : 10000;
    EQ(42, join(spawn(join_deeper, (void *)depth)));
}

static int
sleep_some(void *arg)
{
    return filch_sleep(FILCH_US((intptr_t)arg));
}

TASK_TEST(ten_thousand_tasks_may_sleep_at_once)
{
    enum { TASKS = UNDER_SANITIZER ? 1000 : 10000 };
    filch_task **tasks = calloc(TASKS, sizeof *tasks);
    CHECK(tasks != NULL);
    for (intptr_t i = 0; i < TASKS; ++i)
        tasks[i] = spawn(sleep_some, (void *)(i * 7919 % 50000));
    for (int i = 0; i < TASKS; ++i)
        EQ(0, join(tasks[i]));
    free(tasks);
}

/* --- Many workers -------------------------------------------------------- */

static filch_queue queue;

static int
pass_on(void *arg)
{
    void *item;
    for (int i = 0; i < 200; ++i) {
        OK(filch_queue_get(&queue, &item));
        if (i % 8 == 0)
            filch_yield();
        OK(filch_queue_put(&queue, item));
    }
    return arg != NULL;
}

static int
pass_items_around(void *arg)
{
    filch_task *tasks[100];
    for (intptr_t i = 0; i < 20; ++i)
        OK(filch_queue_put(&queue, (void *)i));
    for (int i = 0; i < 100; ++i)
        tasks[i] = spawn(pass_on, NULL);
    for (int i = 0; i < 100; ++i)
        EQ(0, join(tasks[i]));
    EQ(20, filch_queue_size(&queue));
    return arg != NULL;
}

/* The first two of those that the process may use. */
static void
use_two_cpus(void)
{
    cpu_set_t all, two;
    CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
    CPU_ZERO(&two);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&two) < 2; ++cpu)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &two);
    CHECK(sched_setaffinity(0, sizeof two, &two) == 0);
}

static int
add_up(void *arg)
{
    intptr_t depth = (intptr_t)arg;
    filch_job job;
    if (depth == 0)
        return 1;
    filch_fork(&job, add_up, (void *)(depth - 1));
    int sum = add_up((void *)(depth - 1));
    return sum + filch_sync(&job);
}

static void
count_call(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

/* Some of everything: queues, jobs, timers, sleeps, an event, a lock. */
static int
do_everything(void *arg)
{
    static filch_lock lock;
    static int locked;
    static atomic_int calls;
    filch_task *tasks[200];
    EQ(0, pass_items_around(arg));
    for (intptr_t i = 0; i < 200; ++i) {
        tasks[i] = spawn(i % 2 ? wait_and_count : sleep_some, NULL);
        OK(filch_call_later(NULL, FILCH_US(i * 10), count_call, &calls));
        FILCH_WITH_LOCK(&lock)
        {
            ++locked;
        }
    }
    EQ(1 << 12, add_up((void *)(intptr_t)12));
    UNTIL(atomic_load(&waiting) == 100);
    filch_event_set(&event);
    for (int i = 0; i < 200; ++i)
        EQ(0, join(tasks[i]));
    UNTIL(atomic_load(&calls) == 200);
    EQ(200, locked);
    return 0;
}

TEST(sixty_four_workers_on_two_cpus_finish_everything)
{
    use_two_cpus();
    OK(filch_queue_init(&queue, 32));
    run_on(64, do_everything, NULL);
    OK(filch_queue_destroy(&queue));
}

static int
nothing(void *arg)
{
    return arg != NULL;
}

TEST(a_thousand_workers_start_and_end)
{
    run_on(UNDER_SANITIZER ? 100 : 1024, nothing, NULL);
}

/* --- Nothing to do ------------------------------------------------------- */

static double
cpu_seconds(void)
{
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* It waits for what will not come: tasks, a timer far away, a queue. */
static int
leave_waiting(void *arg)
{
    for (int i = 0; i < 10; ++i)
        OK(filch_spawn(NULL, wait_and_count, NULL));
    OK(filch_spawn(NULL, sleep_some, (void *)(intptr_t)3600000000));
    return arg != NULL;
}

/* The part of a CPU that an idle runtime uses in so many nanoseconds. */
static double
idle_share(filch_time ns)
{
    filch_runtime *runtime;
    filch_task *task;
    filch_config config = {.workers = test_workers()};
    OK(filch_start(&runtime, &config));
    OK(filch_submit(runtime, &task, leave_waiting, NULL));
    EQ(0, join(task));
    UNTIL(atomic_load(&waiting) == 10);
    OK(filch_sleep(FILCH_MS(100))); /* for what is idle only by and by */
    double before = cpu_seconds();
    OK(filch_sleep(ns));
    double share = (cpu_seconds() - before) / ((double)ns / 1e9);
    OK(filch_stop(runtime));
    fprintf(stderr, "it used %.3f %% of a CPU\n", share * 100);
    return share;
}

TEST(an_idle_runtime_uses_no_cpu)
{
    if (test_clock_jumps())
        skip("who sleeps then looks at the clock each millisecond");
    CHECK(idle_share(FILCH_SEC(1)) <= (UNDER_SANITIZER ? 0.1 : 0.02));
}

TEST(an_idle_runtime_uses_less_than_half_a_percent_of_a_cpu_over_10_s)
{
    if (UNDER_SANITIZER)
        skip("a sanitizer has work of its own");
    if (test_workers() != 4)
        skip("it takes long, and once is enough");
    CHECK(idle_share(FILCH_SEC(10)) < 0.005);
}
