/*
 * A runtime that is only simulated: its clock, its workers, what they share.
 *
 * Whatever acts (a worker, a plain thread) is an actor. It has one thing that
 * it does next, at some time; the world calls them in the order of those times,
 * and what is due at the same time in the order in which it was decided. What
 * an actor does happens at one instant; then it says when it goes on. So the
 * same world always comes to the same end.
 *
 * The protocol is that of src/sched: steal.c here is a model of its namesake
 * there, find.c of find.c and chores.c, idle.c of idle.c and watch.c; timers.c has
 * what timers cost.
 */
#ifndef SIMULATE_WORLD_H
#define SIMULATE_WORLD_H

#include "costs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Picoseconds, since operations take parts of a nanosecond. */
typedef int64_t instant;

#define NEVER INT64_MAX

static inline instant
ns(double n)
{
    return (instant)(n * 1000);
}

/* What may be tried otherwise. Times in ns. */
struct protocol {
    unsigned looks_spinning; /* before the watch naps */
    double nap_first, nap_last;
    double grace;      /* until which timers are left to their worker */
    double worth_each; /* a task that is done sooner was not to be moved, */
    double worth_it;   /* nor what was stolen at once */
    unsigned vain_most;
    double deque_age, ring_age, next_age;
    unsigned most;   /* tasks that are stolen at once */
    unsigned help;   /* who finds work where so many are left wakes another to
                         take from there, and so on; 0: nobody does */
    bool help_waits; /* who helps waits where another just steals */
    bool looks_anywhere; /* begins each look at a random worker */
    unsigned injects;    /* common queues, the workers share them out */
    unsigned chunk;      /* fibers that leave the common queue at once, 0: one
                            by one */
};

extern const struct protocol as_is; /* what filch does */

struct world;
struct worker;

typedef struct actor {
    instant when;
    uint64_t order;
    size_t at; /* in the heap, from 1; 0: it is not in it */
    void (*act)(struct world *world, struct actor *actor);
} actor;

/* ---- fibers ---- */

enum outcome { GOES_ON, WAITS, ENDS, YIELDS };

/* A task, or a job that may be stolen. `step` does what its body does next, and
 * says how long that takes the worker. */
typedef struct fiber {
    enum outcome (*step)(struct world *world, struct worker *worker,
                         struct fiber *fiber, instant *takes);
    struct fiber *next; /* in the list that it stands in */
    void *data;
    int64_t n; /* the body's own */
    int at;    /* likewise */
    int on;    /* the worker that had it last, -1 */
    bool begun, over;
    bool is_job, cold;
    bool detached; /* nobody looks at it after its end */
} fiber;

/* ---- what is shared ---- */

/* A cache line and the guard in it. */
struct guard {
    instant free_at;
    int last;              /* who had it last */
    instant held, awaited; /* in all */
};

struct deque {
    struct guard guard; /* a thief's */
    fiber **entries;
    size_t mask;
    uint64_t top, bottom;
};

enum { READY = 1024, STREAK = 16 };

struct ready {
    fiber *next;
    fiber *slots[READY];
    uint32_t head, tail, yields, streak;
};

struct inject {
    struct guard guard;
    fiber *first, *last;
    uint32_t count;
};

struct timer {
    instant due;
    uint64_t order;
    fiber *fiber;
};

struct timers {
    struct guard guard;
    struct timer *heap;
    size_t count, room;
    instant changed; /* when its first deadline last changed */
};

/* What the watch saw of a worker. */
struct look {
    uint64_t top;
    instant since;
    uint32_t tail, yields;
    instant ring_since;
    fiber *next;
    uint32_t turn;
    instant next_since;
    instant at; /* when; lines that changed since are another's */
};

/* ---- workers ---- */

enum pastime { WORKING, SCHEDULING, WATCHING, WAKING, ASLEEP, PASTIMES };

typedef struct worker {
    actor actor;
    int index;
    struct deque deque;
    struct ready ready;
    struct timers timers;
    fiber *current, *found;
    uint32_t turn, far_turn, poll_mask, owed, injected_until, injected_turn;
    instant polled;
    instant changed;      /* when its queues last changed */
    instant delay;        /* what it has yet to pay for looks at its lines */
    unsigned descriptors; /* in its cache */

    /* idle.c */
    bool asleep;
    unsigned looks, visit, first;
    instant looks_for, looks_until; /* at what it found; and so until when */
    instant napped;                 /* before that */
    struct worker *victim;          /* who to take from, once woken */
    instant length, now;            /* of the next nap; when the look began */
    uint64_t stole;                 /* so much at once, if anything, */
    instant stole_at;               /* and when */
    unsigned vain; /* how often in a row that was not worth it */
    struct worker *sleeper;

    /* statistics */
    enum pastime pastime;
    instant since, spent[PASTIMES];
    uint64_t ran, steals, stolen, naps, wakes;
} worker;

