/*
 * The small lock around slow paths: one word, held for some nanoseconds.
 *
 * CONTRACT  Mutual exclusion between any threads. Held across a context switch
 *           it may be released by whoever runs next on that thread. Not fair,
 *           not recursive. A zero word is a free guard.
 * PROTOCOL  L1 exchange word := 1, until it was 0     U1 store word := 0
 * MEMORY ORDER  L1 acquires what U1 released.
 * REJECTED  A sleeping lock (0, 1, 2 and a futex): its release must be an
 *           exchange, 2.2 ns in place of 0.3, on every put and get. Who finds
 *           the guard taken spins; when its holder has lost its CPU meanwhile,
 *           it gives up its own, at last for 1 ms at a time.
 * LAST TOUCH  U1.
 * FORKS     In a forked child the holder may be a thread that is not there. Who
 *           finds that ends the program, after a second, in place of spinning
 *           for ever: what the guard guards may be half changed.
 */
#ifndef FL_GUARD_H
#define FL_GUARD_H

#include "os/os.h"

/* Spins, then sleeps, until the guard may be free. */
void fl_guard_wait(const fl_atomic32 *guard);

/* Leaves a guard to others for 10 to 25 us, who so enter it hundreds of times;
 * or for one, if nobody seems to. */
void fl_guard_keep_away(const fl_atomic32 *guard);

/* Gives up the CPU while somebody holds a guard, for `round` 0, 1, 2 … */
void fl_guard_back_off(unsigned round);

static inline void
fl_guard_lock(fl_atomic32 *guard)
{
    while (fl_unlikely(fl_exchange_acq_rel(guard, 1u))) { /* L1 */
        fl_guard_wait(guard);
    }
}

static inline void
fl_guard_unlock(fl_atomic32 *guard)
{
    fl_store_release(guard, 0u); /* U1 */
}

/* Somebody holds the guard; by the protocol, the caller. */
#define fl_assert_held(guard) fl_assert(fl_load_relaxed(guard) != 0)

#endif
