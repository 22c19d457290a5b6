/*
 * The one door to atomic operations. Every operation names its order; there is
 * no form without one.
 *
 *     fl_load_relaxed(p)    fl_store_relaxed(p, v)   fl_exchange_acq_rel(p, v)
 *     fl_load_acquire(p)    fl_store_release(p, v)   fl_exchange_seq_cst(p, v)
 *     fl_load_seq_cst(p)    fl_add_acq_rel(p, v)     fl_cas_acq_rel(p, &old, v)
 *                           fl_add_seq_cst(p, v)     fl_cas_seq_cst(p, &old, v)
 *
 * They take pointers to fl_atomic32, fl_atomic64 and fl_atomic_ptr. Additions
 * and exchanges return the value before; a cas is strong, returns whether it
 * stored, and leaves what it found in `old`. Two more are loads whose value is
 * looked at at once, in one instruction where there is such a one:
 *
 *     fl_is_relaxed(p, v)   fl_has_relaxed(p, bits)  (of fl_atomic32)
 *     fl_is_acquire(p, v)   fl_has_acquire(p, bits)
 *
 * seq_cst operations have one total order among themselves. That is what
 * "store, then look whether the other side has stored" needs; for a fence on
 * its own, which the ThreadSanitizer does not model and which on x86-64 costs
 * eight times as much as the exchange, there is but one use: os/fence.h, for
 * which alone stand here
 *
 *     fl_fence_compiler()   fl_fence_seq_cst()
 *
 * Three back ends: Concurrency Kit's ck_pr in normal builds; the compiler's
 * builtins where a sanitizer must see the operations (inline assembly is
 * invisible to it), or where FL_ATOMIC_BUILTIN asks for them; and a model
 * checker where FL_ATOMIC_MODEL does (tests/model).
 */
#ifndef FL_ATOMIC_H
#define FL_ATOMIC_H

#include "base/base.h"

typedef uint32_t fl_atomic32;
typedef uint64_t fl_atomic64;
typedef void *fl_atomic_ptr;

#if defined(FL_ATOMIC_MODEL)
#include "base/atomic_model.h"
#elif defined(FILCH_TSAN_) || defined(FILCH_ASAN_) || defined(FL_ATOMIC_BUILTIN)
#include "base/atomic_builtin.h"
#else
#include "base/atomic_ck.h"
#endif

#define FL_ATOMIC_SELECT(operation, pointer)                                   \
    _Generic((pointer),                                                        \
        fl_atomic32 *: operation##_32,                                         \
        const fl_atomic32 *: operation##_32,                                   \
        fl_atomic64 *: operation##_64,                                         \
        const fl_atomic64 *: operation##_64,                                   \
        fl_atomic_ptr *: operation##_ptr,                                      \
        const fl_atomic_ptr *: operation##_ptr)

#define FL_ATOMIC_SELECT_INTEGER(operation, pointer)                           \
    _Generic((pointer), fl_atomic32 *                                          \
             : operation##_32, fl_atomic64 *                                   \
             : operation##_64)

#define fl_load_relaxed(p) FL_ATOMIC_SELECT(fl_load_relaxed, p)(p)
#define fl_load_acquire(p) FL_ATOMIC_SELECT(fl_load_acquire, p)(p)
#define fl_load_seq_cst(p) FL_ATOMIC_SELECT(fl_load_seq_cst, p)(p)
#define fl_store_relaxed(p, v) FL_ATOMIC_SELECT(fl_store_relaxed, p)(p, v)
#define fl_store_release(p, v) FL_ATOMIC_SELECT(fl_store_release, p)(p, v)
#define fl_exchange_acq_rel(p, v) FL_ATOMIC_SELECT(fl_exchange_acq_rel, p)(p, v)
#define fl_exchange_seq_cst(p, v) FL_ATOMIC_SELECT(fl_exchange_seq_cst, p)(p, v)
#define fl_add_acq_rel(p, v) FL_ATOMIC_SELECT_INTEGER(fl_add_acq_rel, p)(p, v)
#define fl_add_seq_cst(p, v) FL_ATOMIC_SELECT_INTEGER(fl_add_seq_cst, p)(p, v)
#define fl_cas_acq_rel(p, old, v) FL_ATOMIC_SELECT(fl_cas_acq_rel, p)(p, old, v)
#define fl_cas_seq_cst(p, old, v) FL_ATOMIC_SELECT(fl_cas_seq_cst, p)(p, old, v)

#ifdef FL_ATOMIC_LOOKS
#define fl_is_relaxed(p, v) FL_ATOMIC_SELECT(fl_is_acquire, p)(p, v)
#define fl_is_acquire(p, v) FL_ATOMIC_SELECT(fl_is_acquire, p)(p, v)
#define fl_has_relaxed(p, bits) fl_has_acquire_32(p, bits)
#define fl_has_acquire(p, bits) fl_has_acquire_32(p, bits)
#else
#define fl_is_relaxed(p, v) (fl_load_relaxed(p) == (v))
#define fl_is_acquire(p, v) (fl_load_acquire(p) == (v))
#define fl_has_relaxed(p, bits) ((fl_load_relaxed(p) & (bits)) != 0)
#define fl_has_acquire(p, bits) ((fl_load_acquire(p) & (bits)) != 0)
#endif

/* Adds to a counter that only the caller writes, and others read. */
static inline void
fl_count(fl_atomic64 *counter)
{
#ifdef FL_ATOMIC_LOOKS
    fl_count_(counter);
#else
    fl_store_relaxed(counter, fl_load_relaxed(counter) + 1);
#endif
}

static inline void
fl_count_release(fl_atomic64 *counter)
{
#ifdef FL_ATOMIC_LOOKS
    fl_fence_compiler();
    fl_count_(counter);
#else
    fl_store_release(counter, fl_load_relaxed(counter) + 1);
#endif
}

#endif
