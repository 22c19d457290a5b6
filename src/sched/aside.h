/*
 * For the ThreadSanitizer: what is done for another fiber, which is no business of
 * who does it.
 *
 * CONTRACT  Between fl_aside_begin and fl_aside_end the sanitizer takes the caller
 *           for one who knows nothing, and of whom nothing is learnt but by the
 *           edges that are made there: who ends the waits of two others, by a
 *           cancel or a timeout, does not order what the two do, nor what it does
 *           itself. (A plain thread's own acts come before what it does there.)
 *           Plain accesses are not looked at meanwhile, since they lie on the
 *           caller's stack. Not to be suspended in. Empty in other builds.
 */
#ifndef FL_ASIDE_H
#define FL_ASIDE_H

#include "sched/worker.h"

typedef struct fl_aside {
    void *before, *own; /* the sanitizer's contexts */
} fl_aside;

#if FL_TSAN

void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);

static inline fl_aside
fl_aside_begin(void)
{
    fl_fiber *me = fl_me();
    fl_aside aside = {.before = fl_tsan_current()};
    aside.own =
        me->kind == FL_THREAD ? fl_tsan_create() : fl_tsan_begin(me->worker);
    fl_tsan_switch(aside.own);
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    return aside;
}

static inline void
fl_aside_end(fl_aside aside)
{
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
    fl_tsan_switch(aside.before);
    fl_tsan_destroy(aside.own);
}

#else

static inline fl_aside
fl_aside_begin(void)
{
    return (fl_aside){0};
}

static inline void
fl_aside_end(fl_aside aside)
{
    (void)aside;
}

#endif

#endif
