/*
 * Fork-join on the caller's own memory: no allocation, and an un-stolen job is
 * a function call.
 *
 *     struct half left = {tree->left, 0}, right = {tree->right, 0};
 *     filch_job job;
 *     filch_fork(&job, add_up, &left);
 *     add_up(&right);
 *     filch_sync(&job);
 *     return left.sum + right.sum;
 */
#ifndef FILCH_JOB_H
#define FILCH_JOB_H

#include <filch/base.h>

FILCH_BEGIN_DECLS

/* Opaque; needs no initialisation; the caller's from fork until sync. */
typedef struct filch_job {
    filch_fn fn_;
    void *arg_;
    void *forker_;
    uint64_t state_;
    int status_;
    void *spare_[3];
} filch_job;

/*
 * Offers `fn(arg)`, not NULL, to the other workers. Never fails, never
 * suspends. It must be synced by the same task (or job), last forked first
 * synced. From any thread: on a plain thread, in a callback, or when memory runs
 * out, filch_sync runs the job.
 *
 * A job belongs to the task that forked it: filch_current and filch_cancelled
 * in it tell that task's, and suspending calls in it are shielded, stolen or
 * not. The forker may suspend, and move to another worker, between fork and
 * sync.
 */
FILCH_API void filch_fork(filch_job *job, filch_fn fn, void *arg);

/*
 * Runs the job if nobody has begun it, else waits for its end; returns what
 * the job returned. Suspends, but cannot be cancelled, since the job's memory
 * is the caller's. Syncing in the wrong order, or ending a task with a job
 * that is not synced, aborts the program with a message.
 */
FILCH_API int filch_sync(filch_job *job);

/*
 * Calls `fn` for all of `begin` .. `end - 1`, on the workers that are free:
 * with ranges of `grain` indices, the last of which may be shorter. `grain` 0:
 * one is chosen, some eight ranges a worker. Suspends, by fork and sync, and
 * returns when all is done; no heap memory. On a plain thread or in a callback
 * the ranges are run one after the other, with `grain` 0 as one.
 *
 * Returns 0, or what `fn` returned for the lowest range for which that was not
 * 0. All ranges below that one are run; of those above it some may not be.
 * EINVAL: no `fn`.
 *
 * Like filch_sync it cannot be cancelled, and does not look at a cancel: a loop
 * is not left half done behind the caller's back. Where it may be, `fn` asks
 * filch_cancelled, and returns ECANCELED. As in jobs, suspending calls in `fn`
 * are shielded.
 */
FILCH_API int filch_parallel_for(size_t begin, size_t end, size_t grain,
                                 int (*fn)(size_t begin, size_t end, void *arg),
                                 void *arg);

FILCH_END_DECLS

#endif
