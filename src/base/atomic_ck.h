/*
 * The atomics of atomic.h by Concurrency Kit.
 *
 * ck_pr's operations are not ordered by themselves; its fences are named by
 * the order they give, and on x86-64 (TSO) those used here emit nothing: a
 * load acquires, a store releases, and a read-modify-write is a full barrier.
 */
#ifndef FL_ATOMIC_CK_H
#define FL_ATOMIC_CK_H

#include <ck_pr.h>

#define FL_DEFINE(S, T)                                                        \
    static inline T fl_load_relaxed_##S(const T *p)                            \
    {                                                                          \
        return (T)ck_pr_load_##S(p);                                           \
    }                                                                          \
    static inline T fl_load_acquire_##S(const T *p)                            \
    {                                                                          \
        T v = (T)ck_pr_load_##S(p);                                            \
        ck_pr_fence_acquire();                                                 \
        return v;                                                              \
    }                                                                          \
    static inline T fl_load_seq_cst_##S(const T *p)                            \
    {                                                                          \
        ck_pr_fence_atomic_load();                                             \
        return fl_load_acquire_##S(p);                                         \
    }                                                                          \
    static inline void fl_store_relaxed_##S(T *p, T v)                         \
    {                                                                          \
        ck_pr_store_##S(p, v);                                                 \
    }                                                                          \
    static inline void fl_store_release_##S(T *p, T v)                         \
    {                                                                          \
        ck_pr_fence_release();                                                 \
        ck_pr_store_##S(p, v);                                                 \
    }                                                                          \
    static inline T fl_exchange_acq_rel_##S(T *p, T v)                         \
    {                                                                          \
        ck_pr_fence_release();                                                 \
        v = (T)ck_pr_fas_##S(p, v);                                            \
        ck_pr_fence_acquire();                                                 \
        return v;                                                              \
    }                                                                          \
    static inline T fl_exchange_seq_cst_##S(T *p, T v)                         \
    {                                                                          \
        v = fl_exchange_acq_rel_##S(p, v);                                     \
        ck_pr_fence_atomic_load();                                             \
        return v;                                                              \
    }                                                                          \
    static inline bool fl_cas_acq_rel_##S(T *p, T *old, T v)                   \
    {                                                                          \
        ck_pr_fence_release();                                                 \
        bool stored = ck_pr_cas_##S##_value(p, *old, v, old);                  \
        ck_pr_fence_acquire();                                                 \
        return stored;                                                         \
    }                                                                          \
    static inline bool fl_cas_seq_cst_##S(T *p, T *old, T v)                   \
    {                                                                          \
        bool stored = fl_cas_acq_rel_##S(p, old, v);                           \
        ck_pr_fence_atomic_load();                                             \
        return stored;                                                         \
    }

#define FL_DEFINE_ADD(S, T)                                                    \
    static inline T fl_add_acq_rel_##S(T *p, T v)                              \
    {                                                                          \
        ck_pr_fence_release();                                                 \
        v = ck_pr_faa_##S(p, v);                                               \
        ck_pr_fence_acquire();                                                 \
        return v;                                                              \
    }                                                                          \
    static inline T fl_add_seq_cst_##S(T *p, T v)                              \
    {                                                                          \
        v = fl_add_acq_rel_##S(p, v);                                          \
        ck_pr_fence_atomic_load();                                             \
        return v;                                                              \
    }

typedef void *fl_pointer_;

FL_DEFINE(32, uint32_t)
FL_DEFINE(64, uint64_t)
FL_DEFINE(ptr, fl_pointer_)
FL_DEFINE_ADD(32, uint32_t)
FL_DEFINE_ADD(64, uint64_t)

#undef FL_DEFINE
#undef FL_DEFINE_ADD

/* What ck_pr does not have: operations of one instruction, which locks nothing. */
#if defined(__x86_64__)
#define FL_ATOMIC_LOOKS 1

#define FL_DEFINE(S, T, compare)                                               \
    static inline bool fl_is_acquire_##S(const T *p, T v)                      \
    {                                                                          \
        bool is;                                                               \
        __asm__ volatile(compare " %2, %1"                                     \
                         : "=@ccz"(is)                                         \
                         : "m"(*p), "re"(v)                                    \
                         : "memory");                                          \
        return is;                                                             \
    }

FL_DEFINE(32, uint32_t, "cmpl")
FL_DEFINE(64, uint64_t, "cmpq")
FL_DEFINE(ptr, fl_pointer_, "cmpq")

#undef FL_DEFINE

static inline bool
fl_has_acquire_32(const uint32_t *p, uint32_t bits)
{
    bool has;
    __asm__ volatile("testl %2, %1"
                     : "=@ccnz"(has)
                     : "m"(*p), "re"(bits)
                     : "memory");
    return has;
}

static inline void
fl_count_(uint64_t *counter)
{
    __asm__ volatile("addq $1, %0" : "+m"(*counter) : : "cc");
}
#endif

static inline void
fl_fence_compiler(void)
{
    ck_pr_barrier();
}

static inline void
fl_fence_seq_cst(void)
{
    ck_pr_fence_memory();
}

/* Tells the CPU that the caller spins. */
static inline void
fl_pause(void)
{
    ck_pr_stall();
}

#endif
