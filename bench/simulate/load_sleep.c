/* Many tasks that sleep, compute a little, and sleep again. */
#include "loads.h"

#include <stdlib.h>

struct sleepers {
    struct work work;
    fiber *main;
    size_t spawned;
    struct joins joins;
};

static enum outcome
doze(struct world *world, worker *worker, fiber *self, instant *takes)
{
    struct sleepers *sleepers = world->load;
    if (self->at == SLEEPS) {
        *takes =
            join_end(world, worker, &sleepers->joins, sleepers->main, self);
        return ENDS;
    }
    if (self->n) {
        sleepers->work.lateness += (double)(world->clock - self->n) / 1000;
        self->n = 0;
        ++self->at;
        *takes = fiber_compute(world, sleepers->work.load->work);
        return GOES_ON;
    }
    self->n = world->clock +
              ns(SLEEP_LEAST + world_chance(world, SLEEP_MOST - SLEEP_LEAST));
    *takes = ns(world->costs.clock) + timer_arm(world, worker, self, self->n);
    return WAITS;
}

static enum outcome
spawn_and_join(struct world *world, worker *worker, fiber *self, instant *takes)
{
    struct sleepers *sleepers = world->load;
    struct joins *joins = &sleepers->joins;
    if (sleepers->spawned == 0)
        load_begin(world);
    if (sleepers->spawned < joins->count) {
        fiber *one = fiber_new(world, doze, NULL);
        joins->fibers[sleepers->spawned++] = one;
        *takes = fiber_spawn(world, worker, one);
        return GOES_ON;
    }
    if (joins->next < joins->count)
        return join_next(world, worker, joins, takes) ? GOES_ON : WAITS;
    sleepers->work.end = world->clock;
    world->over = true;
    free(joins->fibers);
    free(self);
    return WAITS;
}

void
sleep_start(struct world *world, const struct load *load)
{
    struct sleepers *sleepers = load_make(world, load, sizeof *sleepers);
    sleepers->joins.count = sizes->sleepers * world->count;
    sleepers->work.operations = sleepers->joins.count * SLEEPS;
    sleepers->joins.fibers = calloc(sleepers->joins.count, sizeof(fiber *));
    if (!sleepers->joins.fibers)
        abort();
    sleepers->main = fiber_new(world, spawn_and_join, NULL);
    load_begins_with(world, sleepers->main);
}
