/* Independent tasks, all spawned by one, which then joins them in that
 * order. */
#include "loads.h"

#include <stdlib.h>

struct burst {
    struct work work;
    fiber *main;
    size_t spawned;
    struct joins joins;
};

static enum outcome
compute(struct world *world, worker *worker, fiber *self, instant *takes)
{
    struct burst *burst = world->load;
    if (self->at++ == 0) {
        *takes = fiber_compute(world, burst->work.load->work);
        return GOES_ON;
    }
    *takes = join_end(world, worker, &burst->joins, burst->main, self);
    return ENDS;
}

static enum outcome
spawn_and_join(struct world *world, worker *worker, fiber *self, instant *takes)
{
    struct burst *burst = world->load;
    struct joins *joins = &burst->joins;
    if (burst->spawned == 0)
        load_begin(world);
    if (burst->spawned < joins->count) {
        fiber *one = fiber_new(world, compute, NULL);
        joins->fibers[burst->spawned++] = one;
        *takes = fiber_spawn(world, worker, one);
        return GOES_ON;
    }
    if (joins->next < joins->count)
        return join_next(world, worker, joins, takes) ? GOES_ON : WAITS;
    burst->work.end = world->clock;
    world->over = true;
    free(joins->fibers);
    free(self);
    return WAITS;
}

void
burst_start(struct world *world, const struct load *load)
{
    struct burst *burst = load_make(world, load, sizeof *burst);
    burst->work.operations = burst->joins.count = burst_size(load);
    burst->joins.fibers = calloc(burst_size(load), sizeof(fiber *));
    if (!burst->joins.fibers)
        abort();
    burst->main = fiber_new(world, spawn_and_join, NULL);
    load_begins_with(world, burst->main);
}
