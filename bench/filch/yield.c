/* Tasks that just let each other run. */
#include "crew.h"
#include "groups.h"

struct yielder {
    size_t wanted, done;
};

static int
yield(void *arg)
{
    struct yielder *self = arg;

    for (size_t i = 0; i < self->wanted; ++i)
        filch_yield();
    self->done = self->wanted;
    return 0;
}

static void
yields(size_t n, size_t tasks)
{
    static struct yielder yielders[CREW_MAX];
    struct crew crew = {.count = 0};
    size_t done = 0;

    watch_start();
    for (size_t i = 0; i < tasks; ++i) {
        yielders[i] = (struct yielder){.wanted = n / tasks};
        crew_add(&crew, yield, &yielders[i]);
    }
    crew_join(&crew);
    watch_stop();
    for (size_t i = 0; i < tasks; ++i)
        done += yielders[i].done;
    REQUIRE(done == n);
}

static void
two(size_t n)
{
    yields(n, 2);
}

static void
thousand(size_t n)
{
    yields(n, 1000);
}

const struct workload yield_workloads[] = {
    {"yield, 2 tasks", "switch", 10000000, two, false},
    {"yield, 1,000 tasks", "switch", 10000000, thousand, false},
    {.name = NULL},
};
