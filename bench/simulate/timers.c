/* Each worker's timers, here in a heap: what src/sched/timer.c costs, not
 * how. */
#include "world.h"

#include <stdlib.h>

static bool
earlier(const struct timer *a, const struct timer *b)
{
    return a->due < b->due || (a->due == b->due && a->order < b->order);
}

static void
insert(struct timers *timers, struct timer timer)
{
    if (timers->count + 1 >= timers->room) {
        timers->room = timers->room ? 2 * timers->room : 64;
        timers->heap =
            realloc(timers->heap, timers->room * sizeof *timers->heap);
        if (!timers->heap)
            abort();
    }
    size_t at = ++timers->count;
    struct timer *heap = timers->heap;
    for (; at > 1 && earlier(&timer, &heap[at / 2]); at /= 2)
        heap[at] = heap[at / 2];
    heap[at] = timer;
}

static struct timer
take_first(struct timers *timers)
{
    struct timer *heap = timers->heap, first = heap[1];
    struct timer last = heap[timers->count--];
    size_t at = 1;
    for (size_t child; (child = 2 * at) <= timers->count; at = child) {
        if (child < timers->count && earlier(&heap[child + 1], &heap[child]))
            ++child;
        if (!earlier(&heap[child], &last))
            break;
        heap[at] = heap[child];
    }
    heap[at] = last;
    return first;
}

instant
timers_earliest(const struct timers *timers)
{
    return timers->count ? timers->heap[1].due : NEVER;
}

instant
timer_arm(struct world *world, worker *worker, fiber *fiber, instant due)
{
    struct timers *timers = &worker->timers;
    instant takes =
        guard_pass(world, &timers->guard, worker->index, ns(world->costs.arm));
    if (due < timers_earliest(timers))
        timers->changed = world->clock;
    insert(timers, (struct timer){due, world->order++, fiber});
    return due < world->watch_until - ns(world->protocol.grace)
               ? takes + watch_wake(world)
               : takes;
}

instant
timers_run(struct world *world, worker *worker, struct timers *timers)
{
    instant takes = ns(world->costs.clock);
    while (timers_earliest(timers) <= world->clock) {
        fiber *fiber = take_first(timers).fiber;
        takes += ns(world->costs.locked + world->costs.expire);
        takes += fiber_resume(world, worker, fiber);
        timers->changed = world->clock;
    }
    return guard_pass(world, &timers->guard, worker->index, takes);
}
