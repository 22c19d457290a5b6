/* Very many tasks that sleep, each for another time, 100 ms at most. */
#include "crowd.h"
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
sleepers(size_t n, size_t tasks)
{
    (void)n;
    crowd_gather(tasks); /* so there is a stack for each */
    crowd_release();
    crowd_settle();
    REQUIRE(filch_event_init(&all_awake) == 0);
    asleep = tasks;
    watch_start();
    for (size_t i = 0; i < tasks; ++i) {
        uintptr_t ns = i * 7919 % tasks * FILCH_MS(100) / tasks;
        REQUIRE(filch_spawn(NULL, nap, (void *)ns) == 0);
    }
    REQUIRE(filch_event_wait(&all_awake) == 0);
    watch_stop(tasks);
    crowd_settle();
}

const struct workload sleep_workloads[] = {
    {"sleep", 0, 100000, sleepers, 1},
    {.name = NULL},
};
