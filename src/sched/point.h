/*
 * Points: the places where a run may be steered. Each public function that
 * touches what tasks share begins with one.
 *
 * CONTRACT  In normal runs a point is a look at one word, which is 0, or at
 *           fl_here, which is NULL where a run is steered (and elsewhere: see
 *           fiber.h). Then the calling task may be parked there, and others run
 *           first: so a point stands before the function holds anything, and
 *           never where one function has been called by another that does.
 *           None stands where a caller learns of itself or of the time, where an
 *           object is set up that nobody else knows yet, or in filch_dump.
 * STATE     fl_points: a bit for each way of steering that some runtime of the
 *           process uses; set as it starts (config.c, seeded.c).
 * MEMORY ORDER  None. A runtime that is steered sets its bit before its workers
 *           start, so that its own tasks always see it; others may see it late,
 *           and it is not meant for them. Hence the plain load.
 */
#ifndef FL_POINT_H
#define FL_POINT_H

#include "fiber/fiber.h"

enum {
    FL_POINTS_SEEDED = 1, /* a runtime is deterministic; seeded.h */
    FL_POINTS_CHAOS = 2   /* chaos is on; chaos.h */
};

extern fl_atomic32 fl_points __attribute__((visibility("hidden")));

/* Whether any run is steered. */
static inline bool
fl_are_points(void)
{
#if defined(FILCH_TSAN_) || defined(FILCH_ASAN_)
    return fl_unlikely(fl_load_relaxed(&fl_points) != 0);
#else
    return fl_unlikely(fl_points != 0);
#endif
}

/* `where` is the public function, as a schedule is to name it. */
void fl_point_slowly(const char *where);

static inline void
fl_point(const char *where)
{
    if (fl_are_points()) {
        fl_point_slowly(where);
    }
}

fl_fiber *fl_me_at_slowly(const char *where);

/* A point, and then the fiber that calls. */
static inline fl_fiber *
fl_me_at(const char *where)
{
    fl_fiber **here = fl_here();
    return fl_likely(here) ? *here : fl_me_at_slowly(where);
}

/* Counts the users of a way of steering, whose bit is set while there are
 * any. */
void fl_points_begin(uint32_t bit);
void fl_points_end(uint32_t bit);

#endif
