/* Jobs in deterministic runs: begun by their forkers, or by others. */
#include "../harness/harness.h"

static atomic_int ran;

/* The nth number of Fibonacci, by as many jobs. */
static int
fibonacci(void *arg)
{
    intptr_t n = (intptr_t)arg;
    filch_job job;
    atomic_fetch_add(&ran, 1);
    if (n < 2)
        return (int)n;
    filch_fork(&job, fibonacci, (void *)(n - 1));
    int below = fibonacci((void *)(n - 2));
    return filch_sync(&job) + below;
}

TEST(jobs_of_a_tree_give_the_same_result_whoever_begins_them)
{
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        filch_config config = {.seed = seed};
        atomic_store(&ran, 0);
        EQ(144, filch_run(&config, fibonacci, (void *)12));
        EQ(465, atomic_load(&ran));
    }
}

enum { DEPTH = 5000 };

/* Each forks the next one, deeper than a stack. */
static int
chain(void *arg)
{
    intptr_t left = (intptr_t)arg;
    filch_job job;
    atomic_fetch_add(&ran, 1);
    if (left == 0)
        return 0;
    filch_fork(&job, chain, (void *)(left - 1));
    filch_yield();
    return filch_sync(&job);
}

static int
chains(void *arg)
{
    filch_task *tasks[3];
    for (int i = 0; i < 3; ++i)
        tasks[i] = spawn(chain, (void *)DEPTH);
    for (int i = 0; i < 3; ++i)
        EQ(0, join(tasks[i]));
    return arg != NULL;
}

TEST(jobs_that_nest_deeper_than_a_stack_go_on_on_others)
{
    for (uint64_t seed = 1; seed <= 4; ++seed) {
        filch_config config = {.seed = seed};
        atomic_store(&ran, 0);
        OK(filch_run(&config, chains, NULL));
        EQ(3 * (DEPTH + 1), atomic_load(&ran));
    }
}

/* --- All that were begun wait for one that was not ------------------------- */

enum { PARTIES = 8 };

static filch_barrier barrier;
static atomic_bool met;

static int
meet(size_t from, size_t to, void *arg)
{
    for (; from < to; ++from)
        OK(filch_barrier_wait(&barrier, NULL));
    return arg != NULL;
}

static int
yield_meanwhile(void *arg)
{
    while (!atomic_load(&met))
        filch_yield();
    return arg != NULL;
}

static int
meet_all(void *arg)
{
    atomic_store(&met, false);
    OK(filch_barrier_init(&barrier, PARTIES));
    filch_task *other = spawn(yield_meanwhile, arg);
    OK(filch_parallel_for(0, PARTIES, 1, meet, NULL));
    atomic_store(&met, true);
    EQ(0, join(other));
    OK(filch_barrier_destroy(&barrier));
    return 0;
}

TEST(jobs_that_wait_for_each_other_are_all_begun)
{
    OK(filch_run(&(filch_config){.virtual_time = true}, meet_all, NULL));
    for (uint64_t seed = 1; seed < 9; ++seed)
        OK(filch_run(&(filch_config){.seed = seed}, meet_all, NULL));
}
