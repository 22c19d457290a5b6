/* What a worker does next: as src/sched/find.c and chores.c. */
#include "world.h"

enum { POLL_MOST = 64, FAR_EVERY = 64, OLDEST_EVERY = 1024 };
#define POLL_SOON ns(100000)
#define POLL_LATE ns(500000)

instant
worker_touches(struct world *world, worker *worker)
{
    instant delay = worker->delay;
    worker->delay = 0;
    worker->changed = world->clock;
    return delay;
}

struct inject *
worker_inject(struct world *world, const worker *worker, bool others)
{
    unsigned n = world->protocol.injects;
    for (unsigned i = 0; i < (others ? n : 1); ++i) {
        struct inject *one = &world->injects[((unsigned)worker->index + i) % n];
        if (one->count)
            return one;
    }
    return NULL;
}

/* ---- from the common queue ---- */

/* How long its guard is held to take so many: one by one, since they are linked
 * so, and nobody has them in the cache; or by chunks. */
static instant
hold_for(const struct world *world, uint32_t n)
{
    uint32_t chunk = world->protocol.chunk;
    if (chunk)
        n = (n + chunk - 1) / chunk;
    return ns(world->costs.inject + n * world->costs.chain);
}

fiber *
worker_takes_injected(struct world *world, worker *worker,
                      struct inject *inject, instant *takes)
{
    uint32_t sharers = world->count / world->protocol.injects;
    uint32_t share = inject->count / (sharers ? sharers : 1) + 1;
    uint32_t room = (READY - ready_size(&worker->ready)) / 2 + 1, n = 1;
    share = share < room ? share : room;

    fiber *first = inject->first, *rest = first->next;
    for (; n < share && rest; ++n) {
        fiber *next = rest->next;
        ready_push(&worker->ready, rest);
        worker->injected_until = worker->ready.tail;
        rest = next;
    }
    worker->injected_turn = worker->turn;
    inject->first = rest;
    inject->count -= n;
    *takes +=
        guard_pass(world, &inject->guard, worker->index, hold_for(world, n));
    if (world->protocol.chunk)
        *takes += ns(n * world->costs.chain);
    *takes += ns(n * world->costs.resume) + worker_touches(world, worker);
    return first;
}

/* ---- chores ---- */

static void
poll(struct world *world, worker *worker, instant *takes)
{
    instant took = world->clock - worker->polled;
    worker->polled = world->clock;
    *takes += ns(world->costs.clock);
    if (took > POLL_LATE)
        worker->poll_mask /= 2;
    else if (took < POLL_SOON && worker->poll_mask < POLL_MOST - 1)
        worker->poll_mask = 2 * worker->poll_mask + 1;
    if (timers_earliest(&worker->timers) <= world->clock)
        *takes += timers_run(world, worker, &worker->timers);
}

static fiber *
take_far(worker *worker)
{
    const struct ready *ready = &worker->ready;
    bool full = ready->next || ready_size(ready);
    unsigned every = full ? FAR_EVERY : OLDEST_EVERY;
    if (worker->turn % FAR_EVERY || worker->turn - worker->far_turn < every)
        return NULL;
    worker->far_turn = worker->turn;
    return deque_steal(&worker->deque);
}

static bool
is_injected_turn(const worker *worker)
{
    const struct ready *ready = &worker->ready;
    uint32_t size = ready_size(ready);
    return worker->turn - worker->injected_turn > 1 &&
           (size == 0 || size >= READY - 1 ||
            ready_is_served(ready, worker->injected_until));
}

static fiber *
do_chores(struct world *world, worker *worker, instant *takes)
{
    poll(world, worker, takes);
    bool far_first = worker->turn % (2 * FAR_EVERY) == 0;
    fiber *far = far_first ? take_far(worker) : NULL;
    if (far)
        return far;
    struct inject *inject = worker_inject(world, worker, false);
    if (inject && is_injected_turn(worker))
        return worker_takes_injected(world, worker, inject, takes);
    return far_first ? NULL : take_far(worker);
}

static fiber *
find_near(struct world *world, worker *worker, instant *takes)
{
    fiber *found = NULL;
    while (worker->owed && !found) {
        --worker->owed;
        found = deque_steal(&worker->deque);
    }
    if (!found)
        found = ready_pick(&worker->ready);
    if (!found && (found = deque_pop(&worker->deque)))
        *takes += ns(world->costs.pop);
    struct inject *inject = found ? NULL : worker_inject(world, worker, false);
    if (inject)
        found = worker_takes_injected(world, worker, inject, takes);
    return found;
}

void
worker_finds(struct world *world, actor *actor)
{
    worker *self = (worker *)actor;
    instant takes = ns(world->costs.find) + worker_touches(world, self);
    fiber *found = NULL;
    worker_turns_to(world, self, SCHEDULING);
    if ((++self->turn & self->poll_mask) == 0)
        found = do_chores(world, self, &takes);
    if (!found)
        found = find_near(world, self, &takes);
    if (found) {
        worker_runs(world, self, found, takes);
        return;
    }
    actor->act = worker_idles;
    world_in(world, actor, takes);
}
