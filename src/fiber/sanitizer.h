/*
 * What the sanitizers and Valgrind must be told about stacks and switches. In
 * normal builds every function here is empty.
 *
 * ThreadSanitizer: each task is a fiber of its own, and each worker's loop is
 * one. Switching does not synchronise, so that a race between two tasks of one
 * worker is seen; the edges that are real (spawn to start, wake to resume, end
 * to join) are made by the atomics in the tasks' own contexts, or by
 * fl_tsan_release and fl_tsan_acquire.
 */
#ifndef FL_SANITIZER_H
#define FL_SANITIZER_H

#include "base/base.h"

#if defined(FILCH_TSAN_)
#include <sanitizer/tsan_interface.h>
#define FL_TSAN 1
void AnnotateBenignRaceSized(const char *file, int line,
                             const volatile void *address, size_t size,
                             const char *description);
#else
#define FL_TSAN 0
#endif

#if defined(FILCH_ASAN_)
#define FL_ASAN 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#else
#define FL_ASAN 0
#endif

/* What the caller has done happens before what follows an acquire. */
static inline void
fl_tsan_release(void *address)
{
#if FL_TSAN
    __tsan_release(address);
#else
    (void)address;
#endif
}

static inline void
fl_tsan_acquire(void *address)
{
#if FL_TSAN
    __tsan_acquire(address);
#else
    (void)address;
#endif
}

/* A context for the ThreadSanitizer; NULL in other builds. */
static inline void *
fl_tsan_create(void)
{
#if FL_TSAN
    return __tsan_create_fiber(0);
#else
    return NULL;
#endif
}

static inline void *
fl_tsan_current(void)
{
#if FL_TSAN
    return __tsan_get_current_fiber();
#else
    return NULL;
#endif
}

/* A word that belongs to a thread, and so to each of its fibers in turn. */
static inline void
fl_tsan_shared(void *address, size_t size)
{
#if FL_TSAN
    AnnotateBenignRaceSized(__FILE__, __LINE__, address, size,
                            "belongs to whichever fiber the thread runs");
#else
    (void)address, (void)size;
#endif
}

static inline void
fl_tsan_destroy(void *context)
{
#if FL_TSAN
    __tsan_destroy_fiber(context);
#else
    (void)context;
#endif
}

static inline void
fl_tsan_switch(void *context)
{
#if FL_TSAN
    __tsan_switch_to_fiber(context, __tsan_switch_to_fiber_no_sync);
#else
    (void)context;
#endif
}

/* Before a switch to the stack [base, base + size); what it returns goes to
 * fl_asan_arrive in this context. `leaving`: this context never runs again. */
static inline void *
fl_asan_depart(void *base, size_t size, bool leaving)
{
    void *fake = NULL;
#if defined(FILCH_ASAN_)
    __sanitizer_start_switch_fiber(leaving ? NULL : &fake, base, size);
#else
    (void)base, (void)size, (void)leaving;
#endif
    return fake;
}

/* After a switch; in a fresh context with `fake` NULL. */
static inline void
fl_asan_arrive(void *fake)
{
#if defined(FILCH_ASAN_)
    __sanitizer_finish_switch_fiber(fake, NULL, NULL);
#else
    (void)fake;
#endif
}

/* A range of stack is about to be used for something else. */
static inline void
fl_asan_unpoison(void *base, size_t size)
{
#if defined(FILCH_ASAN_)
    __asan_unpoison_memory_region(base, size);
#else
    (void)base, (void)size;
#endif
}

/* A range of memory may hold pointers: leak detection looks there. */
static inline void
fl_lsan_root(void *base, size_t size)
{
#if defined(FILCH_ASAN_)
    __lsan_register_root_region(base, size);
#else
    (void)base, (void)size;
#endif
}

/* It may not any more. */
static inline void
fl_lsan_forget(void *base, size_t size)
{
#if defined(FILCH_ASAN_)
    __lsan_unregister_root_region(base, size);
#else
    (void)base, (void)size;
#endif
}

#endif
