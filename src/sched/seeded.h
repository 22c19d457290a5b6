/*
 * Deterministic runs: one worker, whose every choice is a decision.
 *
 * CONTRACT  With a seed, or virtual time, a run depends on nothing but the
 *           program and what it is given: not on the machine, the time, or
 *           addresses. The worker takes what became runnable out of its queues
 *           into a pool, and decides who goes on: when the running task
 *           suspends or ends (a *pick*), and at each call into the library (a
 *           *point*, point.h). A timer that is due is one more that may go on.
 *           Time is a number. It stands still while anything can run; then it
 *           jumps to the next timer. When there is none either, the run has
 *           stalled (stall.c).
 * STATE     All belongs to the runtime's worker, but for `called`,
 *           ends_with_main, which filch_run sets before its main is submitted, and
 *           `next` (stall.c). A runtime
 *           that is not deterministic has none of this.
 *           Its worker's poll_mask stays 0, so that no turn is free: what is
 *           quick elsewhere comes to fl_find's slow side, and from there here.
 * PROTOCOL  A task is interrupted as it would yield: it is parked, and then put
 *           into its worker's ring; who is to go on was noted before
 *           (`chosen`). The end of a run is decided here too: when filch_run's
 *           main has ended, the worker itself cancels the others, in the order
 *           of their numbers. A job may be begun by others than its forker
 *           while fewer than 4 are, as if there were so many more workers: else
 *           all the jobs of a deep tree would be begun, each on a stack of its
 *           own. The rest waits in `jobs`; one more is begun with each turn
 *           by which time goes on, since those 4 may wait for it.
 * WAKEUP GUARANTEE  Counts stand in place of times: who makes 10,000 calls in a
 *           row without suspending is interrupted; who was passed over 10,000
 *           times, or a timer that was due for so long, is next; after 1,000
 *           timers that went off a task goes on.
 *           Where all who can run do nothing but yield, time goes on by 1 us a
 *           round, and by 0.1 % of what such rounds have taken so far, up to the
 *           next timer; by the same a call where nobody else can go on, after
 *           10,000; where one task reads the clock more than 1,000 times in a
 *           row, or more than 100,000 times somebody goes on, or off, without a
 *           jump, by 1 us each.
 */
#ifndef FL_SEEDED_H
#define FL_SEEDED_H

#include "sched/clock.h"
#include "sched/schedule.h"
#include "sched/worker.h"

#define FL_CALLS_MOST 10000u /* points passed without suspending */

typedef struct fl_held {
    const void *lock;
    uint32_t number; /* of who has acquired it last */
} fl_held;

typedef struct fl_seeded {
    fl_policy policy;
    fl_schedule *schedule;
    fl_pool pool;
    fl_pool jobs;      /* those that are not to be begun yet */
    uint32_t jobs_out; /* others: in the pool, or begun and not ended */
    filch_time now;
    uint32_t numbers;       /* given so far: tasks and jobs from 1 on */
    uint32_t running;       /* the number of who runs, or ran last */
    const fl_fiber *ran;    /* who ran until now; just an address */
    bool interrupted;       /* it was parked at a point */
    bool go_off;            /* chosen at a point: a timer goes off */
    fl_entry chosen;        /* chosen at a point: who goes on */
    uint64_t decisions;     /* of this run */
    uint64_t gone;          /* times that somebody went on */
    uint64_t undue_at;      /* `gone` when no timer was due, or one went off */
    uint32_t gone_off;      /* timers, since then */
    uint32_t calls;         /* points since the running one went on */
    uint32_t reads;         /* of the clock, likewise */
    uint32_t yields;        /* in a row, with nothing else between */
    uint32_t picks;         /* since it jumped */
    filch_time polls_since; /* when they began to poll: by yields, or calls */
    filch_task *main;       /* filch_run's, until it has ended */
    bool ends_with_main;    /* set before main is submitted */
    bool swept;             /* all tasks were cancelled */
    bool stalled;
    fl_held *held; /* locks, those acquired last at the end */
    size_t held_count, held_capacity;
    fl_atomic32 called; /* 1: its worker is to look again before it sleeps */
    filch_runtime *runtime;
    struct fl_seeded *next; /* of all deterministic runtimes; see stall.c */
} fl_seeded;

