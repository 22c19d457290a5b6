/*
 * A guard that is its owner's: entering and leaving it costs the owner some
 * stores, and no ordered operation; a visitor, who comes rarely, pays for both.
 *
 * CONTRACT  Mutual exclusion between one owner and any visitors. The owner
 *           always gets in; a visitor may fail, and comes again later.
 * STATE     inside   1: the owner is in
 *           visitor  FL_BIAS_FREE
 *                    FL_BIAS_WANTED   a visitor would like to come in
 *                    FL_BIAS_REVOKED  and the owner has refused
 *                    FL_BIAS_TAKEN    and is in
 * PROTOCOL      the owner                       a visitor
 *           O1  inside := 1                 V1  cas FREE -> WANTED
 *           O2  light fence                 V2  heavy fence
 *           O3  visitor is FREE: in         V3  until inside is 0, but not long
 *           O4  WANTED: inside := 0, wait   V4  cas WANTED -> TAKEN: in
 *               a moment for V4; then O1,   V5  visitor := FREE
 *               cas WANTED -> REVOKED: in
 *           O5  inside := 0
 *           By the fences O3 sees V1, or V3 sees O1. If O3 sees V1, one of the
 *           two cas fails. So a visitor that loses its CPU after V1 holds the
 *           owner up for the moment of O4 only; after V4 it holds it up.
 * MEMORY ORDER  O5 releases to V3, V5 to O3.
 * REJECTED  A compare-and-swap for each fiber that the owner takes from its
 *           ring: 3 ns of a switch that takes 10.
 */
#ifndef FL_BIAS_H
#define FL_BIAS_H

#include "os/fence.h"
#include "os/os.h"

enum { FL_BIAS_FREE, FL_BIAS_WANTED, FL_BIAS_REVOKED, FL_BIAS_TAKEN };

#define FL_BIAS_MOMENT 32 /* pauses: a microsecond or so */

typedef struct fl_bias {
    fl_atomic32 inside;
    fl_atomic32 visitor;
} fl_bias;

/* ---- the owner ---- */

/* O4: gives a visitor the chance to come in, and waits until it is out. */
static inline void
fl_bias_wait_(fl_bias *bias)
{
    unsigned round = 0;
    for (int i = 0; i < FL_BIAS_MOMENT; i++) {
        if (fl_load_acquire(&bias->visitor) != FL_BIAS_WANTED) {
            break;
        }
        fl_pause();
    }
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
    uint32_t seen = fl_load_acquire(&bias->visitor);
    while (seen == FL_BIAS_WANTED || seen == FL_BIAS_TAKEN) {
        fl_store_release(&bias->inside, 0u);
        fl_bias_wait_(bias);
        fl_store_relaxed(&bias->inside, 1u); /* O1 again */
        fl_fence_light();
        seen = FL_BIAS_WANTED;
        if (fl_cas_acq_rel(&bias->visitor, &seen, (uint32_t)FL_BIAS_REVOKED)) {
            return;
        }
    }
}

static inline void
fl_bias_enter(fl_bias *bias)
{
    fl_store_relaxed(&bias->inside, 1u); /* O1 */
    fl_fence_light();                    /* O2 */
    if (fl_unlikely(fl_load_acquire(&bias->visitor) != FL_BIAS_FREE)) {
        fl_bias_meet(bias); /* O3 */
    }
}

static inline void
fl_bias_leave(fl_bias *bias)
{
    fl_store_release(&bias->inside, 0u); /* O5 */
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
    fl_fence_heavy(); /* V2 */
    for (int i = 0; i < FL_BIAS_MOMENT; i++) {
        if (!fl_load_acquire(&bias->inside)) { /* V3 */
            seen = FL_BIAS_WANTED;
            if (fl_cas_acq_rel(&bias->visitor, &seen,
                               (uint32_t)FL_BIAS_TAKEN)) {
                return true; /* V4 */
            }
            break;
        }
        fl_pause();
    }
    fl_bias_depart(bias);
    return false;
}

#endif
