/*
 * A fiber: something that calls into the library and can wait. Every call
 * finds the one that makes it by fl_me.
 *
 *     FL_TASK    a task: has a stack from when it first runs until it ends
 *     FL_JOB     a forked job that another worker took: lies on the stack that
 *                it runs on
 *     FL_LOOP    a worker between tasks, which also runs callbacks: never waits
 *     FL_THREAD  a thread that is no worker: waits on a futex
 *
 * STATE   The word `state`:
 *
 *     31       16     4     3     2     1      0
 *     +---------+------+-------+---+-----+------+
 *     | runtime | life |aborted|let|swept|cancel|
 *     +---------+------+-------+---+-----+------+
 *
 *     cancel   it was asked to end; stays until it ends
 *     swept    by who cancels all tasks of a runtime
 *     let, aborted   how the wait ends during which that came; see
 *              sched/cancel.c
 *     life     counts the tasks that had this descriptor
 *     runtime  the number of its runtime; 0: it does not live
 *
 * The word `waiter.phase`, whose upper bits count the fiber's waits, so that
 * who means one of them cannot decide another:
 *
 *     FL_RUNNING    nobody may resume it
 *     FL_WAITING    it may be granted, under the object's guard, or cancelled
 *     FL_CONTESTED  it may be granted by several, time out, or be cancelled: who
 *                   sets the phase anew, by a compare-and-swap, resumes it
 *     FL_SHELTERED  likewise, but a cancel may not
 *     FL_SYNCING    it waits for a job, whose end alone resumes it
 *     FL_GRANTED, FL_TIMED_OUT, FL_CANCELLED   it runs, or is about to: why the
 *                   last wait ended
 *
 * They are two words so that a wait of the first kind, the usual one, begins
 * and ends by a store.
 *
 * Fields marked O belong to the fiber itself while it runs, and to who decided
 * its wait while it is parked.
 */
#ifndef FL_FIBER_H
#define FL_FIBER_H

#include "fiber/sanitizer.h"
#include "fiber/stack.h"

#include <filch/job.h>

struct fl_worker;
struct filch_runtime;

/* (A descriptor that was never used is a task's.) */
enum fl_kind { FL_TASK, FL_JOB, FL_LOOP, FL_THREAD };

/* Of a shield: in a job, which nothing takes that away from; and of a thread,
 * which nobody cancels. */
#define FL_SHIELD_OF_JOB 0x8000u
#define FL_SHIELD_OF_THREAD 1u

/* The first of these in a fiber's word `mine`. */
#define FL_MINE_IN_JOB ((uint64_t)FL_SHIELD_OF_JOB << 48)

/* That word of a fiber that is neither barred nor shielded, and has no jobs that
 * are not synced. It is never 0, as memory that is no job might be. */
#define FL_NO_JOBS 1u

enum {
    FL_RUNNING,
    FL_WAITING,
    FL_CONTESTED,
    FL_SHELTERED,
    FL_GRANTED,
    FL_TIMED_OUT,
    FL_CANCELLED,
    FL_SYNCING,
    FL_PHASE = 7,   /* the bits of these */
    FL_ONE_WAIT = 8 /* counts the waits */
};

enum {
    FL_CANCEL = 1,
    FL_SWEPT = 2,
    FL_LET = 4,
    FL_ABORTED = 8,
    FL_ONE_LIFE = 16,
    FL_LIVES = 0xfff0,
    FL_TAG_SHIFT = 16
};

struct fl_fiber;

/* What a fiber waits for. */
enum fl_what {
    FL_EVENT,
    FL_LOCK,
    FL_CONDITION,
    FL_QUEUE_ITEM,
    FL_QUEUE_SLOT,
    FL_QUEUE_JOIN,
    FL_SEMAPHORE,
    FL_BARRIER,
    FL_GROUP,
    FL_END,
    FL_TIME,
    FL_CALLBACK,
    FL_JOB_END,
    FL_WHATS
};

