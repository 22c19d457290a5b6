#include "world.h"

/*
 * As fl_guard_wait: who finds the guard taken keeps away for a while, and looks
 * again. There is mostly somebody who comes to look when it is free, so the
 * guard itself stands idle for a cache line's way only.
 */
instant
guard_pass(struct world *world, struct guard *guard, int index, instant hold)
{
    instant now = world->clock, start = now, pause = ns(world->costs.contend);
    hold += ns(world->costs.locked);
    if (guard->last != index)
        hold += ns(world->costs.line);
    if (guard->free_at > now) {
        start = guard->free_at;
        guard->free_at = start + hold;
        start = now + (start - now + pause - 1) / pause * pause;
        guard->awaited += start - now;
    } else {
        guard->free_at = now + hold;
    }
    guard->last = index;
    guard->held += hold;
    return start + hold - now;
}
