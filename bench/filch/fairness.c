/* What the longest wait for a lock is, and what that costs: fair, or not. */
#include "../kit/latency.h"

#include "../kit/spin.h"
#include "crew.h"
#include "groups.h"

enum { PAUSE = 64 };

static filch_lock lock;
static size_t counter; /* guarded by the lock */

/* Now and then the holder suspends, so that there is a crowd with any number
 * of workers. */
static int
hold_often(void *arg)
{
    const size_t *n = arg;

    for (size_t i = 0; i < *n; ++i) {
        filch_time asked = filch_now();
        REQUIRE(filch_lock_acquire(&lock) == 0);
        latency_add(filch_now() - asked);
        if (++counter % PAUSE == 0)
            filch_yield();
        spin(50);
        REQUIRE(filch_lock_release(&lock) == 0);
    }
    return 0;
}

static void
contend(size_t n, size_t tasks)
{
    static struct crew crew;
    size_t each = n / tasks;

    latencies_begin();
    counter = 0;
    watch_start();
    for (size_t i = 0; i < tasks; ++i)
        crew_add(&crew, hold_often, &each);
    crew_join(&crew);
    watch_stop(each * tasks);
    REQUIRE(counter == each * tasks);
    latencies_end();
    REQUIRE(filch_lock_destroy(&lock) == 0);
}

static void
barging(size_t n, size_t tasks)
{
    REQUIRE(filch_lock_init(&lock) == 0);
    contend(n, tasks);
}

static void
fair(size_t n, size_t tasks)
{
    REQUIRE(filch_lock_init_fair(&lock) == 0);
    contend(n, tasks);
}

const struct workload fairness_workloads[] = {
    {"lock-wait", 400000, 8, barging, 1},
    {"lock-wait-fair", 400000, 8, fair, 1},
    {.name = NULL},
};
