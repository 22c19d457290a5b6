/* Tasks in a row, a queue between each and the next. */
#include "crew.h"
#include "groups.h"
#include <stdint.h>

enum { STAGES = 8 };

/* One of the tasks in a row: takes from one queue and puts into the next. */
struct stage {
    filch_queue *in, *out; /* NULL: the row begins, or ends, here */
    size_t n;
    uint64_t sum;
};

/* Items count the stages that they came through. */
static int
pass_on(void *arg)
{
    struct stage *self = arg;
    uint64_t sum = 0;
    int failed = 0;

    for (size_t i = 0; i < self->n; ++i) {
        void *item = NULL;
        if (self->in)
            failed |= filch_queue_get(self->in, &item);
        item = (void *)((uintptr_t)item + 1);
        if (self->out)
            failed |= filch_queue_put(self->out, item);
        sum += (uintptr_t)item;
    }
    self->sum = sum;
    return failed;
}

static void
pipeline(size_t n, size_t slots)
{
    static filch_queue queues[STAGES - 1];
    struct stage stages[STAGES];
    static struct crew crew;

    for (size_t i = 0; i < STAGES - 1; ++i)
        REQUIRE(filch_queue_init(&queues[i], slots) == 0);
    watch_start();
    for (size_t i = 0; i < STAGES; ++i) {
        stages[i] = (struct stage){.n = n};
        stages[i].in = i > 0 ? &queues[i - 1] : NULL;
        stages[i].out = i < STAGES - 1 ? &queues[i] : NULL;
        crew_add(&crew, pass_on, &stages[i]);
    }
    crew_join(&crew);
    watch_stop(n);
    REQUIRE(stages[STAGES - 1].sum == n * STAGES);
    for (size_t i = 0; i < STAGES - 1; ++i)
        REQUIRE(filch_queue_destroy(&queues[i]) == 0);
}

const struct workload pipeline_workloads[] = {
    {"pipeline", 1000000, 64, pipeline, 1},
    {.name = NULL},
};
