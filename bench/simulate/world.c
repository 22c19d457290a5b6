#include "world.h"

#include <stdlib.h>
#include <string.h>

const struct protocol as_is = {
    .looks_spinning = 16,
    .nap_first = 50000,
    .grace = 50000,
    .worth_each = 250,
    .worth_it = 12000,
    .vain_most = 6,
    .nap_last = 1000000,
    .deque_age = 1000,
    .ring_age = 10000,
    .next_age = 20000,
    .most = 256,
    .help = 4,
    .help_waits = true,
    .injects = 1,
};

/* ---- what happens next: a binary heap ---- */

static bool
before(const actor *a, const actor *b)
{
    return a->when < b->when || (a->when == b->when && a->order < b->order);
}

static void
put(struct world *world, size_t at, actor *actor)
{
    world->heap[at] = actor;
    actor->at = at;
}

static void
rise(struct world *world, size_t at)
{
    actor *actor = world->heap[at];
    while (at > 1 && before(actor, world->heap[at / 2])) {
        put(world, at, world->heap[at / 2]);
        at /= 2;
    }
    put(world, at, actor);
}

static void
sink(struct world *world, size_t at)
{
    actor *actor = world->heap[at];
    for (size_t child; (child = 2 * at) <= world->actors; at = child) {
        if (child < world->actors &&
            before(world->heap[child + 1], world->heap[child]))
            ++child;
        if (!before(world->heap[child], actor))
            break;
        put(world, at, world->heap[child]);
    }
    put(world, at, actor);
}

static void
take_out(struct world *world, actor *gone)
{
    size_t at = gone->at;
    actor *last = world->heap[world->actors--];
    gone->at = 0;
    if (last == gone)
        return;
    put(world, at, last);
    rise(world, at);
    sink(world, last->at);
}

void
world_at(struct world *world, actor *actor, instant when)
{
    if (actor->at)
        take_out(world, actor);
    if (when == NEVER)
        return;
    if (world->actors + 2 > world->room) {
        world->room = world->room ? 2 * world->room : 64;
        world->heap = realloc(world->heap, world->room * sizeof *world->heap);
        if (!world->heap)
            abort();
    }
    actor->when = when;
    actor->order = world->order++;
    put(world, ++world->actors, actor);
    rise(world, world->actors);
}

bool
world_run(struct world *world)
{
    while (!world->over) {
        if (world->actors == 0 || world->events == world->most_events)
            return false;
        actor *next = world->heap[1];
        take_out(world, next);
        world->clock = next->when;
        ++world->events;
        next->act(world, next);
    }
    for (unsigned i = 0; i < world->count; ++i)
        worker_turns_to(world, &world->workers[i], SCHEDULING);
    return true;
}

uint32_t
world_chance(struct world *world, uint32_t n)
{
    /* splitmix64 */
    uint64_t z = (world->seed += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (uint32_t)((z ^ (z >> 31)) >> 32) % n;
}

/* ---- all of it ---- */

static void *
zeroed(size_t n, size_t size)
{
    void *memory = calloc(n, size);
    if (!memory)
        abort();
    return memory;
}

static void
worker_init(struct world *world, worker *worker, int index)
{
    worker->index = index;
    worker->deque.mask = 255;
    worker->deque.entries = zeroed(256, sizeof *worker->deque.entries);
    worker->timers.guard.last = -1;
    worker->actor.act = worker_idles;
    worker->pastime = SCHEDULING;
    world_at(world, &worker->actor, ns(index * 10)); /* not all in step */
}

struct world *
world_new(unsigned workers, const struct costs *costs,
          const struct protocol *protocol, uint64_t seed)
{
    struct world *world = zeroed(1, sizeof *world);
    world->costs = *costs;
    world->protocol = *protocol;
    world->seed = seed;
    world->most_events = UINT64_MAX;
    world->count = workers;
    world->workers = zeroed(workers, sizeof *world->workers);
    world->looks = zeroed(workers, sizeof *world->looks);
    world->injects = zeroed(protocol->injects, sizeof *world->injects);
    for (unsigned i = 0; i < workers; ++i)
        worker_init(world, &world->workers[i], (int)i);
    return world;
}

void
world_free(struct world *world)
{
    for (unsigned i = 0; i < world->count; ++i) {
        free(world->workers[i].deque.entries);
        free(world->workers[i].timers.heap);
    }
    free(world->workers);
    free(world->looks);
    free(world->injects);
    free(world->heap);
    free(world);
}

static void
forget_guard(struct guard *guard)
{
    guard->held = guard->awaited = 0;
}

void
world_forget(struct world *world)
{
    world->useful = 0;
    forget_guard(&world->depot);
    forget_guard(&world->idle_guard);
    for (unsigned i = 0; i < world->protocol.injects; ++i)
        forget_guard(&world->injects[i].guard);
    for (unsigned i = 0; i < world->count; ++i) {
        worker *worker = &world->workers[i];
        memset(worker->spent, 0, sizeof worker->spent);
        worker->since = world->clock;
    }
}

void
worker_turns_to(struct world *world, worker *worker, enum pastime pastime)
{
    worker->spent[worker->pastime] += world->clock - worker->since;
    worker->since = world->clock;
    worker->pastime = pastime;
}
