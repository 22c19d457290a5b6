/*
 * The atomics of atomic.h for the models of tests/model: each is a call into
 * the model checker, which chooses what a load may return.
 *
 * Some orders stand here that atomic.h does not have: for weakening the
 * library's source on purpose, to see that the models notice.
 */
#ifndef FL_ATOMIC_MODEL_H
#define FL_ATOMIC_MODEL_H

enum fl_model_order {
    FL_RELAXED,
    FL_ACQUIRE,
    FL_RELEASE,
    FL_ACQ_REL,
    FL_SEQ_CST
};

uint64_t fl_model_load(const void *p, unsigned size, enum fl_model_order order);
void fl_model_store(void *p, unsigned size, uint64_t v,
                    enum fl_model_order order);
uint64_t fl_model_exchange(void *p, unsigned size, uint64_t v,
                           enum fl_model_order order);
uint64_t fl_model_add(void *p, unsigned size, uint64_t v,
                      enum fl_model_order order);
bool fl_model_cas(void *p, unsigned size, uint64_t *old, uint64_t v,
                  enum fl_model_order order);
void fl_model_fence(void);

#define FL_DEFINE(S, T, name, order)                                           \
    static inline __attribute__((always_inline))                               \
    T fl_load_##name##_##S(const T *p)                                         \
    {                                                                          \
        return (T)fl_model_load(p, sizeof *p, order);                          \
    }                                                                          \
    static inline                                                              \
        __attribute__((always_inline)) void fl_store_##name##_##S(T *p, T v)   \
    {                                                                          \
        fl_model_store(p, sizeof *p, (uint64_t)v, order);                      \
    }                                                                          \
    static inline __attribute__((always_inline))                               \
    T fl_exchange_##name##_##S(T *p, T v)                                      \
    {                                                                          \
        return (T)fl_model_exchange(p, sizeof *p, (uint64_t)v, order);         \
    }                                                                          \
    static inline __attribute__((always_inline)) bool fl_cas_##name##_##S(     \
        T *p, T *old, T v)                                                     \
    {                                                                          \
        uint64_t found = (uint64_t)*old;                                       \
        bool stored = fl_model_cas(p, sizeof *p, &found, (uint64_t)v, order);  \
        *old = (T)found;                                                       \
        return stored;                                                         \
    }

#define FL_DEFINE_ADD(S, T, name, order)                                       \
    static inline __attribute__((always_inline))                               \
    T fl_add_##name##_##S(T *p, T v)                                           \
    {                                                                          \
        return (T)fl_model_add(p, sizeof *p, (uint64_t)v, order);              \
    }

#define FL_DEFINE_ORDERS(S, T, DEFINE)                                         \
    DEFINE(S, T, relaxed, FL_RELAXED)                                          \
    DEFINE(S, T, acquire, FL_ACQUIRE)                                          \
    DEFINE(S, T, release, FL_RELEASE)                                          \
    DEFINE(S, T, acq_rel, FL_ACQ_REL)                                          \
    DEFINE(S, T, seq_cst, FL_SEQ_CST)

/* As wide as a pointer, so that all can be told by one integer. */
typedef void *fl_pointer_;

FL_DEFINE_ORDERS(32, uint32_t, FL_DEFINE)
FL_DEFINE_ORDERS(64, uint64_t, FL_DEFINE)
FL_DEFINE_ORDERS(ptr, fl_pointer_, FL_DEFINE)
FL_DEFINE_ORDERS(32, uint32_t, FL_DEFINE_ADD)
FL_DEFINE_ORDERS(64, uint64_t, FL_DEFINE_ADD)

#undef FL_DEFINE
#undef FL_DEFINE_ADD
#undef FL_DEFINE_ORDERS

#define fl_store_seq_cst(p, v) FL_ATOMIC_SELECT(fl_store_seq_cst, p)(p, v)
#define fl_exchange_relaxed(p, v) FL_ATOMIC_SELECT(fl_exchange_relaxed, p)(p, v)
#define fl_exchange_acquire(p, v) FL_ATOMIC_SELECT(fl_exchange_acquire, p)(p, v)
#define fl_exchange_release(p, v) FL_ATOMIC_SELECT(fl_exchange_release, p)(p, v)
#define fl_add_relaxed(p, v) FL_ATOMIC_SELECT_INTEGER(fl_add_relaxed, p)(p, v)
#define fl_add_acquire(p, v) FL_ATOMIC_SELECT_INTEGER(fl_add_acquire, p)(p, v)
#define fl_add_release(p, v) FL_ATOMIC_SELECT_INTEGER(fl_add_release, p)(p, v)
#define fl_cas_relaxed(p, old, v) FL_ATOMIC_SELECT(fl_cas_relaxed, p)(p, old, v)
#define fl_cas_acquire(p, old, v) FL_ATOMIC_SELECT(fl_cas_acquire, p)(p, old, v)
#define fl_cas_release(p, old, v) FL_ATOMIC_SELECT(fl_cas_release, p)(p, old, v)

static inline void
fl_fence_compiler(void)
{
}

static inline void
fl_fence_seq_cst(void)
{
    fl_model_fence();
}

/* Who spins lets others run by fl_os_back_off. */
static inline void
fl_pause(void)
{
}

#endif
