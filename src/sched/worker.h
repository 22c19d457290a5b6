/*
 * Workers and their runtime: the state of the scheduler.
 *
 * Fields marked W belong to the worker's own thread; T may be read and changed
 * by thieves, as their own headers say; C are set before the workers start.
 */
#ifndef FL_WORKER_H
#define FL_WORKER_H

#include "sched/deque.h"
#include "sched/inject.h"
#include "sched/point.h"
#include "sched/ready.h"
#include "sched/task.h"
#include "sched/theft.h"
#include "sched/timer.h"

#include <filch/runtime.h>
#include <pthread.h>

/* ---- work: a fiber to resume or a task to start, or a job (tagged) ---- */

typedef struct fl_work {
    char opaque; /* never looked at */
} fl_work;

static inline fl_work *
fl_work_of(fl_fiber *fiber)
{
    return (fl_work *)fiber;
}

static inline fl_work *
fl_work_of_job(filch_job *job)
{
    return (fl_work *)((uintptr_t)job + FL_DEQUE_ALONE);
}

static inline bool
fl_work_is_job(const fl_work *work)
{
    return (uintptr_t)work & FL_DEQUE_ALONE;
}

static inline filch_job *
fl_work_job(fl_work *work)
{
    return (filch_job *)((uintptr_t)work & ~FL_DEQUE_ALONE);
}

static inline fl_fiber *
fl_work_fiber(fl_work *work) /* that is no job */
{
    return (fl_fiber *)(void *)work;
}

/* What a worker counts; only it writes them. As filch_stats. */
struct fl_counters {
    fl_atomic64 switches, tasks, spawned, jobs, steals, stolen, sleeps, timers;
};

/* A fiber for a job that another worker took; `number` as a task's. */
typedef struct fl_job_fiber {
    fl_fiber fiber;
    filch_task *task;
    uint32_t number;
} fl_job_fiber;

typedef struct fl_worker {
    _Alignas(FL_CACHE_LINE) fl_deque deque; /* T */
    fl_fiber *me;          /* W: who runs, and calls: its loop between tasks */
    fl_stack *stack;       /* W: the one that it runs on */
    void (*after)(void *); /* W: to be done once a switch is over, or NULL */
    void *after_arg;       /* W */
    fl_ready ready;        /* T; a new line of the cache */

    fl_atomic32 turn;   /* counts what it ran; read by the watch */
    uint32_t poll_mask; /* W: chores are due when these bits of turn are 0 */
    struct fl_counters stats; /* beside it: see switch.h */

    fl_fiber loop;     /* W; its state C */
    fl_cache stacks;   /* W: idle ones, a loop parked on most */
    filch_task *freed; /* W: the latest free descriptor, if not taken */
    fl_cache tasks;    /* W: the others */
    fl_work *pending;  /* W: work to be done before anything else */
    uint64_t owed; /* W: of its deque's oldest, with FL_OWED_NEWEST its newest,
                      before the ring; with FL_OWED_LATER then more */
    uint32_t owed_until;     /* W: up to here */
    uint32_t injected_until; /* W: so far its ring precedes the common queue */
    uint32_t injected_turn;  /* W: when it last took from that */
    uint32_t far_size;       /* W: of its deque, after far_turn */
    uint32_t far_share;      /* W: how many of it were owed then */
    uint32_t far_turn;       /* W: when it last looked at its deque's top */
    uint32_t oldest_turn;    /* W: when it last took from there */
    uint32_t newest_turn;    /* W: when it last came to the bottom */
    uint32_t timers_turn;    /* W: when it last let timers go off */
    uint32_t timers_head;    /* W: of its ring, then */
    struct fl_theft theft;   /* W: its last one */
    filch_time looks_for;    /* W: what it found, before it leaves it alone */
    bool idled;              /* W: since it last looked at the clock */
    bool woken_had_turn;     /* W: then what is owed has the next */
    uint32_t yielded_until;  /* W: up to here all in its ring have yielded */
    filch_time turn_takes;   /* W */
    bool unhurried;          /* W: when it is the watch it naps at once */
    bool brief;              /* W: so it was away when it last left the watch */
    filch_time left_at;    /* W: when it did, if it had stolen nothing; or 0 */
    filch_time polled;     /* W: when it last looked */
    filch_time shed_at;    /* W: gave stacks back, or has rested since */
    fl_timers *timers;     /* C */
    int *errno_at;         /* W: its thread's errno */
    void *fresh;           /* W: the sanitizer's context for pending work */
    void *unaware;         /* W: another, in which nothing ever happens */
    void *native;          /* W: the context of the thread's own stack */
    fl_stack native_stack; /* W */
    void *signal_stack;    /* W */

    char apart[FL_CACHE_LINE];
    fl_atomic32 park;          /* see idle.c */
    fl_atomic64 rests_until;   /* likewise */
    fl_atomic32 stands_in;     /* 1: it is to wake by itself before long */
    struct fl_worker *sleeper; /* the runtime's idle_guard: next in its list */
    fl_atomic_ptr help;        /* likewise, but see idle.c: whom it helps */
    struct filch_runtime *runtime; /* C */
    unsigned index;                /* C */
    pthread_t thread;              /* C */
} fl_worker;

