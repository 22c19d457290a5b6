/* Producers and consumers: each pair has a queue of its own. */
#include "loads.h"

#include <stdlib.h>

struct pair {
    struct guard guard;
    int filled;
    fiber *producer, *consumer; /* while they wait */
};

struct pairs {
    struct work work;
    fiber *main;
    size_t spawned;
    struct joins joins;
    struct pair pair[];
};

/* One call on the queue, after the item's work. */
static instant
use(struct world *world, worker *worker, struct pair *pair)
{
    return guard_pass(world, &pair->guard, worker->index,
                      ns(world->costs.item));
}

static instant
let_go(struct world *world, worker *worker, fiber **waiting)
{
    fiber *fiber = *waiting;
    *waiting = NULL;
    return fiber ? fiber_resume(world, worker, fiber) : 0;
}

static enum outcome
end(struct world *world, worker *worker, fiber *self, instant *takes)
{
    struct pairs *pairs = world->load;
    *takes = join_end(world, worker, &pairs->joins, pairs->main, self);
    return ENDS;
}

static enum outcome
produce(struct world *world, worker *worker, fiber *self, instant *takes)
{
    struct pairs *pairs = world->load;
    struct pair *pair = self->data;
    if (self->n == ITEMS)
        return end(world, worker, self, takes);
    *takes = use(world, worker, pair);
    if (pair->filled == SLOTS) {
        pair->producer = self;
        return WAITS;
    }
    ++pair->filled;
    ++self->n;
    *takes += let_go(world, worker, &pair->consumer);
    *takes += fiber_compute(world, pairs->work.load->work);
    return GOES_ON;
}

static enum outcome
consume(struct world *world, worker *worker, fiber *self, instant *takes)
{
    struct pairs *pairs = world->load;
    struct pair *pair = self->data;
    if (self->n == ITEMS)
        return end(world, worker, self, takes);
    *takes = use(world, worker, pair);
    if (pair->filled == 0) {
        pair->consumer = self;
        return WAITS;
    }
    --pair->filled;
    ++self->n;
    *takes += let_go(world, worker, &pair->producer);
    *takes += fiber_compute(world, pairs->work.load->work);
    return GOES_ON;
}

static enum outcome
spawn_and_join(struct world *world, worker *worker, fiber *self, instant *takes)
{
    struct pairs *pairs = world->load;
    struct joins *joins = &pairs->joins;
    if (pairs->spawned == 0)
        load_begin(world);
    if (pairs->spawned < joins->count) {
        size_t i = pairs->spawned++;
        joins->fibers[i] =
            fiber_new(world, i % 2 ? consume : produce, &pairs->pair[i / 2]);
        *takes = fiber_spawn(world, worker, joins->fibers[i]);
        return GOES_ON;
    }
    if (joins->next < joins->count)
        return join_next(world, worker, joins, takes) ? GOES_ON : WAITS;
    pairs->work.end = world->clock;
    world->over = true;
    free(joins->fibers);
    free(self);
    return WAITS;
}

void
pairs_start(struct world *world, const struct load *load)
{
    struct pairs *pairs = load_make(
        world, load, sizeof *pairs + sizes->pairs * sizeof(struct pair));
    pairs->work.operations = (uint64_t)sizes->pairs * ITEMS;
    pairs->joins.count = 2 * sizes->pairs;
    pairs->joins.fibers = calloc(pairs->joins.count, sizeof(fiber *));
    if (!pairs->joins.fibers)
        abort();
    pairs->main = fiber_new(world, spawn_and_join, NULL);
    load_begins_with(world, pairs->main);
}
