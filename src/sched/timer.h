/*
 * Timers: those that each worker has armed, in a wheel of its own.
 *
 * CONTRACT  Those that are due go off by deadline, then in the order of their
 *           arming; but what was armed since they were found due comes after
 *           them. Any thread may disarm; the runtime's workers arm, and any of
 *           them may let another's timers go off.
 * STATE     Guarded by `guard`: the wheel, and what lies in it. `earliest` is a
 *           time before which none is due, for those who only look: the
 *           deadline of the first once that is near. `early` is that, or when
 *           its worker is to prepare the wheel for it, if it does anything.
 *           These are never freed but used again: a thread that disarms a
 *           timer may find it in those of a runtime that has just ended.
 * TIMEOUT AND CANCEL  A timeout decides its fiber's wait under the guard. The
 *           fiber, once it is resumed, disarms it under the guard first of all:
 *           so no timer touches the stack of a fiber that runs on.
 * MEMORY ORDER  Under the guard but for: heap_ of a timer, which taking it out
 *           releases to who possesses it next, or finds it disarmed; gone_, which
 *           that does likewise for a callback; `running`, whose beginning is
 *           seq_cst, to meet the end of a run, and whose end releases what the
 *           callback did to who waits for that (sync/timer.c); `earliest`
 *           (idle.c); `early`, a hint; `used`, from who gives these back to who
 *           takes them.
 * LOCK ORDER  An object's guard, then that of timers. Callbacks and aborted
 *           waits run with the latter free.
 * CHECKED BY  tests/unit/test_timers.c, tests/model/callback.c, wait.c, idle.c
 */
#ifndef FL_TIMER_H
#define FL_TIMER_H

#include "fiber/fiber.h"
#include "sched/wheel.h"

struct fl_worker;

enum fl_timer_kind {
    FL_TIMER_IDLE,
    FL_TIMER_CALLBACK, /* calls fn(arg) */
    FL_TIMER_OWNED,    /* likewise, and is freed before that */
    FL_TIMEOUT         /* arg is a fiber: if its wait is undecided, fn(arg) */
};

typedef struct fl_timers {
    struct fl_timers *next; /* of all there are; set once */
    fl_atomic32 used;       /* by some worker */
    fl_atomic32 guard;
    fl_atomic64 earliest; /* FILCH_NEVER when there is none */
    fl_atomic64 early;    /* likewise */
    fl_wheel wheel;       /* guard */

    /* guard: a round is what was armed before it, `round` being the order of the
     * next one, and was due at `round_at`. What a callback arms comes into a
     * later one, however early it is due, and keeps nobody waiting. */
    uint64_t round;
    filch_time round_at;

    /* what the worker that has these is at, in whosever timers it was */
    fl_atomic_ptr running; /* the timer whose callback it runs: just an
                                 address, the timer may be gone */
    fl_atomic32 end_guard;
    filch_waiters_ waiters; /* end_guard: who waits for the callback's end */
    void (*on_end)(struct fl_timers *timers); /* end_guard: wakes them */
} fl_timers;

/* Some for a worker, and back; what is armed then is disarmed. ENOMEM. */
int fl_timers_get(fl_timers **timers);
void fl_timers_put(fl_timers *timers);

/* Arms, with that worker, on its thread; EBUSY. The timer's kind, fn and arg
 * are set by this. A timeout is one that nobody else knows yet. */
int fl_timer_arm(struct fl_worker *worker, filch_timer *timer,
                 filch_time deadline, enum fl_timer_kind kind,
                 void (*fn)(void *), void *arg);

/* Disarms; false if it was not armed. */
bool fl_timer_disarm(filch_timer *timer);

/* Lets what is due go off, on that worker, or the first of it: once so many
 * fibers are ready, more go off when these have run, while what they need is in
 * the cache. Whether anything was due. */
#define FL_TIMERS_LEAST 64
#define FL_TIMERS_ENOUGH 128
bool fl_timers_run(struct fl_worker *worker, fl_timers *timers);

/* What is to be done with a worker's own by that time, where `early` says that
 * something is: what is due goes off, if it may, and the wheel is prepared. Whether
 * anything has gone off. */
bool fl_timers_tend(struct fl_worker *worker, filch_time now, bool may_run);

static inline filch_time
fl_timers_early(const fl_timers *timers)
{
    return (filch_time)fl_load_relaxed(&timers->early);
}

/* Whether one is due, where `earliest` says that one may be; afterwards that is
 * nearer to the truth. */
bool fl_timers_any_due(fl_timers *timers, filch_time now);

/* Those of the worker that runs the timer's callback, NULL if none does. */
fl_timers *fl_timer_runner(filch_timer *timer);

static inline filch_time
fl_timers_earliest(const fl_timers *timers)
{
    return (filch_time)fl_load_acquire(&timers->earliest);
}

#endif