_Static_assert(offsetof(fl_worker, ready) % FL_CACHE_LINE == 0,
               "what its short paths use is on the line before");
_Static_assert(offsetof(fl_worker, turn) / 32 ==
                   offsetof(fl_worker, stats.switches) / 32,
               "a switch counts both by one write");

struct filch_runtime {
    unsigned count;           /* C: of workers */
    fl_worker *workers;       /* C */
    unsigned shift;           /* C: of its stacks' size */
    uint32_t tag;             /* C: its number in the states of its fibers */
    bool pin;                 /* C */
    char name[64];            /* C */
    struct fl_seeded *seeded; /* C: NULL unless it is deterministic */
    fl_inject inject;
    fl_atomic32 stopping;  /* 1: tasks are cancelled, no more are taken */
    fl_atomic32 closing;   /* 1: no callback begins any more */
    fl_atomic32 quit;      /* 1: no task is left, workers leave */
    fl_atomic32 ended;     /* counts ends of tasks while it stops */
    fl_atomic32 foreign;   /* calls of other threads that are touching it */
    fl_atomic64 submitted; /* tasks spawned by other threads */

    /* idle.c */
    fl_atomic32 idle_guard;
    fl_atomic_ptr watch;     /* idle_guard: the worker that keeps watch */
    fl_atomic64 watch_until; /* until when it sleeps; 0: it does not */
    fl_worker *sleepers;     /* idle_guard: who sleeps, but for the watch */
    fl_atomic32 sleeping;    /* idle_guard: how many those are */
    struct fl_look *looks;   /* the watch's: one a worker */
    unsigned stolen_from;    /* likewise: whom it took something from last */

    cpu_set_t allowed;   /* C: where its workers may run */
    unsigned awake_most; /* C: with so many awake no helper is called */
};

/* That fiber runs on the calling worker, from now on. */
static inline void
fl_be(fl_worker *worker, fl_fiber *me)
{
    worker->me = me;
#ifdef FL_ATOMIC_MODEL
    fl_me_set(me);
#endif
}

/* The worker that calls; NULL where fl_here is. */
#ifdef FL_ATOMIC_MODEL
fl_worker *fl_worker_here(void);
#else
static inline fl_worker *
fl_worker_here(void)
{
    fl_fiber **here = fl_here();
    return fl_likely(here) ? fl_container(here, fl_worker, me) : NULL;
}
#endif

/* The worker of the fiber that calls. It is not read from there if it need not
 * be: the fiber was stored in its worker just now, when it went on, and whatever
 * follows would wait for that. */
static inline fl_worker *
fl_worker_of(const fl_fiber *me)
{
    fl_worker *worker = fl_worker_here();
    return fl_likely(worker != NULL) ? worker : me->worker;
}

/* ---- switch.c, loop.c ---- */

/*
 * Leaves the calling fiber parked, and calls after(arg) once it is: from then
 * on it may be resumed. Returns when it was. The caller has made sure of a
 * stack to go on with by fl_spare. Keeps errno.
 */
void fl_suspend(fl_fiber *me, void (*after)(void *arg), void *arg);

/* The same by after(me), the worker going on with `next`, a task that has not begun;
 * but see enter.h. */
void fl_suspend_into(fl_fiber *me, void (*after)(void *me), fl_fiber *next);

