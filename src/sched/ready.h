/*
 * The fibers of one worker that were woken, or have yielded.
 *
 * CONTRACT  A *next* slot for one fiber, and a ring, first in first out. The
 *           owner puts in and takes out; other workers take from the ring's
 *           head, and from the slot.
 * STATE     B: under `bias`, which the owner enters for nearly nothing. All
 *           words may be looked at without it, by who only wants to guess.
 *           head    B: index of the first in the ring
 *           tail    B: index after the last
 *           next    B
 *           yielded the tail when one yielded last; only the owner writes it
 *           streak  the owner's: runs from the next slot since it last chose the
 *                   ring, counted from `streak_from` on
 *           I1  the ring holds head .. tail - 1, at most FL_READY of them
 * MEMORY ORDER  What the bias gives.
 * REJECTED  Letting woken fibers into the deque: last in first out, two that
 *           wake each other starve all others. A ring without the bias, whose
 *           head everybody moves by compare-and-swap, as in Go's scheduler:
 *           3 ns for each fiber.
 * CHECKED BY  tests/unit/test_ready.c, tests/model/ready.c
 */
#ifndef FL_READY_H
#define FL_READY_H

#include "fiber/fiber.h"
#include "os/bias.h"

#ifndef FL_READY
#define FL_READY 1024u
#endif
#define FL_STREAK 16u /* so that two that wake each other starve nobody */

typedef struct fl_ready {
    fl_bias bias;
    fl_atomic_ptr next;
    fl_atomic32 head;
    fl_atomic32 tail;
    fl_atomic32 yielded;
    uint32_t streak;
    uint32_t streak_from; /* the owner's */
    fl_atomic_ptr slots[FL_READY];
} fl_ready;

static inline uint32_t
fl_ready_size(const fl_ready *ready)
{
    uint32_t n = fl_load_relaxed(&ready->tail) - fl_load_relaxed(&ready->head);
    return n <= FL_READY ? n : 0;
}

/* Whether there is nothing in it, as far as its owner can see. */
static inline bool
fl_ready_empty(const fl_ready *ready)
{
    return !fl_load_relaxed(&ready->next) &&
           fl_load_relaxed(&ready->tail) == fl_load_relaxed(&ready->head);
}

#define FL_FETCH 4u
#define FL_READY_COLD 128u /* with two or three lines each, and what they do */

/* Whether it is time to have the CPU fetch what those who come soon will need:
 * now and then, for some at once, so that it waits for their pages together. */
static inline bool
fl_ready_fetches(const fl_ready *ready)
{
    uint32_t head = fl_load_relaxed(&ready->head);
    uint32_t tail = fl_load_relaxed(&ready->tail);
    return fl_unlikely(tail - head >= 3 * FL_FETCH) && head % FL_FETCH == 0;
}

/* ---- with the bias ---- */

static inline bool
fl_ready_append(fl_ready *ready, fl_fiber *fiber)
{
    uint32_t tail = fl_load_relaxed(&ready->tail);
    if (fl_unlikely(tail - fl_load_relaxed(&ready->head) >= FL_READY)) {
        return false;
    }
    fl_store_relaxed(&ready->slots[tail % FL_READY], (void *)fiber);
    fl_store_relaxed(&ready->tail, tail + 1);
    return true;
}

static inline fl_fiber *
fl_ready_first(fl_ready *ready)
{
    uint32_t head = fl_load_relaxed(&ready->head);
    fl_assert(fl_load_relaxed(&ready->tail) - head <= FL_READY); /* I1 */
    if (head == fl_load_relaxed(&ready->tail)) {
        return NULL;
    }
    fl_store_relaxed(&ready->head, head + 1);
    return (fl_fiber *)fl_load_relaxed(&ready->slots[head % FL_READY]);
}

static inline fl_fiber *
fl_ready_next(fl_ready *ready)
{
    void *next = fl_load_relaxed(&ready->next);
    if (next) {
        fl_store_relaxed(&ready->next, (void *)NULL);
    }
    return (fl_fiber *)next;
}

/* What is in the next slot, unless it is the ring's turn. */
static inline fl_fiber *
fl_ready_pick_next(fl_ready *ready)
{
    if (fl_unlikely(ready->streak >= FL_STREAK)) {
        return NULL;
    }
    fl_fiber *fiber = fl_ready_next(ready);
    if (fiber) {
        ready->streak++;
    }
    return fiber;
}

/* If there was none: the first of the ring, or else what is in the next slot. */
static inline fl_fiber *
fl_ready_pick_first(fl_ready *ready)
{
    ready->streak = ready->streak_from;
    fl_fiber *fiber = fl_ready_first(ready);
    return fl_likely(fiber) ? fiber : fl_ready_next(ready);
}

/* One of both; NULL when there is neither. */
static inline fl_fiber *
fl_ready_pick(fl_ready *ready)
{
    fl_fiber *fiber = fl_ready_pick_next(ready);
    return fiber ? fiber : fl_ready_pick_first(ready);
}

/* The n-th of the ring becomes the first, and those whom it passes stand one
 * place further; n is less than its size. */
static inline void
fl_ready_advance(fl_ready *ready, uint32_t n)
{
    uint32_t head = fl_load_relaxed(&ready->head);
    void *fiber = fl_load_relaxed(&ready->slots[(head + n) % FL_READY]);
    for (uint32_t at = head + n; at != head; at--) {
        void *passed = fl_load_relaxed(&ready->slots[(at - 1) % FL_READY]);
        fl_store_relaxed(&ready->slots[at % FL_READY], passed);
    }
    fl_store_relaxed(&ready->slots[head % FL_READY], fiber);
}

/* The one that stands n places behind the ring's first, NULL if there is none;
 * with the bias, else it may be gone by now. */
