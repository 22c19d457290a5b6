/*
 * An event: a flag that any number of tasks and threads may wait for, like
 * asyncio.Event.
 *
 * Place it anywhere, zeroed, by FILCH_EVENT_INIT or by filch_event_init; do
 * not copy it after the first use. Whoever was let go on by filch_event_set
 * may free it, even while that call is still returning.
 */
#ifndef FILCH_EVENT_H
#define FILCH_EVENT_H

#include <filch/base.h>
#include <filch/time.h>

FILCH_BEGIN_DECLS

typedef struct filch_event {
    filch_guard_ guard_;
    uint32_t state_;
    uint32_t spare_;
    filch_waiters_ waiters_;
} filch_event;

/* clang-format off */
#define FILCH_EVENT_INIT {{0, 0, 0}, 0, 0, {0, 0}}
/* clang-format on */

/* Makes an event that is not set. Returns 0. */
FILCH_API int filch_event_init(filch_event *event);

/* EBUSY while someone waits; else 0, and the memory is the caller's again. */
FILCH_API int filch_event_destroy(filch_event *event);

/* Whether the event is set. */
FILCH_API bool filch_event_is_set(const filch_event *event);

/*
 * Sets the event and wakes all who wait, in the order in which they began to
 * wait. They go on even if the event is cleared at once.
 */
FILCH_API void filch_event_set(filch_event *event);

/* Clears the event: who waits from now on waits for the next set. */
FILCH_API void filch_event_clear(filch_event *event);

/*
 * Waits until the event is set; returns at once where it is. Suspends.
 * ECANCELED, ETIMEDOUT, EDEADLK, ENOMEM.
 */
FILCH_API int filch_event_wait(filch_event *event);
FILCH_API int filch_event_wait_until(filch_event *event, filch_time deadline);

FILCH_END_DECLS

#endif
