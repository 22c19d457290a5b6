/*
 * What goes through a scene's object, counted on both sides: into `in` before
 * it can come out, into `out` once it has. So at any moment
 *
 *     out <= in <= out + most
 *
 * where no more than `most` may be under way; and none is where the scene has
 * closed. Who looks reads the three in that order, `out` on either side, since
 * both go on growing. The counts only release: they give those who count no
 * order that the object itself does not give them.
 */
#ifndef VOLUME_FLOW_H
#define VOLUME_FLOW_H

#include "../harness/harness.h"

struct flow {
    const char *what;
    atomic_ulong in, out;
    atomic_ulong most; /* changes only while none is under way */
};

static inline void
flow_in(struct flow *flow, unsigned long n)
{
    atomic_fetch_add_explicit(&flow->in, n, memory_order_release);
}

/* So many of those that were counted in did not go in. */
static inline void
flow_back(struct flow *flow, unsigned long n)
{
    atomic_fetch_sub_explicit(&flow->in, n, memory_order_release);
}

static inline void
flow_out(struct flow *flow, unsigned long n)
{
    atomic_fetch_add_explicit(&flow->out, n, memory_order_release);
}

/* Once the scene has closed. */
static inline void
flow_is_even(struct flow *flow)
{
    EQ(atomic_load(&flow->in), atomic_load(&flow->out));
}

/* At any time; says so where it does not hold. */
static inline bool
flow_holds(struct flow *flow)
{
    unsigned long before = atomic_load(&flow->out);
    unsigned long in = atomic_load(&flow->in);
    unsigned long most = atomic_load(&flow->most);
    unsigned long after = atomic_load(&flow->out);
    if (before <= in && (in <= after || in - after <= most))
        return true;
    printf("\n%lu %s went in, %lu came out before and %lu after; no more than "
           "%lu can be under way\n",
           in, flow->what, before, after, most);
    return false;
}

#endif
