/*
 * Timers: one pairing heap a worker, intrusive, so that arming takes no memory.
 *
 * CONTRACT  Those that are due go off by deadline, then in the order of their
 *           arming. Any thread may disarm; the runtime's workers arm, and any
 *           of them may let another's timers go off.
 * STATE     Guarded by `guard`: the heap, its order, what runs. `earliest` is
 *           the root's deadline, for those who only look.
 *           Heaps are never freed but used again: a thread that disarms a
 *           timer may find it in a heap whose runtime has just ended.
 * TIMEOUT AND CANCEL  A timeout decides its fiber's wait under the guard. Who
 *           resumes a fiber that had armed one disarms it under the guard: so
 *           no timer touches the stack of a fiber that runs on.
 * LOCK ORDER  An object's guard, then a heap's. Callbacks and aborted waits
 *           run with the heap's guard free.
 * SOURCE    Fredman, Sedgewick, Sleator, Tarjan, "The pairing heap" (1986).
 */
#ifndef FL_TIMER_H
#define FL_TIMER_H

#include "fiber/fiber.h"

#include <filch/timer.h>

struct fl_worker;

enum fl_timer_kind {
    FL_TIMER_IDLE,
    FL_TIMER_CALLBACK, /* calls fn(arg) */
    FL_TIMER_OWNED,    /* likewise, and is freed before that */
    FL_TIMEOUT         /* arg is a fiber: if its wait is undecided, fn(arg) */
};

typedef struct fl_timers {
    struct fl_timers *next;   /* of all heaps; set once */
    fl_atomic32 used;         /* by some worker */
    fl_atomic32 guard;
    fl_atomic64 earliest;     /* FILCH_NEVER when empty */
    filch_timer *root;        /* guard */
    uint64_t order;           /* guard: counts what was armed */

    /* what the worker that has this heap is at, in whosever heap it was */
    fl_atomic_ptr running;    /* the timer whose callback it runs: just an
                                 address, the timer may be gone */
    fl_atomic32 end_guard;
    filch_waiters_ waiters;   /* end_guard: who waits for the callback's end */
    void (*on_end)(struct fl_timers *timers); /* end_guard: wakes them */
} fl_timers;

/* A heap for a worker, and back; what is in it then is disarmed. ENOMEM. */
int fl_timers_get(fl_timers **timers);
void fl_timers_put(fl_timers *timers);

/* Arms; EBUSY. The timer's kind, fn and arg are set by this. */
int fl_timer_arm(fl_timers *timers, filch_timer *timer, filch_time deadline,
                 enum fl_timer_kind kind, void (*fn)(void *), void *arg);

/* Disarms; false if it was not armed. */
bool fl_timer_disarm(filch_timer *timer);

/* Lets what is due go off, on that worker; whether anything was. */
bool fl_timers_run(struct fl_worker *worker, fl_timers *timers);

/* The heap of the worker that runs the timer's callback, NULL if none does. */
fl_timers *fl_timer_runner(filch_timer *timer);

static inline filch_time
fl_timers_earliest(const fl_timers *timers)
{
    return (filch_time)fl_load_acquire(&timers->earliest);
}

#endif
