/*
 * Callbacks at a time. They run on a worker of the runtime that armed them,
 * not in a task: suspending calls return EDEADLK there.
 *
 * On one worker callbacks run by deadline, then in the order of arming; what a
 * callback arms comes after all that were due before it began, as in asyncio, so
 * that one that arms itself for a time that has passed keeps nobody waiting. With
 * several workers two may run at once.
 */
#ifndef FILCH_TIMER_H
#define FILCH_TIMER_H

#include <filch/base.h>
#include <filch/time.h>

FILCH_BEGIN_DECLS

/*
 * Place it anywhere, zeroed, by FILCH_TIMER_INIT or by filch_timer_init, before
 * it is armed for the first time; do not copy it after that.
 *
 * The caller owns the timer, and keeps it until the callback begins, the timer
 * is cancelled or the runtime has ended. The runtime does not touch it once the
 * callback begins, which may free it or arm it again.
 */
typedef struct filch_timer {
    filch_time deadline_;
    uint64_t order_;
    void *heap_;
    struct filch_timer *child_, *sibling_, *previous_;
    void (*fn_)(void *arg);
    void *arg_;
    uint32_t kind_;
    uint32_t slot_;
    struct filch_timer *ahead_[2];
    uint64_t gone_;
    uint64_t spare_;
} filch_timer;

/* clang-format off */
#define FILCH_TIMER_INIT {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, {0, 0}, 0, 0}
/* clang-format on */

/* Makes a timer that is not armed. Returns 0. */
FILCH_API int filch_timer_init(filch_timer *timer);

/*
 * Arms the timer: `fn(arg)` runs once `delay` nanoseconds have passed, or at
 * the point in time `when`; soon, if that has passed. With `timer` NULL it
 * cannot be cancelled. From a task or a callback; EPERM on a plain thread.
 * EBUSY: it is armed. ENOMEM: with `timer` NULL. EINVAL: no `fn`.
 */
FILCH_API int filch_call_later(filch_timer *timer, filch_time delay,
                               void (*fn)(void *arg), void *arg);
FILCH_API int filch_call_at(filch_timer *timer, filch_time when,
                            void (*fn)(void *arg), void *arg);

/* `fn(arg)` runs soon, after what was due before: on the caller's worker, mostly as
 * the caller next suspends, or on another. EPERM, ENOMEM, EINVAL: as above. */
FILCH_API int filch_call_soon(void (*fn)(void *arg), void *arg);

/*
 * Disarms the timer. Whether this kept the callback from running: false if the
 * timer was not armed, or its callback runs or has run.
 */
FILCH_API bool filch_timer_cancel(filch_timer *timer);

/*
 * Disarms the timer, and waits until its callback does not run any more.
 * Suspends. EDEADLK in a callback, this one's or another's. ECANCELED,
 * ETIMEDOUT, ENOMEM: its callback may run, or have armed it again.
 */
FILCH_API int filch_timer_cancel_wait(filch_timer *timer);
FILCH_API int filch_timer_cancel_wait_until(filch_timer *timer,
                                            filch_time deadline);

FILCH_END_DECLS

#endif
