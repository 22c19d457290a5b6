/* The atomics of atomic.h by the compiler's builtins. */
#ifndef FL_ATOMIC_BUILTIN_H
#define FL_ATOMIC_BUILTIN_H

#define FL_DEFINE(S, T)                                                        \
    static inline T fl_load_relaxed_##S(const T *p)                            \
    {                                                                          \
        return __atomic_load_n(p, __ATOMIC_RELAXED);                           \
    }                                                                          \
    static inline T fl_load_acquire_##S(const T *p)                            \
    {                                                                          \
        return __atomic_load_n(p, __ATOMIC_ACQUIRE);                           \
    }                                                                          \
    static inline T fl_load_seq_cst_##S(const T *p)                            \
    {                                                                          \
        return __atomic_load_n(p, __ATOMIC_SEQ_CST);                           \
    }                                                                          \
    static inline void fl_store_relaxed_##S(T *p, T v)                         \
    {                                                                          \
        __atomic_store_n(p, v, __ATOMIC_RELAXED);                              \
    }                                                                          \
    static inline void fl_store_release_##S(T *p, T v)                         \
    {                                                                          \
        __atomic_store_n(p, v, __ATOMIC_RELEASE);                              \
    }                                                                          \
    static inline T fl_exchange_acq_rel_##S(T *p, T v)                         \
    {                                                                          \
        return __atomic_exchange_n(p, v, __ATOMIC_ACQ_REL);                    \
    }                                                                          \
    static inline T fl_exchange_seq_cst_##S(T *p, T v)                         \
    {                                                                          \
        return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);                    \
    }                                                                          \
    static inline bool fl_cas_acq_rel_##S(T *p, T *old, T v)                   \
    {                                                                          \
        return __atomic_compare_exchange_n(p, old, v, false, __ATOMIC_ACQ_REL, \
                                           __ATOMIC_ACQUIRE);                  \
    }                                                                          \
    static inline bool fl_cas_seq_cst_##S(T *p, T *old, T v)                   \
    {                                                                          \
        return __atomic_compare_exchange_n(p, old, v, false, __ATOMIC_SEQ_CST, \
                                           __ATOMIC_SEQ_CST);                  \
    }

#define FL_DEFINE_ADD(S, T)                                                    \
    static inline T fl_add_acq_rel_##S(T *p, T v)                              \
    {                                                                          \
        return __atomic_fetch_add(p, v, __ATOMIC_ACQ_REL);                     \
    }                                                                          \
    static inline T fl_add_seq_cst_##S(T *p, T v)                              \
    {                                                                          \
        return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST);                     \
    }

typedef void *fl_pointer_;

FL_DEFINE(32, uint32_t)
FL_DEFINE(64, uint64_t)
FL_DEFINE(ptr, fl_pointer_)
FL_DEFINE_ADD(32, uint32_t)
FL_DEFINE_ADD(64, uint64_t)

#undef FL_DEFINE
#undef FL_DEFINE_ADD

static inline void
fl_fence_compiler(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* No race detector takes notice of it: nothing that one has to see rests on it.
 * gcc says so each time. */
#ifndef __clang__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif
static inline void
fl_fence_seq_cst(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

/* Tells the CPU that the caller spins. */
static inline void
fl_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
