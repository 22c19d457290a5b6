/* Very many tasks that wait for one event. */
#include "groups.h"
#include <filch.h>
#include <stdatomic.h>

static struct {
    filch_event go, all_wait, all_woken;
    atomic_size_t to_wait, to_wake;
} crowd;

/* Counts down; the last one tells. */
static void
tell(atomic_size_t *left, filch_event *event)
{
    if (atomic_fetch_sub(left, 1) == 1)
        filch_event_set(event);
}

static int
wait(void *arg)
{
    (void)arg;
    tell(&crowd.to_wait, &crowd.all_wait);
    REQUIRE(filch_event_wait(&crowd.go) == 0);
    tell(&crowd.to_wake, &crowd.all_woken);
    return 0;
}

static void
gather(size_t n)
{
    REQUIRE(filch_event_init(&crowd.go) == 0);
    REQUIRE(filch_event_init(&crowd.all_wait) == 0);
    REQUIRE(filch_event_init(&crowd.all_woken) == 0);
    crowd.to_wait = crowd.to_wake = n;
    for (size_t i = 0; i < n; ++i)
        REQUIRE(filch_spawn(NULL, wait, NULL) == 0);
    REQUIRE(filch_event_wait(&crowd.all_wait) == 0);
}

static void
release(void)
{
    filch_event_set(&crowd.go);
    REQUIRE(filch_event_wait(&crowd.all_woken) == 0);
}

/* What is left to do when the last one has told: to wait, or to end. */
static void
settle(void)
{
    REQUIRE(filch_sleep(FILCH_MS(5)) == 0);
}

static void
spawn_to_wait(size_t n, size_t tasks)
{
    size_t before = resident();

    (void)n;
    watch_start();
    gather(tasks);
    watch_stop(tasks);
    settle();
    figure("bytes", ((double)resident() - (double)before) / (double)tasks);
    release();
    settle();
}

static void
wake(size_t n, size_t tasks)
{
    (void)n;
    gather(tasks);
    settle();
    watch_start();
    release();
    watch_stop(tasks);
    settle();
}

const struct workload event_workloads[] = {
    {"event", 0, 100000, wake, 3},
    {"wait-fresh", 0, 100000, spawn_to_wait, 0},
    {"wait-recycled", 0, 100000, spawn_to_wait, 3},
    {.name = NULL},
};
