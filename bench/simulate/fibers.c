#include "world.h"

#include <stdlib.h>

enum { BATCH = 64 }; /* descriptors between a cache and the depot */

/* ---- running ---- */

static instant
go_to(const struct world *world, worker *worker, fiber *fiber)
{
    const struct costs *costs = &world->costs;
    double takes = fiber->begun    ? costs->change
                   : fiber->is_job ? 0
                                   : costs->task;
    if (fiber->on >= 0 && fiber->on != worker->index)
        takes += costs->moved;
    if (fiber->cold)
        takes += costs->woken;
    fiber->cold = false;
    fiber->begun = true;
    fiber->on = worker->index;
    return ns(takes);
}

/* Descriptors come back where tasks end; what is too much goes to the depot. */
static instant
give_back(struct world *world, worker *worker)
{
    if (++worker->descriptors < 2 * BATCH)
        return 0;
    worker->descriptors -= BATCH;
    return guard_pass(world, &world->depot, worker->index,
                      ns(world->costs.depot));
}

static void
run(struct world *world, actor *actor)
{
    worker *self = (worker *)actor;
    fiber *fiber = self->current;
    instant takes = 0;
    worker_turns_to(world, self, WORKING);
    enum outcome outcome = fiber->step(world, self, fiber, &takes);
    if (outcome == YIELDS) {
        ready_push(&self->ready, fiber);
        ++self->ready.yields;
    }
    if (outcome == ENDS) {
        if (fiber->over)
            abort(); /* it has run twice */
        fiber->over = true;
        ++world->ended;
        ++self->ran;
        if (!fiber->is_job)
            takes += give_back(world, self);
        if (fiber->detached)
            free(fiber);
    }
    if (outcome != GOES_ON)
        actor->act = worker_finds;
    world_in(world, actor, takes);
}

void
worker_runs(struct world *world, worker *worker, fiber *fiber, instant takes)
{
    worker->current = fiber;
    worker->actor.act = run;
    world_in(world, &worker->actor, takes + go_to(world, worker, fiber));
}

/* ---- for the bodies ---- */

fiber *
fiber_new(struct world *world, step *step, void *data)
{
    fiber *fiber = calloc(1, sizeof *fiber);
    if (!fiber)
        abort();
    fiber->step = step;
    fiber->data = data;
    fiber->on = -1;
    ++world->made;
    return fiber;
}

instant
fiber_spawn(struct world *world, worker *worker, fiber *fiber)
{
    instant takes = ns(world->costs.spawn + world->costs.push) +
                    worker_touches(world, worker);
    if (worker->descriptors == 0) {
        worker->descriptors = BATCH;
        takes += guard_pass(world, &world->depot, worker->index,
                            ns(world->costs.depot));
    }
    --worker->descriptors;
    fiber->on = worker->index;
    deque_push(&worker->deque, fiber);
    return takes;
}

instant
fiber_resume(struct world *world, worker *worker, fiber *fiber)
{
    instant takes = ns(world->costs.resume) + worker_touches(world, worker);
    if (!ready_put(&worker->ready, fiber))
        takes += fiber_inject(world, worker->index, fiber, fiber, 1);
    return takes;
}

instant
fiber_compute(struct world *world, double length)
{
    world->useful += ns(length);
    return ns(length);
}

/* What a worker puts into the common queue. */
static void
comes_after_ring(worker *worker)
{
    if (ready_is_served(&worker->ready, worker->injected_until))
        worker->injected_until = worker->ready.tail;
}

instant
fiber_inject(struct world *world, int index, fiber *first, fiber *last,
             uint32_t n)
{
    unsigned to = index >= 0 ? (unsigned)index % world->protocol.injects
                             : world_chance(world, world->protocol.injects);
    struct inject *inject = &world->injects[to];
    if (index >= 0)
        comes_after_ring(&world->workers[index]);
    inject_append(inject, first, last, n);
    instant takes =
        guard_pass(world, &inject->guard, index, ns(world->costs.inject));
    return index >= 0 ? takes : takes + watch_wake(world);
}
