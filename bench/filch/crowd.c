#include "crowd.h"
#include "../kit/workload.h"
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

void
crowd_gather(size_t n)
{
    REQUIRE(filch_event_init(&crowd.go) == 0);
    REQUIRE(filch_event_init(&crowd.all_wait) == 0);
    REQUIRE(filch_event_init(&crowd.all_woken) == 0);
    crowd.to_wait = crowd.to_wake = n;
    for (size_t i = 0; i < n; ++i)
        REQUIRE(filch_spawn(NULL, wait, NULL) == 0);
    REQUIRE(filch_event_wait(&crowd.all_wait) == 0);
}

void
crowd_release(void)
{
    filch_event_set(&crowd.go);
    REQUIRE(filch_event_wait(&crowd.all_woken) == 0);
}

void
crowd_settle(void)
{
    REQUIRE(filch_sleep(FILCH_MS(5)) == 0);
}
