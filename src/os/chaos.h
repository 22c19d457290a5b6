/*
 * Chaos: disturbances at the places where threads race, for tests.
 *
 * CONTRACT  fl_chaos() stands between two steps of a protocol. Once chaos has
 *           begun it may delay the caller there, from some pauses to some 100
 *           us, or give its CPU away; otherwise it does nothing, and costs a
 *           branch that is never taken. It may stand where guards are held, on
 *           any thread. fl_chaos_chance(n) is true about once in n times, and
 *           never without chaos: where the scheduler may do something unusual
 *           instead. Neither changes what the library promises.
 * STATE     fl_chaos_on is set before the first worker starts, and stays. A plain
 *           thread may see that late: it only passes undisturbed. Hence a plain
 *           word.
 *           Each thread draws numbers of its own, from the seed and from how
 *           many threads came before it. The seed also decides which places are
 *           hot: a quarter of them, where one in four who pass is held for
 *           long, while the others are passed quickly. So in each run some
 *           steps are slow beside others that are not, which is what it takes.
 *           A thread spends at most half of its time so.
 * REJECTED  The same chance at all places: when both sides of a race are slowed
 *           down alike, it is not much more probable than before.
 */
#ifndef FL_CHAOS_H
#define FL_CHAOS_H

#include "base/base.h"

#ifdef FL_ATOMIC_MODEL

/* The model checker takes every order by itself. */
#define fl_chaos_on false
#define fl_chaos() ((void)0)
#define fl_chaos_short() ((void)0)
#define fl_chaos_in(here) ((void)(here))
#define fl_chaos_chance(n) false
#define fl_chaos_draw(n) 0u
#define fl_chaos_assert(x) ((void)0)

#else

extern bool fl_chaos_on __attribute__((visibility("hidden")));

/* From now on, with that seed; false if it is 0, or chaos is on already. */
bool fl_chaos_begin(uint64_t seed);

/* What fl_chaos does once it is on; keeps errno. The second says which place
 * the caller is at. */
void fl_chaos_disturb(void);
void fl_chaos_disturb_at(uintptr_t place);

/* A number below n. */
uint32_t fl_chaos_draw(uint32_t n);

static inline void
fl_chaos(void)
{
    if (fl_unlikely(fl_chaos_on)) {
        fl_chaos_disturb();
    }
}

/*
 * The same in the short paths (fiber/fiber.h, fl_here), in a build of its own, the
 * flavour chaos, in which they are taken in chaos, too. Elsewhere chaos keeps to the
 * others: so short are these that one look at a word would show. The second: in one
 * that may be such a path, as `here`, a constant, says.
 */
#ifdef FL_CHAOS_SHORT
#define fl_chaos_takes_long false
#else
#define fl_chaos_takes_long fl_chaos_on
#endif

static inline void
fl_chaos_short(void)
{
#ifdef FL_CHAOS_SHORT
    fl_chaos();
#endif
}

static inline void
fl_chaos_in(bool here)
{
    if (here) {
        fl_chaos_short();
    } else {
        fl_chaos();
    }
}

static inline bool
fl_chaos_chance(uint32_t n)
{
    return fl_unlikely(fl_chaos_on) && fl_chaos_draw(n) == 0;
}

/* What must hold, looked at in chaos and where FL_DEBUG is defined. */
#ifdef FL_DEBUG
#define fl_chaos_assert(x) fl_assert(x)
#else
#define fl_chaos_assert(x)                                                     \
    (fl_likely(!fl_chaos_on || (x))                                            \
         ? (void)0                                                             \
         : fl_fatal("%s:%d: broken: %s", __FILE__, __LINE__, #x))
#endif

#endif

#endif
