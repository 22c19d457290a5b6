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
spawn_to_wait(size_t n)
{
    watch_start();
    gather(n);
    watch_stop();
    settle();
    release();
    settle();
}

static void
wake(size_t n)
{
    gather(n);
    settle();
    watch_start();
    release();
    watch_stop();
    settle();
}

const struct workload event_workloads[] = {
    {"event: wake 100,000 waiters", "waiter", 100000, wake, false},
    {"a waiting task: spawn it, fresh stacks", "task", 100000, spawn_to_wait,
     true},
    {"a waiting task: spawn it, recycled stacks", "task", 100000, spawn_to_wait,
     false},
    {.name = NULL},
};
