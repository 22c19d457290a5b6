/*
 * The deque of one worker: spawned tasks and forked jobs.
 *
 * CONTRACT  The owner pushes and pops at the bottom, last in first out; any
 *           other worker steals from the top, the oldest first. An entry comes
 *           out once. It grows; it never shrinks before it is freed.
 * STATE     top     index of the oldest entry; only grows
 *           bottom  index after the newest; only the owner writes it
 *           array   a ring of a power of two of entries; the owner replaces it
 *                   by one twice as big, and keeps the old one, which a thief
 *                   may still read
 *           I1  the entries are those of top .. bottom - 1
 *           I2  whoever moves top from t to t + 1 owns the entry t
 * PROTOCOL      owner, pop                     thief
 *           P1  bottom := b - 1            S1  t := top
 *           P2  t := top                   S2  b := bottom; none if t >= b
 *           P3  more than one: take it     S3  read entry t
 *           P4  just one: cas top t, t + 1 S4  cas top t, t + 1
 *           P1 before P2 and S1 before S2 in one total order: of an owner and
 *           a thief who meet at the last entry at least one sees the other,
 *           and then the cas decides.
 * MEMORY ORDER  push releases the entry by its store to bottom, which S2
 *           acquires. P1 is an exchange: it orders P1 before P2, and keeps the
 *           release sequence of push whole, which a relaxed store would break.
 *           S4 and P4 are seq_cst, as S1 and S2.
 * SOURCE    Chase and Lev, "Dynamic circular work-stealing deque" (SPAA 2005);
 *           orders after Lê, Pop, Cohen, Zappa Nardelli, "Correct and efficient
 *           work-stealing for weak memory models" (PPoPP 2013), whose fences
 *           are seq_cst operations here.
 * REJECTED  A store of bottom followed by a fence: 16 ns against 2.
 * CHECKED BY tests/unit/test_deque.c
 */
#ifndef FL_DEQUE_H
#define FL_DEQUE_H

#include "base/atomic.h"

typedef struct fl_deque_array {
    uint64_t mask;
    struct fl_deque_array *smaller; /* the one that this one replaced */
    fl_atomic_ptr entries[];
} fl_deque_array;

typedef struct fl_deque {
    fl_atomic64 top;
    char apart[FL_CACHE_LINE - sizeof(fl_atomic64)];
    fl_atomic64 bottom;
    fl_atomic_ptr array;
} fl_deque;

/* ENOMEM. */
int fl_deque_init(fl_deque *deque);
void fl_deque_free(fl_deque *deque);

/* fl_deque_push where the array may be full. */
int fl_deque_push_slowly(fl_deque *deque, void *entry);

/* Owner only. ENOMEM: there is no room, and nothing was pushed. */
static inline int
fl_deque_push(fl_deque *deque, void *entry)
{
    uint64_t b = fl_load_relaxed(&deque->bottom);
    fl_deque_array *array = fl_load_relaxed(&deque->array);
    if (fl_unlikely(b - fl_load_acquire(&deque->top) > array->mask)) {
        return fl_deque_push_slowly(deque, entry);
    }
    fl_store_relaxed(&array->entries[b & array->mask], entry);
    fl_store_release(&deque->bottom, b + 1);
    return 0;
}

/* Owner only: takes the entry at b, the newest, which was there when the caller
 * looked; false if a thief has taken it since. */
static inline bool
fl_deque_take(fl_deque *deque, uint64_t b)
{
    fl_exchange_seq_cst(&deque->bottom, b);    /* P1 */
    uint64_t t = fl_load_seq_cst(&deque->top); /* P2 */
    if (fl_likely((int64_t)(b - t) > 0)) {
        return true; /* P3 */
    }
    bool taken = t == b && fl_cas_seq_cst(&deque->top, &t, t + 1); /* P4 */
    fl_store_release(&deque->bottom, b + 1);
    return taken;
}

/* Owner only: takes the newest entry, NULL if there is none. */
static inline void *
fl_deque_pop(fl_deque *deque)
{
    uint64_t b = fl_load_relaxed(&deque->bottom) - 1;
    if ((int64_t)(b - fl_load_relaxed(&deque->top)) < 0) {
        return NULL; /* top only grows, so this is no mistake */
    }
    fl_deque_array *array = fl_load_relaxed(&deque->array);
    void *entry = fl_load_relaxed(&array->entries[b & array->mask]);
    return fl_deque_take(deque, b) ? entry : NULL;
}

/* Owner only: takes the newest entry if it is this one. */
static inline bool
fl_deque_pop_if(fl_deque *deque, void *entry)
{
    uint64_t b = fl_load_relaxed(&deque->bottom) - 1;
    fl_deque_array *array = fl_load_relaxed(&deque->array);
    /* an entry that is gone may still stand there: fl_deque_take finds out */
    return fl_load_relaxed(&array->entries[b & array->mask]) == entry &&
           (int64_t)(b - fl_load_relaxed(&deque->top)) >= 0 &&
           fl_deque_take(deque, b);
}

/* The oldest entry, NULL if there is none or another thief was faster. */
static inline void *
fl_deque_steal(fl_deque *deque)
{
    uint64_t t = fl_load_seq_cst(&deque->top);    /* S1 */
    uint64_t b = fl_load_seq_cst(&deque->bottom); /* S2 */
    if ((int64_t)(b - t) <= 0) {
        return NULL;
    }
    fl_deque_array *array = fl_load_acquire(&deque->array);
    void *entry = fl_load_relaxed(&array->entries[t & array->mask]); /* S3 */
    return fl_cas_seq_cst(&deque->top, &t, t + 1) ? entry : NULL;    /* S4 */
}

/* How many entries there are, about: exact only for the owner, unstolen. */
static inline uint64_t
fl_deque_size(fl_deque *deque)
{
    int64_t n = (int64_t)(fl_load_relaxed(&deque->bottom) -
                          fl_load_relaxed(&deque->top));
    return n > 0 ? (uint64_t)n : 0;
}

#endif
