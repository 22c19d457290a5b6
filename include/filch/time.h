/*
 * Time: signed nanoseconds on the monotonic clock. Durations and deadlines
 * have the same type; a deadline is a point in time, as filch_now gives it.
 */
#ifndef FILCH_TIME_H
#define FILCH_TIME_H

#include <filch/base.h>

typedef int64_t filch_time;

/* A deadline that never comes. */
#define FILCH_NEVER INT64_MAX

/* Durations in nanoseconds, also of a fraction: FILCH_SEC(0.5). */
#define FILCH_US(n) ((filch_time)((n)*INT64_C(1000)))
#define FILCH_MS(n) ((filch_time)((n)*INT64_C(1000000)))
#define FILCH_SEC(n) ((filch_time)((n)*INT64_C(1000000000)))

FILCH_BEGIN_DECLS

/* The present, in nanoseconds; in a deterministic run, or one in virtual time,
 * that run's. From any thread; never fails. */
FILCH_API filch_time filch_now(void);

/*
 * The deadline `ns` nanoseconds from now. What lies beyond the end of time is
 * FILCH_NEVER; a negative duration gives a deadline that has passed. From any
 * thread; never fails.
 */
FILCH_API filch_time filch_after(filch_time ns);

FILCH_END_DECLS

#endif