/*
 * One who waits, as seen by those who let it go on. Each fiber has one, since
 * it waits for one thing at a time; it is beside the fiber, not on its stack,
 * so that a wake touches neither the stack nor the page tables above it. Who
 * waits for several at once adds others, FL_SEPARATE. See wait/wait.h; G:
 * guarded by the guard of what it waits in.
 */
typedef struct fl_waiter {
    union {
        struct fl_waiter *next; /* G */
        fl_atomic32 left; /* FL_COUNTS, itself in no list: grants needed before
                             it may go on */
    };
    union {
        struct fl_waiter *previous; /* G */
        struct fl_fiber *ahead;     /* granted, in a chain: who comes a little
                                   later, or nonsense: for the CPU to fetch */
    };
    struct filch_waiters_ *list; /* G: that it is in, or NULL */
    fl_atomic_ptr guard;         /* of its list: see fl_guard_of */
    union {
        const void *object; /* at first: what it waits in, to be shown */
        void *item;         /* what is handed over, or was brought along */
    };
    int16_t result;    /* what the wait comes to if it is granted */
    uint8_t what;      /* a fl_what */
    uint8_t traits;    /* G: those below */
    fl_atomic32 phase; /* of the fiber whose own it is */
} fl_waiter;

enum {
    FL_PASSED_ON = 1,   /* granted already, and in another list now */
    FL_COUNTS = 2,      /* it takes several grants */
    FL_ANY_FAILURE = 4, /* of a filch_wait: the first failure suffices */
    FL_SEPARATE = 8,    /* not the fiber's own, but a fl_separate */
    FL_ENTERED = 16     /* in no list: see sync/join.c */
};

typedef struct fl_separate {
    fl_waiter waiter;
    struct fl_fiber *of; /* whose it is */
} fl_separate;

typedef struct fl_fiber {
    union {
        fl_link free; /* a task's descriptor, while it is free */
        struct {
            struct fl_fiber *next; /* O: in a chain of runnable ones;
                                       itself: it has yielded by
                                       way of the loop, see find.c */
            void *sp; /* O: the parked context; NULL: not started */
        };
    };
    union {
        struct {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            uint32_t forked; /* O: and not yet synced; see sched/job.h */
            union {
                struct {
                    uint16_t barred; /* O: suspending calls are refused */
                    uint16_t shield; /* O: how deep it is shielded */
                };
                uint32_t manner; /* both at once */
            };
#else
            union {
                struct {
                    uint16_t shield, barred;
                };
                uint32_t manner;
            };
            uint32_t forked;
#endif
        };
        uint64_t mine; /* all of these at once */
    };
    fl_atomic32 state;
    uint32_t kind;            /* a fl_kind; constant */
    struct fl_worker *worker; /* O: who runs it, is about to, or ran it last;
                                 before that some worker of its runtime */
    union {
        fl_waiter waiter;
        struct { /* a task that has not started */
            filch_fn fn;
            void *arg;
            fl_stack *own; /* what it is to start on, or NULL: any */
        } start;
    };
#if FL_TSAN
    void *tsan; /* the ThreadSanitizer's context */
#endif
#if FL_ASAN
    fl_stack *stack; /* O: what it is parked on */
#endif
} fl_fiber;

/* A fiber of a thread that is no worker. */
typedef struct fl_thread_fiber {
    fl_fiber fiber;
    fl_atomic32 go; /* 1: the wait is decided, and the object let go of */
} fl_thread_fiber;

/* Has the CPU fetch a task's descriptor, whose first part a fiber is; whatever
 * lies there by then. */
static inline void
fl_fetch_fiber(const void *fiber)
{
    if (fiber) {
        fl_fetch(fiber);
    }
}

/* Where the calling worker keeps who runs: a fiber, or its loop. What the short
 * paths begin with: NULL where there is more to be looked at, in a thread that is
 * no worker, in a steered run (sched/point.h), where the light fence is one for
 * the CPU too, and in what is barred. */
