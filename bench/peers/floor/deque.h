/* The deque of a thread, by hand. */
#ifndef FLOOR_DEQUE_H
#define FLOOR_DEQUE_H

#include "floor.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* What a thief would look at: it comes by a fence of the whole process, so that
 * the owner needs none. */
static _Thread_local struct {
    _Alignas(64) atomic_size_t bottom;
    _Alignas(64) atomic_size_t top;
    _Alignas(64) void *_Atomic *slots;
} deque;

enum { SLOTS = 1 << 20 };

static inline void
push(void *work)
{
    size_t at = atomic_load_explicit(&deque.bottom, memory_order_relaxed);

    atomic_store_explicit(&deque.slots[at % SLOTS], work, memory_order_relaxed);
    atomic_store_explicit(&deque.bottom, at + 1, memory_order_release);
}

static inline void *
pop(void)
{
    size_t at = atomic_load_explicit(&deque.bottom, memory_order_relaxed) - 1;

    atomic_store_explicit(&deque.bottom, at, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    REQUIRE(atomic_load_explicit(&deque.top, memory_order_relaxed) <= at);
    return atomic_load_explicit(&deque.slots[at % SLOTS], memory_order_relaxed);
}

/* Makes the thread's own; false: it has one already. */
static inline bool
make_deque(void)
{
    if (deque.slots)
        return false;
    deque.slots = calloc(SLOTS, sizeof *deque.slots);
    REQUIRE(deque.slots);
    return true;
}

#endif
