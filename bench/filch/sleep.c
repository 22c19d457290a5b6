/* Very many tasks that sleep, each for another time, 100 ms at most. Before that
 * all of them sleep at once: so there is a stack for each, however fast they come. */
#include "groups.h"
#include <filch.h>
#include <stdatomic.h>
#include <stdint.h>

static filch_event all_awake;
static atomic_size_t asleep;

static int
nap(void *arg)
{
    REQUIRE(filch_sleep((filch_time)(uintptr_t)arg) == 0);
    if (atomic_fetch_sub(&asleep, 1) == 1)
        filch_event_set(&all_awake);
    return 0;
}

static void
all_sleep(size_t tasks, bool for_the_same_time)
{
    REQUIRE(filch_event_init(&all_awake) == 0);
    asleep = tasks;
    for (size_t i = 0; i < tasks; ++i) {
        size_t part = for_the_same_time ? tasks : i * 7919 % tasks;
        uintptr_t ns = part * FILCH_MS(100) / tasks;
        REQUIRE(filch_spawn(NULL, nap, (void *)ns) == 0);
    }
    REQUIRE(filch_event_wait(&all_awake) == 0);
}

static void
settle(void)
{
    REQUIRE(filch_sleep(FILCH_MS(5)) == 0); /* the last one ends meanwhile */
}

static void
sleepers(size_t n, size_t tasks)
{
    (void)n;
    all_sleep(tasks, true);
    settle();
    watch_start();
    all_sleep(tasks, false);
    watch_stop(tasks);
    settle();
}

const struct workload sleep_workloads[] = {
    {"sleep", 0, 100000, sleepers, 1},
    {.name = NULL},
};
