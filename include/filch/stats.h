/* What the workers did, and what the tasks are at. */
#ifndef FILCH_STATS_H
#define FILCH_STATS_H

#include <filch/base.h>
#include <filch/runtime.h>
#include <stdio.h>

FILCH_BEGIN_DECLS

/* The counters of one worker, since it started. */
typedef struct filch_stats {
    uint64_t tasks;    /* tasks that ended on it */
    uint64_t spawned;  /* tasks that it made */
    uint64_t jobs;     /* forked jobs of others that it ran */
    uint64_t switches; /* times a task suspended on it */
    uint64_t steals;   /* times it took work from another worker */
    uint64_t stolen;   /* tasks and jobs that it took by those */
    uint64_t sleeps;   /* times it slept for want of work */
    uint64_t timers;   /* timers that went off on it */
    uint64_t spare_[4];
} filch_stats;

/*
 * Fills `stats[0 .. n-1]`, one a worker; `*workers` (NULL: not wanted) gets
 * the number of workers, which may be more. `runtime` NULL means the caller's
 * own. From any thread while the runtime lives; the counters of a running
 * worker are a moment old. EPERM: NULL, and the caller has no runtime.
 */
FILCH_API int filch_stats_read(filch_runtime *runtime, filch_stats *stats,
                               size_t n, size_t *workers);

/*
 * Writes every live task of the process, with its name, its state and what it
 * waits for. Takes no lock of a runtime, so it may be called at any time, from
 * any thread or a debugger; what changes meanwhile may show either way.
 */
FILCH_API void filch_dump(FILE *out);

FILCH_END_DECLS

#endif
