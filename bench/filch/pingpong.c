/* One task asks, another answers, each through a queue of one slot. */
#include "crew.h"
#include "groups.h"
#include <stdint.h>

static filch_queue there, back;

static int
answer(void *arg)
{
    const size_t *n = arg;
    void *item = NULL;
    int failed = 0;

    for (size_t i = 0; i < *n; ++i) {
        failed |= filch_queue_get(&there, &item);
        failed |= filch_queue_put(&back, (void *)((uintptr_t)item + 1));
    }
    return failed;
}

static int
ask(void *arg)
{
    const size_t *n = arg;
    void *item = NULL;
    int failed = 0;

    for (size_t i = 0; i < *n; ++i) {
        failed |= filch_queue_put(&there, item);
        failed |= filch_queue_get(&back, &item);
    }
    return failed | ((uintptr_t)item != *n);
}

static void
ping_pong(size_t n, size_t slots)
{
    static struct crew crew;

    REQUIRE(filch_queue_init(&there, slots) == 0);
    REQUIRE(filch_queue_init(&back, slots) == 0);
    watch_start();
    crew_add(&crew, ask, &n);
    crew_add(&crew, answer, &n);
    crew_join(&crew);
    watch_stop(n);
    REQUIRE(filch_queue_destroy(&there) == 0);
    REQUIRE(filch_queue_destroy(&back) == 0);
}

const struct workload pingpong_workloads[] = {
    {"pingpong", 1000000, 1, ping_pong, 1},
    {.name = NULL},
};
