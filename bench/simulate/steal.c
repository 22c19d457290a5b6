/* What the watch sees and takes: as src/sched/steal.c. */
#include "world.h"

enum { MOST = 32 }; /* of a ring */

static void
count_steal(worker *thief, uint64_t n)
{
    ++thief->steals;
    thief->stolen += n;
}

/* The kernel interrupts each CPU that runs one of the workers. */
static instant
fence(struct world *world, const worker *thief)
{
    double takes = world->costs.membarrier - world->costs.membarrier_cpu;
    for (unsigned i = 0; i < world->count; ++i) {
        worker *one = &world->workers[i];
        if (one == thief || one->pastime == ASLEEP)
            continue;
        one->delay += ns(world->costs.interrupted);
        takes += world->costs.membarrier_cpu;
    }
    return ns(takes);
}

static uint64_t
share(const struct world *world, const struct deque *deque)
{
    uint64_t half = (deque_size(deque) + 1) / 2;
    if (half && deque->entries[deque->top & deque->mask]->is_job)
        return 1;
    return half < world->protocol.most ? half : world->protocol.most;
}

fiber *
steal_half(struct world *world, worker *thief, worker *victim, instant *takes)
{
    struct deque *deque = &victim->deque;
    uint64_t n = share(world, deque);
    *takes += ns(world->costs.line + world->costs.locked);
    if (n == 0 || deque->guard.free_at > world->clock)
        return NULL;
    fiber *first = deque_steal(deque);
    for (uint64_t i = 1; i < n; ++i)
        deque_push(&thief->deque, deque_steal(deque));
    *takes += fence(world, thief) + ns((double)n * world->costs.steal);
    deque->guard.free_at = world->clock + *takes;
    count_steal(thief, n);
    thief->stole = n;
    thief->stole_at = world->clock;
    victim->delay += ns(world->costs.line);
    worker_touches(world, thief);
    return first;
}

static void
look_on(worker *watch, instant age)
{
    watch->looks_for = watch->looks_for > age ? watch->looks_for : age;
}

static fiber *
look_at_deque(struct world *world, worker *watch, worker *victim,
              struct look *look, instant *takes)
{
    if (deque_size(&victim->deque) == 0) {
        look->since = 0;
        return NULL;
    }
    if (look->since == 0 || look->top != victim->deque.top) {
        const struct ready *ready = &victim->ready;
        bool full = ready->next || ready_size(ready);
        if (deque_size(&victim->deque) >= (full ? 64 : 2))
            look_on(watch, ns(world->protocol.deque_age));
        look->top = victim->deque.top;
        look->since = watch->now;
        return NULL;
    }
    if (watch->now - look->since < ns(world->protocol.deque_age))
        return NULL;
    look->since = 0;
    return steal_half(world, watch, victim, takes);
}

static fiber *
take_from_ring(struct world *world, worker *watch, worker *victim,
               instant *takes)
{
    fiber *fibers[MOST];
    uint32_t n = ready_steal(&victim->ready, fibers, MOST);
    *takes += fence(world, watch) + ns(world->costs.line);
    victim->delay += ns(2 * world->costs.line);
    for (uint32_t i = 1; i < n; ++i)
        ready_push(&watch->ready, fibers[i]);
    *takes += ns(n * world->costs.steal);
    if (n == 0)
        return NULL;
    count_steal(watch, n);
    worker_touches(world, watch);
    return fibers[0];
}

static void
note_ring(const worker *watch, const struct ready *victim, struct look *look)
{
    look->tail = victim->tail;
    look->yields = victim->yields;
    look->ring_since = watch->now;
}

static fiber *
look_at_ring(struct world *world, worker *watch, worker *victim,
             struct look *look, instant *takes)
{
    struct ready *ready = &victim->ready;
    if (ready_size(ready) == 0) {
        look->ring_since = 0;
        return NULL;
    }
    look_on(watch, ns(world->protocol.ring_age));
    if (look->ring_since == 0) {
        note_ring(watch, ready, look);
        return NULL;
    }
    if (watch->now - look->ring_since < ns(world->protocol.ring_age))
        return NULL;
    bool reached = (int32_t)(look->tail - ready->head) <= 0;
    bool yields = look->yields != ready->yields;
    note_ring(watch, ready, look);
    return reached && !yields ? NULL
                              : take_from_ring(world, watch, victim, takes);
}

static fiber *
look_at_next(struct world *world, worker *watch, worker *victim,
             struct look *look, instant *takes)
{
    fiber *next = victim->ready.next;
    if (!next || next != look->next || victim->turn != look->turn) {
        look->next = next;
        look->turn = victim->turn;
        look->next_since = watch->now;
        return NULL;
    }
    if (watch->now - look->next_since < ns(world->protocol.next_age))
        return NULL;
    look->next = victim->ready.next = NULL;
    *takes += fence(world, watch) + ns(world->costs.line);
    count_steal(watch, 1);
    return next;
}

fiber *
steal_look(struct world *world, worker *watch, worker *victim, instant *takes)
{
    struct look *look = &world->looks[victim->index];
    if (victim->changed >= look->at) {
        *takes += ns(3 * world->costs.line);
        victim->delay += ns(2 * world->costs.line);
    }
    *takes += ns(world->costs.glance);
    look->at = world->clock;
    fiber *found = look_at_next(world, watch, victim, look, takes);
    if (!found)
        found = look_at_deque(world, watch, victim, look, takes);
    if (!found)
        found = look_at_ring(world, watch, victim, look, takes);
    if (found)
        world->stolen_from = (unsigned)victim->index;
    return found;
}
