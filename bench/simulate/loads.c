#include "loads.h"

#include <stdlib.h>

#define LOAD(name, noun, work, what)                                           \
    {                                                                          \
        name, what, work, noun##_start                                         \
    }

const struct load loads[] = {
    LOAD("tree", tree, 0, "a tree of jobs that do nothing"),
    LOAD("tree-10us", tree, 10000, "a tree of jobs of 10 us"),
    LOAD("burst-1us", burst, 1000, "tasks of 1 us from one task"),
    LOAD("burst-10us", burst, 10000, "tasks of 10 us from one task"),
    LOAD("burst-100us", burst, 100000, "tasks of 100 us from one task"),
    LOAD("pairs", pairs, 200, "pairs that pass on items of 200 ns"),
    LOAD("event", crowd, 0, "tasks that wait for one event"),
    LOAD("event-1us", crowd, 1000, "the same, each going on for 1 us"),
    LOAD("sleep", sleep, 1000, "tasks that sleep 0.1 to 1 ms"),
    LOAD("submit-1us", submit, 1000, "tasks of 1 us from plain threads"),
    LOAD("submit-10us", submit, 10000, "tasks of 10 us from plain threads"),
};

const struct sizes full = {
    .tree = 20,
    .coarse_tree = 14,
    .burst = 20000,
    .long_burst = 20000,
    .pairs = 256,
    .crowd = 100000,
    .sleepers = 200,
    .submits = 20000,
};

const struct sizes brief = {
    .tree = 16,
    .coarse_tree = 8,
    .burst = 200,
    .long_burst = 25,
    .pairs = 8,
    .crowd = 2000,
    .sleepers = 200,
    .submits = 300,
};

const struct sizes *sizes = &full;

const size_t load_count = sizeof loads / sizeof *loads;

void *
load_make(struct world *world, const struct load *load, size_t size)
{
    struct work *work = calloc(1, size);
    if (!work)
        abort();
    work->load = load;
    world->load = work;
    return work;
}

void
load_begins_with(struct world *world, fiber *main)
{
    fiber_inject(world, -1, main, main, 1);
}

void
load_begin(struct world *world)
{
    struct work *work = world->load;
    work->begin = world->clock;
    world_forget(world);
}

/* ---- joins ---- */

bool
join_next(struct world *world, worker *worker, struct joins *joins,
          instant *takes)
{
    fiber *next = joins->fibers[joins->next];
    *takes += ns(world->costs.join);
    if (!next->over) {
        joins->awaited = next;
        return false;
    }
    if (next->on != worker->index)
        *takes += ns(world->costs.line);
    free(next);
    ++joins->next;
    return true;
}

instant
join_end(struct world *world, worker *worker, struct joins *joins,
         fiber *joiner, const fiber *ending)
{
    if (joins->awaited != ending)
        return 0;
    joins->awaited = NULL;
    return fiber_resume(world, worker, joiner);
}
