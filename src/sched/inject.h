/*
 * The runtime's common queue: what comes from plain threads and other runtimes,
 * what does not fit into a worker's ring, and most who were woken for a lock.
 * First in, first out; a chain goes in at once, however long.
 *
 * NO LOST WAKEUP  A stranger who pushes then looks whether the runtime's watch
 *           sleeps (see idle.c); `count` is changed by a seq_cst addition
 *           before that, and the watch reads it after announcing its sleep. A
 *           worker need not look: it comes to the queue itself. It is changed
 *           with the guard: counted later, by who has lost its CPU meanwhile,
 *           another's fiber would be taken on its account, and be in no count.
 * CHECKED BY  tests/model/inject.c, idle.c
 */
#ifndef FL_INJECT_H
#define FL_INJECT_H

#include "fiber/fiber.h"

typedef struct fl_inject {
    fl_atomic32 guard;
    fl_atomic32 count; /* how many are in it; changed under guard */
    fl_fiber *first;   /* guard */
    fl_fiber *last;    /* guard */
} fl_inject;

/* Appends the chain first .. last of n fibers, linked by next. */
void fl_inject_push(fl_inject *inject, fl_fiber *first, fl_fiber *last,
                    uint32_t n);

/* Takes up to n from the front as a chain; how many. */
uint32_t fl_inject_pop(fl_inject *inject, fl_fiber **first, uint32_t n);

static inline uint32_t
fl_inject_count(const fl_inject *inject)
{
    return fl_load_seq_cst(&inject->count);
}

#endif
