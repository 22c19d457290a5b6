#include "result.h"

#include <stdlib.h>

enum { MOST_EVENTS = 100000000 };

static double
part(instant of, instant wall)
{
    return wall > 0 ? (double)of / (double)wall : 0;
}

static void
add_workers(struct result *result, const struct world *world, instant wall)
{
    for (unsigned i = 0; i < world->count; ++i) {
        const worker *worker = &world->workers[i];
        for (int pastime = 0; pastime < PASTIMES; ++pastime)
            result->spent[pastime] +=
                part(worker->spent[pastime], wall * (instant)world->count);
        result->steals += worker->steals;
        result->stolen += worker->stolen;
        result->naps += worker->naps;
        result->wakes += worker->wakes;
    }
}

static void
add_guards(struct result *result, const struct world *world, instant wall)
{
    for (unsigned i = 0; i < world->protocol.injects; ++i) {
        result->inject_held += part(world->injects[i].guard.held, wall);
        result->inject_awaited +=
            part(world->injects[i].guard.awaited, wall * (instant)world->count);
    }
    result->inject_held /= world->protocol.injects;
    result->idle_held = part(world->idle_guard.held, wall);
    result->depot_held = part(world->depot.held, wall);
}

struct result
simulate(const struct load *load, unsigned workers, const struct costs *costs,
         const struct protocol *protocol, uint64_t seed)
{
    struct world *world = world_new(workers, costs, protocol, seed);
    world->most_events = MOST_EVENTS;
    load->start(world, load);
    struct work *work = world->load;

    struct result result = {.came_to_its_end = world_run(world)};
    instant wall = work->end - work->begin;
    result.operations = (double)work->operations;
    result.wall = (double)wall / 1000;
    result.useful = part(world->useful, wall * (instant)workers);
    result.lateness = work->lateness / (double)work->operations;
    add_workers(&result, world, wall);
    add_guards(&result, world, wall);
    result.events = world->events;
    result.made = world->made;
    result.ended = world->ended;
    free(work);
    world_free(world);
    return result;
}
