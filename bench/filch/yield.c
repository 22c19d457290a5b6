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
    static struct crew crew;
    size_t done = 0;

    n -= n % tasks;
    watch_start();
    for (size_t i = 0; i < tasks; ++i) {
        yielders[i] = (struct yielder){.wanted = n / tasks};
        crew_add(&crew, yield, &yielders[i]);
    }
    crew_join(&crew);
    watch_stop(n);
    for (size_t i = 0; i < tasks; ++i)
        done += yielders[i].done;
    REQUIRE(done == n);
}

const struct workload yield_workloads[] = {
    {"yield", 5000000, 2, yields, 1},
    {.name = NULL},
};
