/*
 * What chaos does to the order in which a worker comes to its work.
 *
 * CONTRACT  Only with several workers, where no order of what is runnable is
 *           promised: who waits is still granted in its order, and one worker
 *           alone runs what it has as always. Nothing is left lying that would
 *           not have been run otherwise.
 */
#ifndef FL_SCHED_CHAOS_H
#define FL_SCHED_CHAOS_H

#include "os/chaos.h"
#include "sched/worker.h"

static inline bool
fl_chaos_among(const filch_runtime *runtime)
{
    return fl_unlikely(fl_chaos_on) && runtime->count > 1;
}

/* Where a worker's chores are due: moves one of those that are ready to the
 * common queue, for another worker to take, or behind the others; or gives the
 * deque's oldest to be run now. Else NULL. */
fl_work *fl_chaos_shuffle(fl_worker *worker);

/* A call into the library, by that name: delays the caller; or parks it, if it
 * is a task of a runtime with several workers, and has any of them go on with
 * it.
 */
void fl_chaos_point(const char *where);

#endif
