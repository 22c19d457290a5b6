/*
 * The same seed gives the same schedule on any machine, by any compiler: a
 * program that uses every primitive writes, byte for byte, the schedules that are
 * kept in tests/seeded/golden, one for each policy.
 *
 * Where choices are made otherwise on purpose, a failed check says where the new
 * schedule is, which takes the place of the old one.
 */
#include "../harness/harness.h"

#include <unistd.h>

static filch_event event;
static filch_lock lock;
static filch_condition condition;
static filch_queue queue;
static filch_semaphore semaphore;
static filch_barrier barrier;
static filch_group group;
static filch_timer timer;
static int ready, rung; /* ready: under the lock */

/* --- A program that uses every primitive --------------------------------- */

static int
produce(void *arg)
{
    for (intptr_t i = 0; i < 3; ++i) {
        OK(filch_queue_put(&queue, arg));
        OK(filch_sleep(FILCH_US(10 * i)));
    }
    OK(filch_barrier_wait(&barrier, NULL));
    return 0;
}

static int
consume(void *arg)
{
    void *item;
    for (int i = 0; i < 3; ++i) {
        OK(filch_queue_get(&queue, &item));
        OK(filch_semaphore_acquire(&semaphore));
        filch_yield();
        OK(filch_semaphore_release(&semaphore, 1));
        OK(filch_queue_task_done(&queue));
    }
    OK(filch_barrier_wait(&barrier, NULL));
    return arg != NULL;
}

static int
notify(void *arg)
{
    FILCH_WITH_LOCK(&lock)
    {
        ++ready;
        OK(filch_condition_notify(&condition, 1));
    }
    return arg != NULL;
}

static int
await_all(void *arg)
{
    OK(filch_lock_acquire(&lock));
    while (ready < 2)
        OK(filch_condition_wait(&condition));
    OK(filch_lock_release(&lock));
    return arg != NULL;
}

static int
is_cancelled(void *arg)
{
    FAILS(ETIMEDOUT, filch_event_wait_until(&event, filch_after(FILCH_US(5))));
    FAILS(ECANCELED, filch_event_wait(&event));
    return arg != NULL;
}

static int
count_jobs(void *arg)
{
    intptr_t n = (intptr_t)arg;
    filch_job job;
    if (n == 0)
        return 1;
    filch_fork(&job, count_jobs, (void *)(n - 1));
    int here = count_jobs((void *)(n - 1));
    return here + filch_sync(&job);
}

static int
count_range(size_t begin, size_t end, void *sum)
{
    for (size_t i = begin; i < end; ++i)
        atomic_fetch_add((atomic_size_t *)sum, i);
    return 0;
}

static void
ring(void *arg)
{
    rung += arg == &timer;
}

static filch_task *
named(filch_fn fn, const char *name, intptr_t arg)
{
    filch_task_options options = {.name = name};
    filch_task *task;
    OK(filch_spawn_with(&task, fn, (void *)arg, &options));
    return task;
}

static void
groups_and_timers(void)
{
    OK(filch_call_later(&timer, FILCH_US(7), ring, &timer));
    for (int i = 0; i < 2; ++i)
        OK(filch_group_spawn(&group, notify, NULL));
    OK(filch_group_wait(&group));
    OK(filch_timer_cancel_wait(&timer));
}

static int
play(void *arg)
{
    atomic_size_t sum = 0;
    size_t done;
    filch_task *tasks[] = {
        named(produce, "one", 1),       named(produce, "two", 2),
        named(consume, "reader", 0),    named(consume, "other reader", 0),
        named(await_all, "patient", 0), named(is_cancelled, "unlucky", 0)};
    enum { TASKS = sizeof tasks / sizeof *tasks };
    groups_and_timers();
    OK(filch_sleep(FILCH_US(20)));
    OK(filch_cancel(tasks[5]));
    EQ(8, count_jobs((void *)3));
    OK(filch_parallel_for(0, 10, 2, count_range, &sum));
    EQ(45, atomic_load(&sum));
    OK(filch_queue_join(&queue));
    OK(filch_wait(tasks, TASKS, FILCH_ALL_COMPLETED, &done));
    for (int i = 0; i < TASKS; ++i)
        EQ(0, join(tasks[i]));
    return arg != NULL;
}

static void
run(void)
{
    OK(filch_queue_init(&queue, 2));
    OK(filch_condition_init(&condition, &lock));
    OK(filch_semaphore_init(&semaphore, 1));
    OK(filch_barrier_init(&barrier, 4));
    OK(filch_run(NULL, play, NULL));
}

/* --- Its schedules ------------------------------------------------------- */

static char expected[1 << 16], written[1 << 16];

static void
read_file(const char *name, char *text, size_t size)
{
    FILE *file = fopen(name, "r");
    check_context(name); /* the tests run at the root of the repository */
    CHECK(file != NULL);
    text[fread(text, 1, size - 1, file)] = 0;
    fclose(file);
}

/* The schedule of the program by a policy, which is also the file's name. */
static void
is_golden(const char *policy)
{
    static char name[500], golden[100];
    struct child child;
    snprintf(name, sizeof name, "%s/filch-golden-%s", scratch_folder(), policy);
    snprintf(golden, sizeof golden, "tests/seeded/golden/%s", policy);
    CHECK(setenv("FILCH_SEED", "42", 1) == 0);
    CHECK(setenv("FILCH_POLICY", policy, 1) == 0);
    CHECK(setenv("FILCH_SCHEDULE", name, 1) == 0);
    child_run(&child, run);
    CHILD_EXITED(&child, 0);
    read_file(name, written, sizeof written);
    read_file(golden, expected, sizeof expected);
    check_context(name);
    CHECK(strcmp(written, expected) == 0);
    unlink(name);
}

TEST(schedule_by_random_is_the_one_that_is_kept)
{
    is_golden("random");
}

TEST(schedule_by_pct_is_the_one_that_is_kept)
{
    is_golden("pct");
}

TEST(schedule_by_round_robin_is_the_one_that_is_kept)
{
    is_golden("round-robin");
}
