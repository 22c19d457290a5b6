/*
 * The fibers of one worker that were woken, or have yielded.
 *
 * CONTRACT  A *next* slot for one fiber, and a ring, first in first out. The
 *           owner puts in and takes out; other workers take from the ring's
 *           head, and from the slot.
 * STATE     head    index of the first in the ring; whoever moves it by a cas
 *                   from h to h + n owns those n
 *           tail    index after the last; only the owner writes it
 *           next    only the owner puts something in, and only while it is
 *                   empty; whoever exchanges it for NULL owns it
 *           I1  the ring holds head .. tail - 1, at most FL_READY of them
 * MEMORY ORDER  R1 the store to tail releases the slots to R2, a thief's load of
 *           tail. A thief may read a slot that the owner is writing anew, since
 *           head has moved on; then R3, its cas of head, fails.
 * SOURCE    The local run queue of Go's scheduler (runtime/proc.go).
 * REJECTED  Letting woken fibers into the deque: last in first out, two that
 *           wake each other starve all others.
 */
#ifndef FL_READY_H
#define FL_READY_H

#include "base/atomic.h"

#define FL_READY 1024u

struct fl_fiber;

typedef struct fl_ready {
    fl_atomic_ptr next;
    fl_atomic32 head;
    fl_atomic32 tail;
    fl_atomic_ptr slots[FL_READY];
} fl_ready;

static inline uint32_t
fl_ready_size(const fl_ready *ready)
{
    uint32_t n = fl_load_relaxed(&ready->tail) - fl_load_relaxed(&ready->head);
    return n <= FL_READY ? n : 0;
}

/* Owner only: appends; false when the ring is full. */
static inline bool
fl_ready_push(fl_ready *ready, struct fl_fiber *fiber)
{
    uint32_t tail = fl_load_relaxed(&ready->tail);
    if (tail - fl_load_acquire(&ready->head) >= FL_READY) {
        return false;
    }
    fl_store_relaxed(&ready->slots[tail % FL_READY], (void *)fiber);
    fl_store_release(&ready->tail, tail + 1); /* R1 */
    return true;
}

/* Owner only: takes the first of the ring, NULL when it is empty. */
static inline struct fl_fiber *
fl_ready_pop(fl_ready *ready)
{
    uint32_t head = fl_load_acquire(&ready->head);
    uint32_t tail = fl_load_relaxed(&ready->tail);
    while (head != tail) {
        void *fiber = fl_load_relaxed(&ready->slots[head % FL_READY]);
        if (fl_cas_acq_rel(&ready->head, &head, head + 1)) {
            return (struct fl_fiber *)fiber;
        }
    }
    return NULL;
}

/* Takes half of the ring, at most `most`, into fibers[]; how many. */
static inline uint32_t
fl_ready_steal(fl_ready *ready, struct fl_fiber **fibers, uint32_t most)
{
    uint32_t head = fl_load_acquire(&ready->head);
    uint32_t n = fl_load_acquire(&ready->tail) - head; /* R2 */
    if (n == 0 || n > FL_READY) {
        return 0; /* empty, or head has moved on since we read it */
    }
    n = n - n / 2 < most ? n - n / 2 : most;
    for (uint32_t i = 0; i < n; i++) {
        fibers[i] = (struct fl_fiber *)fl_load_relaxed(
            &ready->slots[(head + i) % FL_READY]);
    }
    return fl_cas_acq_rel(&ready->head, &head, head + n) ? n : 0; /* R3 */
}

/* Owner only: puts a fiber into the next slot; false when it is taken. */
static inline bool
fl_ready_put_next(fl_ready *ready, struct fl_fiber *fiber)
{
    if (fl_load_relaxed(&ready->next)) {
        return false;
    }
    fl_store_release(&ready->next, (void *)fiber);
    return true;
}

/* Anyone: takes what is in the next slot. */
static inline struct fl_fiber *
fl_ready_take_next(fl_ready *ready)
{
    if (!fl_load_relaxed(&ready->next)) {
        return NULL;
    }
    return (struct fl_fiber *)fl_exchange_acq_rel(&ready->next, (void *)NULL);
}

#endif
