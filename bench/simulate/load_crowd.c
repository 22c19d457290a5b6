/* An event that very many tasks wait for. */
#include "loads.h"

#include <stdlib.h>

struct crowd {
    struct work work;
    fiber *main, *first, *last; /* who waits, in that order */
    size_t waiting;
    size_t spawned;
    struct joins joins;
};

static enum outcome
wait_and_go_on(struct world *world, worker *worker, fiber *self, instant *takes)
{
    struct crowd *crowd = world->load;
    switch (self->at++) {
    case 0:
        if (crowd->last)
            crowd->last->next = self;
        else
            crowd->first = self;
        crowd->last = self;
        self->next = NULL;
        self->cold = true;
        *takes = ns(world->costs.locked);
        if (++crowd->waiting == crowd->joins.count)
            *takes += fiber_resume(world, worker, crowd->main);
        return WAITS;
    case 1:
        *takes = fiber_compute(world, crowd->work.load->work);
        return GOES_ON;
    default:
        *takes = join_end(world, worker, &crowd->joins, crowd->main, self);
        return ENDS;
    }
}

/* As fl_resume_chain: the ring's first half, then the rest in one piece. */
static instant
resume_all(struct world *world, worker *worker, struct crowd *crowd)
{
    fiber *first = crowd->first;
    size_t left = crowd->joins.count;
    instant takes = ns((double)left * world->costs.grant);
    while (first && ready_size(&worker->ready) < READY / 2) {
        fiber *next = first->next;
        takes += fiber_resume(world, worker, first);
        first = next;
        --left;
    }
    if (first)
        takes += fiber_inject(world, worker->index, first, crowd->last,
                              (uint32_t)left);
    return takes;
}

/* It spawns all, waits until they wait, sets the event, and joins them. */
static enum outcome
lead(struct world *world, worker *worker, fiber *self, instant *takes)
{
    struct crowd *crowd = world->load;
    struct joins *joins = &crowd->joins;
    if (crowd->spawned < joins->count) {
        fiber *one = fiber_new(world, wait_and_go_on, NULL);
        joins->fibers[crowd->spawned++] = one;
        *takes = fiber_spawn(world, worker, one);
        return GOES_ON;
    }
    if (self->at++ == 0)
        return WAITS;
    if (crowd->work.begin == 0) {
        load_begin(world);
        *takes = resume_all(world, worker, crowd);
        return GOES_ON;
    }
    if (joins->next < joins->count)
        return join_next(world, worker, joins, takes) ? GOES_ON : WAITS;
    crowd->work.end = world->clock;
    world->over = true;
    free(joins->fibers);
    free(self);
    return WAITS;
}

void
crowd_start(struct world *world, const struct load *load)
{
    struct crowd *crowd = load_make(world, load, sizeof *crowd);
    crowd->work.operations = crowd->joins.count = sizes->crowd;
    crowd->joins.fibers = calloc(sizes->crowd, sizeof(fiber *));
    if (!crowd->joins.fibers)
        abort();
    crowd->main = fiber_new(world, lead, NULL);
    load_begins_with(world, crowd->main);
}