/* ---- seeded.c ---- */

/* Makes the runtime deterministic, as the environment says. EINVAL after a line
 * on standard error, ENOMEM. */
int fl_seeded_begin(filch_runtime *runtime, uint64_t seed);
void fl_seeded_end(filch_runtime *runtime);

/* What goes on next, NULL: nothing can. fl_find's part. */
fl_work *fl_seeded_next(fl_worker *worker);

/* Waits until something can; NULL when the runtime quits. fl_idle's part. */
fl_work *fl_seeded_idle(fl_worker *worker);

/* A call into the library. */
void fl_seeded_point(const char *where);

/* Tasks that have not ended. */
uint64_t fl_seeded_alive(const filch_runtime *runtime);

/* Calls the worker, which may sleep, to look again. From any thread. */
void fl_seeded_call(filch_runtime *runtime);

/* Lets time pass, but never to what means no deadline. */
static inline void
fl_seeded_pass(fl_seeded *seeded, filch_time takes)
{
    filch_time left = FILCH_NEVER - 1 - seeded->now;
    seeded->now += takes < left ? takes : left;
}

/* The number of who goes on just now. */
static inline uint32_t
fl_number_running(const filch_runtime *runtime)
{
    return runtime->seeded ? runtime->seeded->running : 0;
}

static inline bool
fl_is_seeded(const fl_fiber *me)
{
    return me && me->worker && me->worker->runtime->seeded;
}

/* ---- seeded_pool.c ---- */

/* Takes into the pool what has become runnable; whether the one who ran until
 * now is in it, having yielded. */
bool fl_seeded_drain(fl_worker *worker);

/* One more job may be begun, if there is one: the oldest, as a thief would take. */
void fl_seeded_offer_job(fl_seeded *seeded);

/* Takes a job that nobody has begun back from the pool: whether it was
 * there. */
bool fl_seeded_take(fl_worker *worker, filch_job *job);

/* Its forker is about to wait for the job: so it may be begun. */
void fl_seeded_await(fl_worker *worker, filch_job *job);

/* The number of a task or a job that was begun. */
uint32_t fl_seeded_number(fl_fiber *fiber);

/* ---- seeded_decide.c ---- */

/* What there is to decide at a point of the caller's, or, with 0, at a pick. */
fl_situation fl_seeded_look(const fl_worker *worker, uint32_t caller);

/* What comes of it. `where`: the point, NULL for a pick. */
size_t fl_seeded_decide(fl_seeded *seeded, fl_situation *situation,
                        const char *where);

/* ---- stall.c ---- */

/* Nothing can run, and nothing will: says so, and cancels all tasks; ends the
 * program where that was done before. */
void fl_stall(filch_runtime *runtime);

/* Cancels all tasks, in the order of their numbers. */
void fl_seeded_sweep(filch_runtime *runtime);

/* Whether plain threads wake tasks, as the program says. */
bool fl_is_foreign_declared(void);

/* Lists the runtime among those that filch_foreign_end wakes; and not. */
void fl_stall_list(fl_seeded *seeded);
void fl_stall_unlist(fl_seeded *seeded);

/* Somebody who does not belong to the runtime, which may be NULL, has touched
 * it: that is said once. */
void fl_seeded_disturbed(const char *where);

/* Who has which lock, as far as it can be told. */
void fl_note_held(const void *lock);
void fl_note_released(const void *lock);

/* ---- stats.c ---- */

/* What a fiber waits for, in words. */
const char *fl_what_name(unsigned what);

/* And what it waits in, NULL if that is not known. */
const void *fl_waits_for(const volatile fl_waiter *waiter);

#endif
