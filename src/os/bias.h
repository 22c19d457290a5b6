/*
 * A guard that is its owner's: entering and leaving it costs the owner some
 * stores, and no ordered operation; a visitor, who comes rarely, pays for both.
 *
 * CONTRACT  Mutual exclusion between one owner and any visitors. The owner
 *           always gets in; a visitor may fail, and comes again later.
 * STATE     inside   1: the owner is in
 *           visitor  FL_BIAS_FREE, FL_BIAS_WANTED: one would like to come in,
 *                    FL_BIAS_TAKEN: and is in, once the owner is not
 * PROTOCOL      the owner                       a visitor
 *           O1  inside := 1                 V1  cas FREE -> WANTED
 *           O2  light fence                 V2  heavy fence
 *           O3  visitor is FREE: in         V3  visitor := TAKEN (exchange)
 *           O4  else a full fence; visitor  V4  wait until inside is 0: in; but
 *               is not TAKEN: in                not long: visitor := FREE
 *           O5  else inside := 0, wait      V5  visitor := FREE
 *               until it is not; O1
 *           O6  inside := 0
 *           By the pair of fences O3 sees V1, or V4 sees O1; and by the full
 *           fence O4 sees V3, or V4 sees O1. So a visitor that is busy with its
 *           fence (6 us) does not hold the owner up, nor does one that loses
 *           its CPU there; after V3 it does.
 * MEMORY ORDER  O6 releases to V4, V5 to O3 and O4.
 * REJECTED  A compare-and-swap for each fiber that the owner takes from its
 *           ring: 3 ns of a switch that takes 10.
 * CHECKED BY  tests/unit/test_bias.c, tests/model/bias.c, spin/fence.pml
 */
#ifndef FL_BIAS_H
#define FL_BIAS_H

#include "os/chaos.h"
#include "os/fence.h"
#include "os/os.h"

enum { FL_BIAS_FREE, FL_BIAS_WANTED, FL_BIAS_TAKEN };

typedef struct fl_bias {
    fl_atomic32 inside;
    fl_atomic32 visitor;
} fl_bias;

#ifndef FL_BIAS_MOMENT
#define FL_BIAS_MOMENT 32 /* pauses: a microsecond or so */
#endif

/* ---- the owner ---- */

static inline void
fl_bias_await_visitor_(const fl_bias *bias)
{
    unsigned round = 0;
    for (int i = 1; fl_load_acquire(&bias->visitor) == FL_BIAS_TAKEN; i++) {
        fl_pause();
        if (i % FL_BIAS_MOMENT == 0) {
            fl_os_back_off(round++); /* it has lost its CPU */
        }
    }
}

/* It finds that a visitor is there, or wants to be. */
static FL_NOINLINE __attribute__((unused)) void
fl_bias_meet(fl_bias *bias)
{
    for (;;) {
        fl_fence_seq_cst();
        fl_chaos();
        if (fl_load_acquire(&bias->visitor) != FL_BIAS_TAKEN) { /* O4 */
            return;
        }
        fl_store_release(&bias->inside, 0u); /* O5 */
        fl_chaos();
        fl_bias_await_visitor_(bias);
        fl_store_relaxed(&bias->inside, 1u); /* O1 again */
    }
}

/* Whether it is in; if not, by fl_bias_enter it gets in, or it leaves again.
 * `here`, a constant: the owner was found by fl_here. */
static inline bool
fl_bias_try(fl_bias *bias, bool here)
{
    fl_store_relaxed(&bias->inside, 1u);                               /* O1 */
    fl_fence_lighter(here);                                            /* O2 */
    return fl_likely(fl_load_acquire(&bias->visitor) == FL_BIAS_FREE); /* O3 */
}

static inline void
fl_bias_enter(fl_bias *bias)
{
    if (!fl_bias_try(bias, false)) {
        fl_bias_meet(bias);
    }
}

static inline void
fl_bias_leave(fl_bias *bias)
{
    fl_store_release(&bias->inside, 0u); /* O6 */
}

/* ---- visitors ---- */

static inline void
fl_bias_depart(fl_bias *bias)
{
    fl_store_release(&bias->visitor, (uint32_t)FL_BIAS_FREE); /* V5 */
}

/* Whether it is in. */
static inline bool
fl_bias_visit(fl_bias *bias)
{
    uint32_t seen = FL_BIAS_FREE;
    if (!fl_cas_seq_cst(&bias->visitor, &seen,
                        (uint32_t)FL_BIAS_WANTED)) { /* V1 */
        return false;
    }
    fl_chaos();
    if (!fl_fence_heavy()) { /* V2 */
        fl_bias_depart(bias);
        return false;
    }
    fl_chaos();
    fl_exchange_seq_cst(&bias->visitor, (uint32_t)FL_BIAS_TAKEN); /* V3 */
    fl_chaos();
    for (int i = 0; i < FL_BIAS_MOMENT; i++) {
        if (!fl_load_seq_cst(&bias->inside)) {
            return true; /* V4 */
        }
        fl_pause();
    }
    fl_bias_depart(bias);
    return false;
}

#endif
