#include "world.h"

#include <stdlib.h>

/* ---- a deque: newest out for its owner, oldest for thieves ---- */

static void
grow(struct deque *deque)
{
    size_t mask = 2 * deque->mask + 1;
    fiber **entries = calloc(mask + 1, sizeof *entries);
    if (!entries)
        abort();
    for (uint64_t i = deque->top; i < deque->bottom; ++i)
        entries[i & mask] = deque->entries[i & deque->mask];
    free(deque->entries);
    deque->entries = entries;
    deque->mask = mask;
}

void
deque_push(struct deque *deque, fiber *fiber)
{
    if (deque_size(deque) > deque->mask)
        grow(deque);
    deque->entries[deque->bottom++ & deque->mask] = fiber;
}

fiber *
deque_pop(struct deque *deque)
{
    if (deque_size(deque) == 0)
        return NULL;
    return deque->entries[--deque->bottom & deque->mask];
}

fiber *
deque_steal(struct deque *deque)
{
    if (deque_size(deque) == 0)
        return NULL;
    return deque->entries[deque->top++ & deque->mask];
}

/* ---- the next slot and the ring ---- */

uint32_t
ready_size(const struct ready *ready)
{
    return ready->tail - ready->head;
}

bool
ready_push(struct ready *ready, fiber *fiber)
{
    if (ready_size(ready) >= READY)
        return false;
    ready->slots[ready->tail++ % READY] = fiber;
    return true;
}

bool
ready_put(struct ready *ready, fiber *fiber)
{
    if (ready->next)
        return ready_push(ready, fiber);
    ready->next = fiber;
    return true;
}

static fiber *
take_first(struct ready *ready)
{
    return ready_size(ready) ? ready->slots[ready->head++ % READY] : NULL;
}

bool
ready_is_served(const struct ready *ready, uint32_t until)
{
    return until - ready->head - 1 > READY;
}

static fiber *
take_next(struct ready *ready)
{
    fiber *next = ready->next;
    ready->next = NULL;
    return next;
}

fiber *
ready_pick(struct ready *ready)
{
    fiber *fiber = NULL;
    if (ready->streak < STREAK) {
        fiber = take_next(ready);
        ++ready->streak;
    }
    if (!fiber) {
        ready->streak = 0;
        fiber = take_first(ready);
    }
    return fiber ? fiber : take_next(ready);
}

uint32_t
ready_steal(struct ready *ready, fiber **fibers, uint32_t most)
{
    uint32_t n = (ready_size(ready) + 1) / 2;
    n = n < most ? n : most;
    for (uint32_t i = 0; i < n; ++i)
        fibers[i] = take_first(ready);
    return n;
}

/* ---- the common queue ---- */

void
inject_append(struct inject *inject, fiber *first, fiber *last, uint32_t n)
{
    last->next = NULL;
    if (inject->first)
        inject->last->next = first;
    else
        inject->first = first;
    inject->last = last;
    inject->count += n;
}
