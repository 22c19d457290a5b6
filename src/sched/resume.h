/*
 * Letting fibers go on: one, or many whose waits were decided together.
 */
#ifndef FL_RESUME_H
#define FL_RESUME_H

#include "sched/worker.h"

/* Makes a parked fiber run; the caller has decided its wait. From anywhere. */
void fl_resume_slowly(fl_fiber *me, fl_fiber *fiber);

static inline void
fl_resume_by(fl_fiber *me, fl_fiber *fiber)
{
    fl_assert(!fl_is_undecided(fiber));
    fl_tsan_release(fiber);
    if (fl_unlikely(!fl_same_runtime(me, fiber) ||
                    !fl_ready_put(&fl_worker_of(me)->ready, fiber))) {
        fl_resume_slowly(me, fiber);
    }
}

static inline void
fl_resume(fl_fiber *fiber)
{
    fl_resume_by(fl_me(), fiber);
}

/* The same by who runs on that worker, which was found by fl_here, calling
 * nothing: whether it did. */
static inline bool
fl_resume_at_once(fl_worker *worker, fl_fiber *fiber)
{
    fl_assert(!fl_is_undecided(fiber));
    fl_tsan_release(fiber);
    return fl_likely(fl_same_runtime(worker->me, fiber)) &&
           fl_likely(fl_ready_put_here(&worker->ready, fiber));
}

/* The same where its waker goes on, and may do so for long: a worker that idles is to
 * have it as soon as it looks, unless the waker's comes to its next turn before. */
void fl_resume_apart(fl_fiber *fiber);

/* The same as its caller's last act. */
void fl_resume_again(fl_fiber *me, fl_fiber *fiber);

static inline void
fl_resume_here(fl_worker *worker, fl_fiber *fiber)
{
    if (!fl_resume_at_once(worker, fiber)) {
        fl_resume_again(worker->me, fiber);
    }
}

/* Fibers whose waits were decided under a guard, to be resumed, in that order,
 * when it is free. (None that has not begun: what it begins with lies where its
 * waiter is.) */
typedef struct fl_chain {
    fl_fiber *first, *last; /* linked by next */
    fl_fiber *behind;       /* FL_AHEAD before the last, or the first */
    uint32_t n;
    uint32_t tag; /* of the runtime that all live in; 0: of several, or none */
} fl_chain;

#define FL_AHEAD 32

static inline void
fl_chain_add(fl_chain *chain, fl_fiber *fiber)
{
    uint32_t tag = fl_load_relaxed(&fiber->state) >> FL_TAG_SHIFT;
    fiber->next = NULL;
    if (chain->n++ == 0) {
        chain->tag = tag;
        chain->first = chain->last = chain->behind = fiber;
        return;
    }
    chain->tag = chain->tag == tag ? tag : 0;
    chain->last->next = fiber;
    chain->last = fiber;
    if (chain->n > FL_AHEAD) {
        chain->behind->waiter.ahead = fiber;
        chain->behind = chain->behind->next;
    }
}

/* A chain that is made from its last on. */
typedef struct fl_chain_end {
    fl_chain chain;
    fl_fiber *recent[FL_AHEAD]; /* as many of its first as there are */
} fl_chain_end;

static inline void
fl_chain_prepend(fl_chain_end *end, fl_fiber *fiber)
{
    fl_chain *chain = &end->chain;
    uint32_t tag = fl_load_relaxed(&fiber->state) >> FL_TAG_SHIFT;
    fl_fiber **later = &end->recent[chain->n % FL_AHEAD];
    if (chain->n == 0) {
        chain->tag = tag;
        chain->last = fiber;
    }
    if (chain->n >= FL_AHEAD) {
        fiber->waiter.ahead = *later;
    } else {
        chain->behind = fiber;
    }
    chain->tag = chain->tag == tag ? tag : 0;
    fiber->next = chain->first;
    chain->first = *later = fiber;
    chain->n++;
}

/* Puts it behind a chain that is not empty. */
static inline void
fl_chain_join(fl_chain *chain, const fl_chain *end)
{
    if (end->n) {
        chain->last->next = end->first;
        chain->last = end->last;
        chain->behind = end->behind;
        chain->n += end->n;
        chain->tag = chain->tag == end->tag ? end->tag : 0;
    }
}

void fl_resume_chain_slowly(fl_chain *chain);

static inline void
fl_resume_chain(fl_chain *chain)
{
    if (chain->n == 1) {
        fl_resume(chain->first);
    } else if (chain->n) {
        fl_resume_chain_slowly(chain);
    }
}

#endif