extern __thread fl_fiber **fl_here_tls
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* The calling thread is a worker that keeps who runs there; whether only fl_me
 * and the like are to find it. */
void fl_here_begin(fl_fiber **here, bool slowly);

/* It is a plain thread, whatever it was. */
void fl_here_end(void);

/* The calling fiber calls what is not the library's, and must not suspend in it:
 * such calls are refused, until fl_bar_end has back what fl_bar_begin gives. */
typedef struct fl_bar {
    fl_fiber *me;
    fl_fiber **here;
    bool before; /* whether it was so already */
} fl_bar;

fl_bar fl_bar_begin(void);
void fl_bar_end(fl_bar bar);

/*
 * The compiler must not keep the address of a thread-local across a suspension,
 * after which the caller may be on another thread: hence the assembly, or a call
 * that cannot be inlined.
 */
#if defined(__x86_64__) && !defined(FL_ATOMIC_MODEL)
static inline fl_fiber **
fl_here(void)
{
    fl_fiber **here;
    __asm__ volatile("movq fl_here_tls@gottpoff(%%rip), %0\n\t"
                     "movq %%fs:(%0), %0"
                     : "=r"(here)
                     :
                     : "memory");
    return here;
}
#else
fl_fiber **fl_here(void);
#endif

#ifdef FL_ATOMIC_MODEL
void fl_me_set(fl_fiber *me);
#endif

/* Who calls where fl_here is NULL. Makes a thread's own fiber, the first time it
 * calls. */
fl_fiber *fl_me_slowly(void);

/* The fiber that calls. */
static inline fl_fiber *
fl_me(void)
{
    fl_fiber **here = fl_here();
    return fl_likely(here) ? *here : fl_me_slowly();
}

/* The same for a signal handler, which makes nothing: it may be NULL. */
fl_fiber *fl_me_known(void);

/* Shields a fiber from cancels, once more; and once less. Threads and loops are
 * never cancelled. */
static inline void
fl_shield_begin(fl_fiber *me)
{
    if (me->kind > FL_JOB) {
        return;
    }
    me->shield++;
    if (fl_unlikely(me->shield % FL_SHIELD_OF_JOB == 0)) {
        fl_fatal("filch_shield_begin was called 32,768 times without "
                 "filch_shield_end");
    }
}

static inline void
fl_shield_end(fl_fiber *me)
{
    if (me->kind <= FL_JOB && me->shield % FL_SHIELD_OF_JOB != 0) {
        me->shield--;
    }
}

/* It lives no more, whoever cancels it. */
static inline void
fl_end_life(fl_fiber *fiber)
{
    fl_store_release(&fiber->state,
                     fl_load_relaxed(&fiber->state) & (uint32_t)FL_LIVES);
}

/* Whether it does, still: as the caller can know. */
static inline bool
fl_lives(const fl_fiber *fiber)
{
    return fl_load_relaxed(&fiber->state) >> FL_TAG_SHIFT;
}

/* Whether both live in the same runtime, if any. */
static inline bool
fl_same_runtime(const fl_fiber *one, const fl_fiber *other)
{
    uint32_t a = fl_load_relaxed(&one->state) >> FL_TAG_SHIFT;
    return a && a == fl_load_relaxed(&other->state) >> FL_TAG_SHIFT;
}

/* Ends a wait that was decided, but not by a grant: takes the fiber out of what
 * it waits in, and resumes it. By FL_ENTERED; set when the program starts. */
extern void (*fl_abort_wait[2])(fl_fiber *fiber)
    __attribute__((visibility("hidden")));

/* Sets the context that the ThreadSanitizer thinks is running. */
static inline void
fl_tsan_be(fl_fiber *fiber)
{
#if FL_TSAN
    fl_tsan_switch(fiber->tsan);
#else
    (void)fiber;
#endif
}

#endif
