#include "sched/point.h"

#include "os/guard.h"
#include "sched/chaos.h"
#include "sched/seeded.h"

#define BITS 2

fl_atomic32 fl_points;

static fl_atomic32 guard;
static unsigned users[BITS]; /* guard: of each bit */

/* The index of a bit. */
static unsigned
index_of(uint32_t bit)
{
    return (unsigned)__builtin_ctz(bit);
}

void
fl_points_begin(uint32_t bit)
{
    fl_guard_lock(&guard);
    if (users[index_of(bit)]++ == 0) {
        fl_store_release(&fl_points, fl_load_relaxed(&fl_points) | bit);
    }
    fl_guard_unlock(&guard);
}

void
fl_points_end(uint32_t bit)
{
    fl_guard_lock(&guard);
    if (--users[index_of(bit)] == 0) {
        fl_store_release(&fl_points, fl_load_relaxed(&fl_points) & ~bit);
    }
    fl_guard_unlock(&guard);
}

FL_NOINLINE void
fl_point_slowly(const char *where)
{
    uint32_t points = fl_load_relaxed(&fl_points);
    if (points & FL_POINTS_SEEDED) {
        fl_seeded_point(where);
    }
    if (points & FL_POINTS_CHAOS) {
        fl_chaos_point(where);
    }
}

FL_NOINLINE fl_fiber *
fl_me_at_slowly(const char *where)
{
    fl_point(where);
    return fl_me_slowly();
}