struct world {
    struct costs costs;
    struct protocol protocol;
    instant clock;
    uint64_t order, events, most_events;
    uint64_t seed;

    actor **heap;
    size_t actors, room;

    unsigned count;
    worker *workers;
    struct inject *injects;
    struct guard depot;
    unsigned stolen_from; /* by the watch, last */
    struct look *looks;

    struct guard idle_guard;
    worker *watch, *sleepers;
    unsigned sleeping;
    instant watch_until;

    bool over; /* the workload has come to its end */
    void *load;
    uint64_t made, ended; /* fibers */
    instant useful;       /* what they computed */
};

struct world *world_new(unsigned workers, const struct costs *costs,
                        const struct protocol *protocol, uint64_t seed);
void world_free(struct world *world);

/* Until it is over; false if that never comes, since nothing is to happen any
 * more, or too much has. */
bool world_run(struct world *world);

/* The actor goes on at that time; or never, until somebody says otherwise. */
void world_at(struct world *world, actor *actor, instant when);

static inline void
world_in(struct world *world, actor *actor, instant takes)
{
    world_at(world, actor, world->clock + takes);
}

uint32_t world_chance(struct world *world, uint32_t n);

/* Begins to count anew. */
void world_forget(struct world *world);

/* From now on the worker's time goes there. */
void worker_turns_to(struct world *world, worker *worker, enum pastime pastime);

/* ---- guards.c ---- */

/* What it takes to have a guard for so long, with what it takes to wait. What
 * is done under it happens now: who comes first is first, although it waits. */
instant guard_pass(struct world *world, struct guard *guard, int index,
                   instant hold);

/* ---- queues.c ---- */

void deque_push(struct deque *deque, fiber *fiber);
fiber *deque_pop(struct deque *deque);
fiber *deque_steal(struct deque *deque);

static inline uint64_t
deque_size(const struct deque *deque)
{
    return deque->bottom - deque->top;
}

bool ready_put(struct ready *ready, fiber *fiber);
bool ready_push(struct ready *ready, fiber *fiber);
fiber *ready_pick(struct ready *ready);
bool ready_is_served(const struct ready *ready, uint32_t until);
uint32_t ready_steal(struct ready *ready, fiber **fibers, uint32_t most);
uint32_t ready_size(const struct ready *ready);

void inject_append(struct inject *inject, fiber *first, fiber *last,
                   uint32_t n);

/* ---- find.c ---- */

/* A worker without anything looks for the next thing to do. */
void worker_finds(struct world *world, actor *actor);

/* It has found that, and runs it, so much later. */
void worker_runs(struct world *world, worker *worker, fiber *fiber,
                 instant takes);

/* Takes from the common queue: one to run, the others into the ring. */
fiber *worker_takes_injected(struct world *world, worker *worker,
                             struct inject *inject, instant *takes);

/* One that is not empty, its own first, or NULL. */
struct inject *worker_inject(struct world *world, const worker *worker,
                             bool others);

/* Its queues change: what that costs it where the watch has just looked. */
instant worker_touches(struct world *world, worker *worker);

/* ---- fibers.c: for the bodies; each says what it takes ---- */

typedef enum outcome step(struct world *, worker *, fiber *, instant *takes);

fiber *fiber_new(struct world *world, step *step, void *data);
instant fiber_spawn(struct world *world, worker *worker, fiber *fiber);
instant fiber_resume(struct world *world, worker *worker, fiber *fiber);
instant fiber_compute(struct world *world, double ns);

/* A chain goes into the common queue, from a worker or, if that is negative,
 * from a plain thread, which wakes the watch. */
instant fiber_inject(struct world *world, int index, fiber *first, fiber *last,
                     uint32_t n);

/* ---- steal.c ---- */

/* The watch looks at one worker: what it takes there, and how long that is. */
fiber *steal_look(struct world *world, worker *watch, worker *victim,
                  instant *takes);
fiber *steal_half(struct world *world, worker *thief, worker *victim,
                  instant *takes);

/* ---- idle.c ---- */

void worker_idles(struct world *world, actor *actor);

/* From outside: what it takes. */
instant watch_wake(struct world *world);

/* ---- timers.c ---- */

instant timer_arm(struct world *world, worker *worker, fiber *fiber,
                  instant due);
instant timers_earliest(const struct timers *timers);

/* Lets what is due go off, on that worker. */
instant timers_run(struct world *world, worker *worker, struct timers *timers);

#endif
