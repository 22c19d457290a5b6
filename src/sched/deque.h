/*
 * The deque of one worker: spawned tasks and forked jobs.
 *
 * CONTRACT  The owner pushes and pops at the bottom, last in first out; any
 *           other worker steals from the top, the oldest first. An entry comes
 *           out once. It grows; it never shrinks before it is freed.
 * STATE     top     the oldest entry's slot; G
 *           bottom  the slot after the newest; only the owner writes it
 *           slots   an array; only the owner replaces it, G
 *           limit   the owner's: its end; `room` entries fit in between
 *           G: guarded by `guard`, which thieves and the owner's slow sides take.
 *           Who looks without it may see top in one array and bottom in another:
 *           it learns whether there may be something, and no more.
 *           I1  with the guard free, the entries are those of top .. bottom - 1;
 *               while a thief has it, top may be further than it will come
 *           I2  slots < top, and the slot before top's has been written: it has an
 *               entry that was taken from there, mostly the last one, or NULL
 *           At the limit the entries are moved back to the beginning, or to an
 *           array twice as long: so an entry costs no mask, and a slot is written
 *           again only after a move; or where the owner has found, with the guard,
 *           that nothing is left.
 * PROTOCOL      owner, pop                     thief, for n entries
 *           P1  bottom := b                S1  takes the guard
 *           P2  light fence                S2  top := t + n
 *           P3  top <= b: has taken b      S3  heavy fence
 *           P4  else bottom := b + 1;      S4  reads bottom; what it claimed and
 *               takes the guard, looks         is not there any more it gives
 *               again                          back: top := t + k
 *                                          S5  reads its k entries, drops the
 *                                              guard
 *           By the pair of fences (os/fence.h) P3 sees S2, or S4 sees P1: of an
 *           owner and a thief who meet at an entry at least one gives way, the
 *           owner for as long as the thief has the guard.
 * MEMORY ORDER  push releases the entry by its store to bottom, which S4
 *           acquires. P1 releases too, though nothing is published by it: a
 *           relaxed store would break the release sequence of push.
 * SOURCE    The THE protocol of Cilk: Frigo, Leiserson, Randall, "The
 *           implementation of the Cilk-5 multithreaded language" (PLDI 1998);
 *           with fences of which the owner's costs nothing, after Kumar et al.,
 *           and Morrison and Afek, "Fence-free work stealing on bounded TSO
 *           processors" (ASPLOS 2014).
 * REJECTED  The deque of Chase and Lev (SPAA 2005): pop is an exchange (2.2 ns
 *           of a fork and sync of 6), and a compare-and-swap at the last entry,
 *           where a loop that forks and syncs one job always is. A thief, who
 *           comes a thousand times less often, now pays 5 us. It takes many at
 *           a time.
 * CHECKED BY  tests/unit/test_deque.c, tests/model/deque.c, spin/deque.pml
 */
#ifndef FL_DEQUE_H
#define FL_DEQUE_H

#include "os/fence.h"
#include "os/guard.h"

/* An entry with this bit set is stolen alone: half of a tree of forked jobs is
 * in the oldest of them. */
#define FL_DEQUE_ALONE ((uintptr_t)1)

typedef struct fl_deque {
    fl_atomic_ptr top;
    fl_atomic32 guard;
    char apart[FL_CACHE_LINE - sizeof(fl_atomic_ptr) - sizeof(fl_atomic32)];
    fl_atomic_ptr bottom;
    fl_atomic_ptr *limit;
    fl_atomic_ptr *slots;
    uint64_t room;
} fl_deque;

#ifndef FL_DEQUE_FIRST
#define FL_DEQUE_FIRST 256 /* entries that it has room for at first */
#endif

/* ENOMEM. */
int fl_deque_init(fl_deque *deque);
void fl_deque_free(fl_deque *deque);

/* fl_deque_push at the limit; P4 of a pop. */
int fl_deque_push_slowly(fl_deque *deque, void *entry);
bool fl_deque_take_slowly(fl_deque *deque, fl_atomic_ptr *b);

static inline fl_atomic_ptr *
fl_deque_bottom_(const fl_deque *deque)
{
    return (fl_atomic_ptr *)fl_load_relaxed(&deque->bottom);
}

static inline fl_atomic_ptr *
fl_deque_top_(const fl_deque *deque)
{
    return (fl_atomic_ptr *)fl_load_relaxed(&deque->top);
}

static inline void
fl_deque_put_at_(fl_deque *deque, fl_atomic_ptr *b, void *entry)
{
    fl_store_relaxed(b, entry);
    fl_store_release(&deque->bottom, (void *)(b + 1));
}

/* Owner only: pushes if it is below the limit. */
static inline bool
fl_deque_push_at_once(fl_deque *deque, void *entry)
{
    fl_atomic_ptr *b = fl_deque_bottom_(deque);
    if (fl_unlikely(b == deque->limit)) {
        return false;
    }
    fl_deque_put_at_(deque, b, entry);
    return true;
}

/* Owner only: the same in two parts. */
static inline bool
fl_deque_has_room(const fl_deque *deque)
{
    return fl_likely(fl_deque_bottom_(deque) != deque->limit);
}

static inline void
fl_deque_put(fl_deque *deque, void *entry)
{
    fl_deque_put_at_(deque, fl_deque_bottom_(deque), entry);
}

