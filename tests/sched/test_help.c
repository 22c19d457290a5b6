/* Idle workers that are woken to take from where there is much. */
#include "../harness/harness.h"

static atomic_int ran;

static int
compute_a_little(void *arg)
{
    compute_until(filch_after(FILCH_US((intptr_t)arg)));
    atomic_fetch_add(&ran, 1);
    return 0;
}

/* Spawns so many at once, and joins them. */
static void
burst(int n, intptr_t us)
{
    filch_task *tasks[256];
    for (int i = 0; i < n; ++i)
        tasks[i] = spawn(compute_a_little, (void *)us);
    for (int i = 0; i < n; ++i)
        EQ(0, join(tasks[i]));
}

TASK_TEST(bursts_after_idleness_run_to_their_end)
{
    enum { ROUNDS = UNDER_SANITIZER ? 50 : 300, TASKS = 64 };
    for (int i = 0; i < ROUNDS; ++i) {
        burst(TASKS, i % 3 * 5);
        if (i % 4 == 0) /* the others fall asleep, or just want to */
            OK(filch_sleep(FILCH_US(i % 5 * 50)));
    }
    EQ(ROUNDS * TASKS, atomic_load(&ran));
}

static atomic_int stop;

static int
make_bursts(void *arg)
{
    while (!atomic_load(&stop))
        burst(16, (intptr_t)arg);
    return 0;
}

static int
submit_nothing(void *arg)
{
    return arg != NULL;
}

/* Sleepers are called to the watch, by strangers and as helpers at once. */
TEST(helpers_and_strangers_wake_the_same_sleepers)
{
    enum { SUBMITS = UNDER_SANITIZER ? 200 : 2000 };
    filch_config config = {.workers = test_workers()};
    filch_runtime *runtime;
    filch_task *bursts, *one;
    OK(filch_start(&runtime, &config));
    OK(filch_submit(runtime, &bursts, make_bursts, (void *)(intptr_t)2));
    for (int i = 0; i < SUBMITS; ++i) {
        OK(filch_submit(runtime, &one, submit_nothing, NULL));
        EQ(0, join(one));
    }
    atomic_store(&stop, 1);
    EQ(0, join(bursts));
    OK(filch_stop(runtime));
}

/* Each waits until all are there, so each needs a worker of its own. */
static int
meet_all(void *arg)
{
    atomic_fetch_add(&ran, 1);
    while (atomic_load(&ran) < (int)test_workers())
        sched_yield();
    return arg != NULL;
}

TASK_TEST(tasks_that_need_all_workers_at_once_get_them)
{
    enum { ROUNDS = UNDER_SANITIZER ? 20 : 100 };
    filch_task *tasks[64];
    for (int round = 0; round < ROUNDS; ++round) {
        atomic_store(&ran, 0);
        for (unsigned i = 0; i < test_workers(); ++i)
            tasks[i] = spawn(meet_all, NULL);
        for (unsigned i = 0; i < test_workers(); ++i)
            EQ(0, join(tasks[i]));
    }
}
