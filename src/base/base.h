/* What every file of the library may use: hints and the fatal error. */
#ifndef FL_BASE_H
#define FL_BASE_H

#include <filch/base.h>

#define fl_likely(x) __builtin_expect(!!(x), 1)
#define fl_unlikely(x) __builtin_expect(!!(x), 0)
#define FL_NOINLINE __attribute__((noinline))
/* Of a function that does so little that it counts how it falls into lines, of
 * which the CPU fetches one at a time. */
#define FL_SHORT __attribute__((aligned(64)))
#define FL_CACHE_LINE 64

/* Has the CPU fetch two lines, whatever is there by then, if anything is. (Of
 * NULL it would look for the page each time: not where that is likely.) */
#define fl_fetch(at)                                                           \
    do {                                                                       \
        __builtin_prefetch(at);                                                \
        __builtin_prefetch((void *)((uintptr_t)(at) + FL_CACHE_LINE));         \
    } while (0)

/* The struct that a member lies in. */
#define fl_container(pointer, type, member)                                    \
    ((type *)((char *)(pointer)-offsetof(type, member)))

/* splitmix64's step from one state to a number; the next state is this one plus
 * 0x9e3779b97f4a7c15. */
static inline uint64_t
fl_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/*
 * Ends the program after one line on standard error: for misuse that would
 * otherwise be undefined, and for broken invariants. Never for what a caller
 * can handle: that is an error code.
 */
_Noreturn void fl_fatal(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* One line on standard error, prefixed with the library's name. */
void fl_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What must hold; compiled in where FL_DEBUG is defined. */
#ifdef FL_DEBUG
#define fl_assert(x)                                                           \
    ((x) ? (void)0 : fl_fatal("%s:%d: broken: %s", __FILE__, __LINE__, #x))
#define fl_assume(x) fl_assert(x)
#else
#define fl_assert(x) ((void)0)
/* the compiler may build on it */
#define fl_assume(x) ((x) ? (void)0 : __builtin_unreachable())
#endif

#endif