/* Owner only. ENOMEM: there is no room, and nothing was pushed. */
static inline int
fl_deque_push(fl_deque *deque, void *entry)
{
    return fl_likely(fl_deque_push_at_once(deque, entry))
               ? 0
               : fl_deque_push_slowly(deque, entry);
}

/* Owner only: P1 to P3 for the entry at b, the newest. `here`, a constant: the
 * owner was found by fl_here. */
static inline bool
fl_deque_claim_(fl_deque *deque, fl_atomic_ptr *b, bool here)
{
    fl_store_release(&deque->bottom, (void *)b); /* P1 */
    fl_fence_lighter(here);                      /* P2 */
    return fl_likely(fl_deque_top_(deque) <= b); /* P3 */
}

/* Owner only: takes that entry; false if it is a thief's. */
static inline bool
fl_deque_take_(fl_deque *deque, fl_atomic_ptr *b, bool here)
{
    return fl_deque_claim_(deque, b, here) ||
           fl_deque_take_slowly(deque, b); /* P4 */
}

/* Owner only: takes the newest entry, NULL if there is none. */
static inline void *
fl_deque_pop(fl_deque *deque)
{
    fl_atomic_ptr *b = fl_deque_bottom_(deque);
    if (b == fl_deque_top_(deque)) {
        return NULL; /* what a thief has claimed up to b it will find there */
    }
    void *entry = fl_load_relaxed(b - 1);
    return fl_deque_take_(deque, b - 1, false) ? entry : NULL;
}

/* Owner only: whether this entry is the newest; or was taken, and still stands
 * there (I2). (The ThreadSanitizer, which is not told who has made the slots, is not
 * to see it.) */
#if defined(FILCH_TSAN_)
bool fl_deque_is_newest(const fl_deque *deque, const void *entry);
#else
static inline bool
fl_deque_is_newest(const fl_deque *deque, const void *entry)
{
    return fl_is_relaxed(fl_deque_bottom_(deque) - 1, (void *)(uintptr_t)entry);
}
#endif

/* Owner only: takes the newest entry, which there is or was. */
static inline bool
fl_deque_take_newest(fl_deque *deque, bool here)
{
    return fl_deque_take_(deque, fl_deque_bottom_(deque) - 1, here);
}

/* Owner only: takes the newest entry if it is this one. Mostly it is; if it was
 * stolen, P3 tells. */
static inline bool
fl_deque_pop_if(fl_deque *deque, const void *entry)
{
    fl_atomic_ptr *b = fl_deque_bottom_(deque) - 1;
    return fl_load_relaxed(b) == entry && fl_deque_take_(deque, b, false);
}

/* The same for a caller found by fl_here, calling nothing: FL_POP_CONTESTED is to
 * be followed by fl_deque_pop_contested, which says whether it was popped. */
typedef enum fl_popped {
    FL_POP_REFUSED,
    FL_POPPED,
    FL_POP_CONTESTED
} fl_popped;

static inline fl_popped
fl_deque_pop_if_here(fl_deque *deque, const void *entry)
{
    fl_atomic_ptr *b = fl_deque_bottom_(deque) - 1;
    if (fl_unlikely(!fl_is_relaxed(b, (void *)(uintptr_t)entry))) {
        return FL_POP_REFUSED;
    }
    return fl_deque_claim_(deque, b, true) ? FL_POPPED : FL_POP_CONTESTED;
}

static inline bool
fl_deque_pop_contested(fl_deque *deque)
{
    return fl_deque_take_slowly(deque, fl_deque_bottom_(deque)); /* P4 */
}

#define FL_DEQUE_AHEAD 8

/* Owner only: the entry that it comes to a little later if it goes on popping,
 * or shifting; to be fetched ahead, since a thief may be faster. NULL if there
 * is none. */
static inline const void *
fl_deque_ahead(const fl_deque *deque)
{
    const fl_atomic_ptr *slot = fl_deque_bottom_(deque) - FL_DEQUE_AHEAD;
    return slot < fl_deque_top_(deque) ? NULL : fl_load_relaxed(slot);
}

static inline const void *
fl_deque_ahead_oldest(const fl_deque *deque)
{
    const fl_atomic_ptr *slot = fl_deque_top_(deque) + FL_DEQUE_AHEAD;
    return slot >= fl_deque_bottom_(deque) ? NULL : fl_load_relaxed(slot);
}

/* Owner only: takes the oldest entry, NULL if there is none. */
void *fl_deque_shift(fl_deque *deque);

/* Owner only: takes this entry out, wherever it lies; false if it is not there. */
bool fl_deque_remove(fl_deque *deque, const void *entry);

/* Takes half of the entries, the oldest, at most `most`: how many, which may be
 * none although some are there. */
uint64_t fl_deque_steal(fl_deque *deque, void **entries, uint64_t most);

/* Owner only: whether there is any entry, when no thief is at them, who might give
 * some back. */
bool fl_deque_has_any(fl_deque *deque);

/* Owner only. */
static inline bool
fl_deque_is_empty(const fl_deque *deque)
{
    return fl_deque_bottom_(deque) == fl_deque_top_(deque);
}

/* How many entries there are, about: exact only for the owner, unstolen. */
static inline uint64_t
fl_deque_size(const fl_deque *deque)
{
    intptr_t bytes = (intptr_t)((uintptr_t)fl_deque_bottom_(deque) -
                                (uintptr_t)fl_deque_top_(deque));
    return bytes > 0 ? (uint64_t)bytes / sizeof(fl_atomic_ptr) : 0;
}

#endif