/* The same with `after` dropping the guard, which the caller holds; what the wait
 * has come to (fl_outcome_in): so who waits needs no frame of its own meanwhile. */
int fl_suspend_guarded(fl_fiber *me, fl_atomic32 *guard, void **handed);

/* As fl_suspend_guarded by who resumes `next` as well, which is parked, and goes on at once if
 * nobody comes before it. */
int fl_suspend_onward(fl_fiber *me, fl_atomic32 *guard, fl_fiber *next);

/* Whether the worker has a stack to go on with when its fiber suspends. */
bool fl_spare_slowly(fl_worker *worker);

static inline bool
fl_spare(fl_worker *worker)
{
    return fl_likely(worker->stacks.items) || fl_spare_slowly(worker);
}

/* Puts the fiber, which runs on that worker, at the end of its ring, and
 * suspends; false if there is nobody else who could run. */
bool fl_yield(fl_fiber *me, fl_worker *worker);

/* The same for a worker found by fl_here. */
bool fl_yield_here(fl_fiber *me, fl_worker *worker);

/* For who cannot wait for want of memory, and may not fail: lets others go on
 * for a moment, here or elsewhere; `round` 0, 1, 2 ... */
void fl_give_way(fl_fiber *me, unsigned round);

/* The body of a worker's thread. */
void *fl_worker_main(void *worker);

/* ---- resume.c; see resume.h ---- */

/* Puts a fiber into a ring, or where there is room. On the worker's thread. */
void fl_make_ready(fl_worker *worker, fl_fiber *fiber);

/* Between these the runtime is not freed. */
void fl_foreign_enter(filch_runtime *runtime);
void fl_foreign_leave(filch_runtime *runtime);

/* ---- find.c ---- */

#define FL_OWED_LATER ((uint64_t)1 << 63)
#define FL_OWED_NEWEST ((uint64_t)1 << 62)
#define FL_OWED_COUNT (FL_OWED_NEWEST - 1)

/* The number of the next turn; 0 if it needs chores first. */
static inline uint32_t
fl_plain_turn(const fl_worker *worker)
{
    uint32_t turn = fl_load_relaxed(&worker->turn) + 1;
    return fl_likely(turn & worker->poll_mask) ? turn : 0;
}

/* The same; 0 also if something is to be done before what is ready. */
static inline uint32_t
fl_free_turn(const fl_worker *worker)
{
    return fl_likely(!worker->owed) ? fl_plain_turn(worker) : 0;
}

static inline void
fl_begin_turn(fl_worker *worker, uint32_t turn)
{
    fl_store_relaxed(&worker->turn, turn);
}

/* Has the CPU fetch the frames of a parked context, if it is one. */
static inline void
fl_fetch_frames(const void *sp)
{
    for (size_t i = 0; sp && i < 4 * FL_CACHE_LINE; i += FL_CACHE_LINE) {
        __builtin_prefetch((const char *)sp + i);
    }
}

/* With the bias: has the CPU fetch what those in the ring will need, if it is
 * time. */
void fl_fetch_ahead(const fl_ready *ready);

/* Takes what fl_ready_pick says; `here`, a constant: from a worker that was found
 * by fl_here. */
fl_fiber *fl_take_ready_slowly(fl_worker *worker);

static inline fl_fiber *
fl_take_ready(fl_worker *worker, bool here)
{
    fl_ready *ready = &worker->ready;
    if (fl_unlikely(!fl_bias_try(&ready->bias, here))) {
        return fl_take_ready_slowly(worker);
    }
    fl_fiber *fiber = fl_ready_pick_next(ready);
    if (!fiber) {
        if (fl_unlikely(fl_ready_fetches(ready))) {
            return fl_take_ready_slowly(worker);
        }
        fiber = fl_ready_pick_first(ready);
    }
    fl_bias_leave(&ready->bias);
    return fiber;
}

/* The next thing to do; NULL when there is nothing but to look elsewhere. */
fl_work *fl_find(fl_worker *worker);

/* Some from the common queue: one to run, the others into the ring. */
fl_work *fl_find_injected(fl_worker *worker);

/* For a fiber that cannot leave its stack, for want of another: sees to what
 * needs none, callbacks and timeouts that are due, and puts its share of the
 * common queue into the ring. Callbacks run on that stack. Keeps errno. */
void fl_tend(fl_fiber *me);

