/*
 * A semaphore: a number of permits, like asyncio.Semaphore. Nobody overtakes
 * those who wait, not even filch_semaphore_try_acquire.
 *
 * Place it anywhere, by FILCH_SEMAPHORE_INIT(permits) or by
 * filch_semaphore_init; do not copy it after the first use. Whoever was let go
 * on by filch_semaphore_release may free it, even while that call is still
 * returning.
 */
#ifndef FILCH_SEMAPHORE_H
#define FILCH_SEMAPHORE_H

#include <filch/base.h>
#include <filch/time.h>

FILCH_BEGIN_DECLS

typedef struct filch_semaphore {
    filch_guard_ guard_;
    size_t value_;
    size_t bound_; /* one more than the most permits; 0: unbounded */
    filch_waiters_ waiters_;
    void *spares_[2];
} filch_semaphore;

/* clang-format off */
#define FILCH_SEMAPHORE_INIT(permits) {{0, 0, 0}, (size_t)(permits), 0, {0, 0}, {0, 0}}
/* clang-format on */

/* Makes a semaphore of that many permits; bounded: it never has more.
 * Return 0. */
FILCH_API int filch_semaphore_init(filch_semaphore *semaphore, size_t permits);
FILCH_API int filch_semaphore_init_bounded(filch_semaphore *semaphore,
                                           size_t permits);

/* EBUSY while someone waits; else 0. */
FILCH_API int filch_semaphore_destroy(filch_semaphore *semaphore);

/*
 * Takes a permit, waiting for one. Suspends. ECANCELED, ETIMEDOUT, EDEADLK,
 * ENOMEM: no permit was used.
 */
FILCH_API int filch_semaphore_acquire(filch_semaphore *semaphore);
FILCH_API int filch_semaphore_acquire_until(filch_semaphore *semaphore,
                                            filch_time deadline);

/* Takes a permit at once, or EAGAIN. */
FILCH_API int filch_semaphore_try_acquire(filch_semaphore *semaphore);

/*
 * Gives `n` permits, first to those who wait. EOVERFLOW: the value and `n`
 * together are more than the bound, also where others wait, or than fit in a
 * size_t; none was given.
 */
FILCH_API int filch_semaphore_release(filch_semaphore *semaphore, size_t n);

/* The permits that can be had just now. */
FILCH_API size_t filch_semaphore_value(const filch_semaphore *semaphore);

FILCH_END_DECLS

#endif
