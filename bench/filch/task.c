/* Tasks that do next to nothing, so that it costs to have them. */
#include "../kit/spin.h"
#include "crew.h"
#include "groups.h"
#include <stdint.h>
#include <stdlib.h>

static int
count(void *arg)
{
    ++*(size_t *)arg;
    return 0;
}

static void
spawn_and_join(size_t n, size_t value)
{
    size_t counter = 0;
    filch_task *task;
    int failed = 0;

    (void)value;
    watch_start();
    for (size_t i = 0; i < n; ++i) {
        failed |= filch_spawn(&task, count, &counter);
        failed |= filch_join(task, NULL);
    }
    watch_stop(n);
    REQUIRE(failed == 0 && counter == n);
}

static void
spawn_all_join_all(size_t n, filch_task **tasks, size_t *counters)
{
    for (size_t i = 0; i < n; ++i)
        REQUIRE(filch_spawn(&tasks[i], count, &counters[i]) == 0);
    while (n-- > 0)
        REQUIRE(filch_join(tasks[n], NULL) == 0);
}

/* The handles and the results are in memory that was touched before. */
static void
wave(size_t unused, size_t n)
{
    filch_task **tasks = malloc(n * sizeof *tasks);
    size_t *counters = malloc(n * sizeof *counters), total = 0;

    (void)unused;
    REQUIRE(tasks && counters);
    for (size_t i = 0; i < n; ++i) {
        tasks[i] = NULL;
        counters[i] = i;
    }
    watch_start();
    spawn_all_join_all(n, tasks, counters);
    watch_stop(n);
    for (size_t i = 0; i < n; ++i)
        total += counters[i] - i;
    REQUIRE(total == n);
    free(counters);
    free(tasks);
}

/* --- Some at a time, with work of so many ns each ------------------------- */

enum { BATCH = 16 };

static int
work(void *ns)
{
    spin((uintptr_t)ns);
    return 0;
}

static void
batches(size_t n, size_t ns)
{
    size_t rounds = n / (1 + ns / 50) / BATCH;
    int failed = 0;

    watch_start();
    for (size_t i = 0; i < rounds; ++i) {
        filch_group group = FILCH_GROUP_INIT;
        for (int j = 0; j < BATCH; ++j)
            failed |= filch_group_spawn(&group, work, (void *)ns);
        failed |= filch_group_wait(&group);
        failed |= filch_group_destroy(&group);
    }
    watch_stop(rounds * BATCH);
    REQUIRE(failed == 0);
}

const struct workload task_workloads[] = {
    {"spawn-join", 2000000, 1, spawn_and_join, 1},
    {"wave-first", 0, 1000000, wave, 0},
    {"wave", 0, 1000000, wave, 3},
    {"batch", 4000000, 1000, batches, 1},
    {.name = NULL},
};
