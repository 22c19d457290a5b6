/*
 * A barrier: a number of parties wait for each other, like asyncio.Barrier.
 *
 * Place it anywhere, by FILCH_BARRIER_INIT or by filch_barrier_init (a zeroed
 * one is none); do not copy it after the first use. Free it when all calls on
 * it have returned.
 */
#ifndef FILCH_BARRIER_H
#define FILCH_BARRIER_H

#include <filch/base.h>
#include <filch/time.h>

FILCH_BEGIN_DECLS

typedef struct filch_barrier {
    filch_guard_ guard_;
    size_t parties_;
    size_t arrived_;
    uint32_t broken_;
    uint32_t spare_;
    filch_waiters_ waiters_;
    void *spares_[1];
} filch_barrier;

/* clang-format off */
#define FILCH_BARRIER_INIT(parties) {{0, 0, 0}, (size_t)(parties), 0, 0, 0, {0, 0}, {0}}
/* clang-format on */

/* Makes a barrier of that many parties. EINVAL: none. */
FILCH_API int filch_barrier_init(filch_barrier *barrier, size_t parties);

/* EBUSY while someone waits; else 0. */
FILCH_API int filch_barrier_destroy(filch_barrier *barrier);

/*
 * Waits until all parties have come; `*index` (NULL: not wanted) tells them
 * apart, from 0 up to parties - 1, and is untouched on an error. Suspends.
 * EPIPE: the barrier is broken, or was reset meanwhile. ECANCELED, ETIMEDOUT,
 * EDEADLK, ENOMEM: the caller does not count as come. EINVAL: a barrier of no
 * parties.
 */
FILCH_API int filch_barrier_wait(filch_barrier *barrier, size_t *index);
FILCH_API int filch_barrier_wait_until(filch_barrier *barrier, size_t *index,
                                       filch_time deadline);

/* Breaks the barrier: who waits, or comes before a reset, gets EPIPE.
 * Returns 0. */
FILCH_API int filch_barrier_abort(filch_barrier *barrier);

/* Makes the barrier as new; who waits gets EPIPE. Returns
 * 0. */
FILCH_API int filch_barrier_reset(filch_barrier *barrier);

FILCH_END_DECLS

#endif