/* ---- steal.c ---- */

/* Looks at all other workers, as the watch; work that has waited, and whose it
 * was, or NULL. */
fl_work *fl_steal(fl_worker *worker, fl_worker **victim);

/* Takes from that worker's deque, whose work has waited; NULL if it is gone. */
fl_work *fl_steal_from(fl_worker *worker, fl_worker *victim);

/* ---- idle.c, watch.c ---- */

/* Waits for work; NULL when the runtime quits. */
fl_work *fl_idle(fl_worker *worker);

/* It has stolen so many entries of a deque; the first has ended, or suspended. */
void fl_begin_theft(fl_worker *worker, uint32_t n);
void fl_weigh_theft(fl_worker *worker);

/* Something is in the common queue: has the watch look, if it sleeps. */
void fl_wake_watch(filch_runtime *runtime);

/* A timer was armed that the watch may not know of. */
void fl_timer_armed(fl_worker *worker, filch_time deadline);

/* The only worker sleeps, until there is something in the common queue, *called is
 * set, or the runtime quits; or without cause. */
void fl_sleep_alone(fl_worker *worker, const fl_atomic32 *called);

/* Wakes everyone, to quit. */
void fl_wake_all(filch_runtime *runtime);

/* ---- task.c ---- */

/* The descriptor that was freed last, and is kept apart; NULL: it was taken. */
static inline filch_task *
fl_take_freed(fl_worker *worker)
{
    filch_task *task = worker->freed;
    if (task) {
        worker->freed = NULL;
    }
    return task;
}

/* Gives descriptors that are too many for a worker's cache to the others. */
void fl_task_shed(fl_link *surplus);

/* fl_task_drop, by who runs on that worker. */
static inline void
fl_task_drop_on(fl_worker *worker, filch_task *task)
{
    /* (The sanitizer would take what is a worker's for a fiber's.) */
    if (fl_unlikely(FL_TSAN ||
                    fl_load_acquire(&task->life) >= 2 * FL_REFERENCE ||
                    fl_load_relaxed(&task->name))) {
        fl_task_drop(task);
        return;
    }
    if (!worker->freed) {
        worker->freed = task;
        return;
    }
    fl_link *surplus = fl_cache_push(&worker->tasks, &task->fiber.free);
    if (fl_unlikely(surplus != NULL)) {
        fl_task_shed(surplus);
    }
}

/* ---- task_run.c ---- */

/* The sanitizer's context for what begins; the caller is to be in that one next. A
 * new one knows what the one that made it does. Were that the loop's, whatever a
 * callback did would seem to come before all tasks that begin there later. */
static inline void *
fl_tsan_begin(fl_worker *worker)
{
    fl_tsan_switch(worker->unaware);
    return fl_tsan_create();
}

/* Runs a fresh task where the caller stands; the worker it ended on. */
fl_worker *fl_run_task(fl_worker *worker, filch_task *task);

/* Runs another's job likewise. */
fl_worker *fl_run_job(fl_worker *worker, filch_job *job);

/* ---- cancel.c ---- */

/*
 * Asks a fiber to end, ending its wait if it is in one that may be. With
 * `tag` not 0 only a fiber that lives in the runtime of that number.
 */
void fl_cancel(fl_fiber *fiber, uint32_t tag);

/* The same for one that is the caller's, or has not begun: its next wait will
 * see it. */
void fl_cancel_ahead(fl_fiber *fiber);

/* The same for some tasks, of which the caller has handles, sharing what it
 * costs; and for all tasks of a runtime. */
void fl_cancel_some(filch_task *const *tasks, size_t n);
void fl_cancel_all(filch_runtime *runtime);

/* ---- spawn.c ---- */

/* Makes a task on the runtime of `home`, not yet to be seen by any worker, with
 * the descriptor from the cache of `worker` (NULL on a plain thread). */
int fl_task_make(fl_worker *worker, fl_worker *home, filch_task **task,
                 filch_fn fn, void *arg, const filch_task_options *options,
                 bool owned);

/* filch_submit with options. */
int fl_submit(filch_runtime *runtime, filch_task **task, filch_fn fn, void *arg,
              const filch_task_options *options);

/* ---- overflow.c ---- */

/* Whether the fault at that address is a stack overflow; says so if it is. */
bool fl_explain_fault(void *address);

#endif
