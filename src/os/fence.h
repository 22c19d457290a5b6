/*
 * A pair of fences of which the frequent one costs next to nothing.
 *
 * CONTRACT  "Store, then look whether the other side has stored" needs a fence
 *           between the two, on both sides. Where one side does it a million
 *           times as often as the other, that one uses fl_fence_light, the
 *           other fl_fence_heavy: of two threads that meet at least one sees
 *           what the other stored before its fence.
 * PROTOCOL  Where the kernel can (membarrier, Linux 4.14), the light fence only
 *           keeps the compiler from reordering, and the heavy one has every
 *           running thread of the process execute a fence (6 us; in some
 *           virtual machines 50, since it interrupts them all). Elsewhere both
 *           are fences.
 * SOURCE    Dice, Huang, Yang, "Asymmetric Dekker synchronization" (2001).
 */
#ifndef FL_FENCE_H
#define FL_FENCE_H

#include "os/os.h"

/* Whether the light fence is one for the compiler only. */
extern bool fl_fence_asymmetric __attribute__((visibility("hidden")));

/* Before the first thread that uses these; any number of times. */
void fl_fence_begin(void);

static inline void
fl_fence_light(void)
{
    if (fl_likely(fl_fence_asymmetric)) {
        fl_fence_compiler();
    } else {
        fl_fence_seq_cst();
    }
}

/* The same where it is known to be for the compiler only: fl_here (fiber.h). */
static inline void
fl_fence_lightest(void)
{
#ifdef FL_ATOMIC_MODEL
    fl_fence_light();
#else
    fl_assert(fl_fence_asymmetric);
    fl_fence_compiler();
#endif
}

/* One or the other, as `here`, a constant, says. */
static inline void
fl_fence_lighter(bool here)
{
    if (here) {
        fl_fence_lightest();
    } else {
        fl_fence_light();
    }
}

/* False: the kernel is short of memory, and there was no fence. */
bool fl_fence_heavy(void);

/* What a heavy fence has taken of late, in ns: FL_FENCE_USUAL at least, and 10 times
 * that at most. fl_note_fence has it learn what one took. */
#define FL_FENCE_USUAL 6000u
extern fl_atomic32 fl_fence_price __attribute__((visibility("hidden")));
void fl_note_fence(filch_time took);

/* How long to look on where what is done in the end takes such a fence, if `usually`
 * is how long where that takes what is usual. */
static inline filch_time
fl_patience(filch_time usually)
{
#ifdef FL_ATOMIC_MODEL
    return usually;
#else
    return usually * fl_load_relaxed(&fl_fence_price) / FL_FENCE_USUAL;
#endif
}

/* Tries until it succeeds, for who can't do without. In a forked child, where
 * there is no other thread, it has. */
void fl_fence_heavy_surely(void);

#endif
