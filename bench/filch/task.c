/* Tasks that do next to nothing, so that it costs to have them. */
#include "crew.h"
#include "groups.h"
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

const struct workload task_workloads[] = {
    {"spawn-join", 2000000, 1, spawn_and_join, 1},
    {"wave-first", 0, 1000000, wave, 0},
    {"wave", 0, 1000000, wave, 3},
    {.name = NULL},
};