static inline fl_fiber *
fl_ready_peek(const fl_ready *ready, uint32_t n)
{
    uint32_t at = fl_load_relaxed(&ready->head) + n;
    if ((int32_t)(fl_load_relaxed(&ready->tail) - at) <= 0) {
        return NULL;
    }
    return (fl_fiber *)fl_load_relaxed(&ready->slots[at % FL_READY]);
}

/* ---- the owner ---- */

/* Whether one that is put now is the one that is picked next. */
static inline bool
fl_ready_awaits(const fl_ready *ready)
{
    return fl_likely(ready->streak < FL_STREAK) &&
           fl_likely(!fl_load_relaxed(&ready->next));
}

/* To the end of the ring; false when it is full. */
static inline bool
fl_ready_push(fl_ready *ready, fl_fiber *fiber)
{
    fl_bias_enter(&ready->bias);
    bool pushed = fl_ready_append(ready, fiber);
    fl_bias_leave(&ready->bias);
    return pushed;
}

/* In the bias, which it leaves: into the next slot if that is free, else to the
 * end of the ring; false when that is full. */
static inline bool
fl_ready_put_(fl_ready *ready, fl_fiber *fiber)
{
    bool put = true;
    if (!fl_load_relaxed(&ready->next)) {
        fl_store_relaxed(&ready->next, (void *)fiber);
    } else {
        put = fl_ready_append(ready, fiber);
    }
    fl_bias_leave(&ready->bias);
    return put;
}

static inline bool
fl_ready_put(fl_ready *ready, fl_fiber *fiber)
{
    fl_bias_enter(&ready->bias);
    return fl_ready_put_(ready, fiber);
}

/* The same for an owner found by fl_here, calling nothing: also false, and to be
 * done by fl_ready_put, if a visitor is there, or wants to be. */
static inline bool
fl_ready_put_here(fl_ready *ready, fl_fiber *fiber)
{
    return fl_bias_try(&ready->bias, true) && fl_ready_put_(ready, fiber);
}

/* Whether all that stood in the ring before that place has been taken. No place
 * that is still to come is further than the ring is long. */
static inline bool
fl_is_served(const fl_ready *ready, uint32_t until)
{
    return until - fl_load_relaxed(&ready->head) - 1 > FL_READY;
}

/* To be done now and then with a place: one that was passed, and left so, would look
 * as if it were still to come once the ring had gone round all its numbers. */
static inline void
fl_keep_behind(const fl_ready *ready, uint32_t *until)
{
    if (fl_is_served(ready, *until)) {
        *until = fl_load_relaxed(&ready->head);
    }
}

/* With the bias: takes what fl_ready_pick says, in exchange for one that
 * yields. False: there is none, or the one that yields does not fit, and has
 * not been put. */
static inline bool
fl_ready_swap(fl_ready *ready, fl_fiber *fiber, fl_fiber **next)
{
    *next = fl_ready_pick(ready);
    fl_store_relaxed(&ready->yielded, fl_load_relaxed(&ready->tail));
    return fl_likely(*next != NULL) && fl_ready_append(ready, fiber);
}

/* Has the CPU fetch what one needs that comes a little later, where so many yield
 * in turns that they do not fit into its first cache. The load is of the
 * descriptor's first line; of the frame it is the second that is full. (Likely:
 * so that it lies in line, without a jump where that is what counts.) */
static inline void
fl_ready_fetch_(const fl_ready *ready, uint32_t head, uint32_t tail)
{
    if (fl_likely(tail - head >= FL_READY_COLD)) {
        uint32_t later = (head + FL_FETCH) % FL_READY;
        const fl_fiber *fiber = fl_load_relaxed(&ready->slots[later]);
        __builtin_prefetch((void *)((uintptr_t)fiber->sp + FL_CACHE_LINE));
    }
}

/* The same, if nobody is in the next slot, and somebody in the ring; else
 * NULL. */
static inline fl_fiber *
fl_ready_rotate(fl_ready *ready, fl_fiber *fiber)
{
    uint32_t head = fl_load_relaxed(&ready->head);
    uint32_t tail = fl_load_relaxed(&ready->tail);
    if (fl_unlikely(fl_load_relaxed(&ready->next)) ||
        fl_unlikely(head == tail)) {
        return NULL;
    }
    fl_ready_fetch_(ready, head, tail);
    void *next = fl_load_relaxed(&ready->slots[head % FL_READY]);
    fl_store_relaxed(&ready->head, head + 1);
    fl_store_relaxed(&ready->tail, tail + 1);
    fl_store_relaxed(&ready->yielded, tail);
    fl_store_relaxed(&ready->slots[tail % FL_READY], (void *)fiber);
    fl_assume(next);
    return (fl_fiber *)next;
}

/* ---- other workers; they may get nothing although something is there ---- */

/* Takes half of the ring, at most `most`, into fibers[]; how many. */
static inline uint32_t
fl_ready_steal(fl_ready *ready, fl_fiber **fibers, uint32_t most)
{
    if (!fl_bias_visit(&ready->bias)) {
        return 0;
    }
    fl_chaos();
    uint32_t n = (fl_ready_size(ready) + 1) / 2;
    n = n < most ? n : most;
    for (uint32_t i = 0; i < n; i++) {
        fibers[i] = fl_ready_first(ready);
    }
    fl_chaos();
    fl_bias_depart(&ready->bias);
    return n;
}

/* Takes what is in the next slot. */
static inline fl_fiber *
fl_ready_steal_next(fl_ready *ready)
{
    if (!fl_bias_visit(&ready->bias)) {
        return NULL;
    }
    fl_chaos();
    fl_fiber *fiber = fl_ready_next(ready);
    fl_bias_depart(&ready->bias);
    return fiber;
}

#endif
