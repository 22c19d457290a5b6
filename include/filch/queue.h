/*
 * A queue of pointers, bounded or not, between any number of producers and
 * consumers, like asyncio.Queue.
 *
 * Those who wait are served in the order in which they began to wait; nobody
 * overtakes them, not even a _nowait call. An item is handed over in the same
 * step that wakes its taker: it never lies between two owners.
 *
 * A zeroed queue (FILCH_QUEUE_INIT) is an empty, unbounded one. Do not copy a
 * queue after the first use; free it when all calls on it have returned.
 */
#ifndef FILCH_QUEUE_H
#define FILCH_QUEUE_H

#include <filch/base.h>
#include <filch/time.h>

FILCH_BEGIN_DECLS

typedef struct filch_queue {
    filch_guard_ guard_;
    void **slots_;
    size_t capacity_; /* slots there is memory for: a power of two, or 0 */
    size_t head_;     /* the oldest item */
    size_t count_;
    size_t limit_; /* below it a put is simple */
    size_t unfinished_;
    uint32_t flags_;
    uint32_t spare_;
    filch_waiters_ getters_;
    filch_waiters_ putters_;
    filch_waiters_ joiners_;
    size_t maxsize_;
    int (*compare_)(const void *, const void *);
    uint64_t order_;
    void *spares_[2];
} filch_queue;

/* clang-format off */
#define FILCH_QUEUE_INIT \
    {{0, 0, 0}, 0, 0, 0, 0, 0, 0, 0, 0, {0, 0}, {0, 0}, {0, 0}, 0, 0, 0, {0, 0}}
/* clang-format on */

/*
 * Makes an empty queue of `maxsize` slots; 0: unbounded. It takes its memory
 * now up to 65,536 slots, beyond that as needed. ENOMEM; it may be destroyed
 * then, or made again.
 */
FILCH_API int filch_queue_init(filch_queue *queue, size_t maxsize);

/*
 * The same, but the last item put leaves first. An item that is put while
 * somebody waits for one goes to the first of them at once, whatever is put
 * before that one runs.
 */
FILCH_API int filch_queue_init_lifo(filch_queue *queue, size_t maxsize);

/*
 * The same, but the smallest item leaves first; equals in the order of their
 * put. (Likewise, one that is put while somebody waits is not compared.)
 * `compare` orders two items as for qsort, is called by whoever uses the queue,
 * with the queue held, and must not use it, nor cancel a task that may wait in
 * it; suspending calls in it return EDEADLK. EINVAL: NULL.
 */
FILCH_API int filch_queue_init_priority(filch_queue *queue, size_t maxsize,
                                        int (*compare)(const void *,
                                                       const void *));

/* Frees the queue's memory and forgets its items. EBUSY while someone waits. */
FILCH_API int filch_queue_destroy(filch_queue *queue);

/*
 * Appends an item, waiting for a free slot. Suspends. ESHUTDOWN, ECANCELED,
 * ETIMEDOUT, EDEADLK, ENOMEM: the item is still the caller's.
 */
FILCH_API int filch_queue_put(filch_queue *queue, void *item);
FILCH_API int filch_queue_put_until(filch_queue *queue, void *item,
                                    filch_time deadline);

/*
 * Puts at once or not at all: never suspends, and takes no notice of a cancel.
 * EAGAIN (it is full, or others wait to put), ESHUTDOWN, ENOMEM: the item is
 * still the caller's.
 */
FILCH_API int filch_queue_put_nowait(filch_queue *queue, void *item);

/*
 * Takes the first item, waiting for one. Suspends. ESHUTDOWN: the queue is
 * shut down and empty. ECANCELED, ETIMEDOUT, EDEADLK, ENOMEM: nothing taken,
 * and `*item` untouched.
 */
FILCH_API int filch_queue_get(filch_queue *queue, void **item);
FILCH_API int filch_queue_get_until(filch_queue *queue, void **item,
                                    filch_time deadline);

/*
 * Takes at once or not at all, likewise. EAGAIN: it is empty, or others wait
 * for an item. ESHUTDOWN: it is shut down and empty.
 */
FILCH_API int filch_queue_get_nowait(filch_queue *queue, void **item);

/*
 * Appends `n` items, waiting for slots as often as needed. Suspends. `*done`
 * (NULL: not wanted) says how many were appended, also on an error; the rest
 * are still the caller's. ESHUTDOWN, ECANCELED, ETIMEDOUT, EDEADLK, ENOMEM.
 */
FILCH_API int filch_queue_put_many(filch_queue *queue, void *const *items,
                                   size_t n, size_t *done);
FILCH_API int filch_queue_put_many_until(filch_queue *queue, void *const *items,
                                         size_t n, size_t *done,
                                         filch_time deadline);

/*
 * Takes up to `n` items: it waits for the first only, and takes what else is
 * there. Suspends. `*done` (NULL: not wanted) says how many were taken; with
 * `n` 0 it waits for nothing. ESHUTDOWN, ECANCELED, ETIMEDOUT, EDEADLK, ENOMEM:
 * none.
 */
FILCH_API int filch_queue_get_many(filch_queue *queue, void **items, size_t n,
                                   size_t *done);
FILCH_API int filch_queue_get_many_until(filch_queue *queue, void **items,
                                         size_t n, size_t *done,
                                         filch_time deadline);

/*
 * Says that an item which was taken has been dealt with. EINVAL: once more
 * than items were put.
 */
FILCH_API int filch_queue_task_done(filch_queue *queue);

/*
 * Waits until filch_queue_task_done has been called for every item put.
 * Suspends. ECANCELED, ETIMEDOUT, EDEADLK, ENOMEM.
 */
FILCH_API int filch_queue_join(filch_queue *queue);
FILCH_API int filch_queue_join_until(filch_queue *queue, filch_time deadline);

/* Items in the queue, and its slots (0: unbounded). */
FILCH_API size_t filch_queue_size(const filch_queue *queue);
FILCH_API size_t filch_queue_maxsize(const filch_queue *queue);

/* Whether the queue has no item, or no free slot; true just then. */
FILCH_API bool filch_queue_empty(const filch_queue *queue);
FILCH_API bool filch_queue_full(const filch_queue *queue);

/*
 * Puts return ESHUTDOWN from now on, those that wait too; gets do once the
 * queue is empty. `immediate` also takes out what is in the queue, which then
 * counts as done, so that gets end at once; filch_queue_drain hands those
 * items out. Shutting down again does no harm. Returns 0.
 */
FILCH_API int filch_queue_shutdown(filch_queue *queue, bool immediate);

/*
 * Hands out up to `n` of the items that an immediate shutdown took out, so
 * that they can be freed; `*done` (NULL: not wanted) says how many, 0 when none
 * is left. EINVAL: the queue was not shut down immediately.
 */
FILCH_API int filch_queue_drain(filch_queue *queue, void **items, size_t n,
                                size_t *done);

FILCH_END_DECLS

#endif
