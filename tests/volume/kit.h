/*
 * What the programs of volume are made of: scenes, and the troupes that play
 * in them.
 *
 * A troupe is a number of places. At each place an actor makes one turn after
 * the other; a turn is a few calls on the scene's object. In a place for tasks
 * an actor is a task, which is cancelled now and then, at any moment, by other
 * actors, by a callback or by a plain thread; it gives up then, and another
 * takes its place. In a place for threads it is a plain thread.
 *
 * A scene opens with an object and its troupes, and closes when those have
 * left: then what went into the object must have come out. Everything that is
 * let through is counted on both sides. A wakeup that is lost leaves somebody
 * waiting for ever: then the scene never closes, and the watch says who waits
 * for what and ends the program.
 */
#ifndef VOLUME_KIT_H
#define VOLUME_KIT_H

#include "flow.h"

#include <limits.h>

enum { MOST_PLACES = 12, MOST_RUNTIMES = 4 };

/* --- Counting ------------------------------------------------------------ */

/* What calls came to. OPERATIONS counts all of them. */
enum count { OPERATIONS, CANCELS, TIMEOUTS, REFUSALS, COUNTS };

struct tally {
    atomic_ulong counts[COUNTS];
    atomic_ulong goal; /* operations at which somebody wants to be woken */
    filch_event reached;
};

/* Suspends until there were `n` operations more. */
void tally_await(struct tally *tally, uint64_t n);

/* --- Troupes ------------------------------------------------------------- */

struct troupe;

struct actor {
    struct troupe *troupe;
    unsigned number; /* of its place: those for tasks come first */
    bool is_thread;
    bool left;        /* nobody is to take its place */
    atomic_bool gone; /* nobody will, and nobody is there */
    uint64_t chance;
    uint64_t counts[COUNTS];
    _Atomic(filch_task *) victim; /* a handle for whoever cancels it */
    filch_task *agent;            /* who fills the place, time and again */
    pthread_t thread;
};

/*
 * One turn: 0; ECANCELED: the actor was cancelled; anything else: it leaves,
 * and its place stays empty.
 */
typedef int (*turn)(struct actor *me);

struct troupe {
    turn turn;
    struct tally *tally;
    unsigned tasks, threads;
    atomic_bool over; /* each actor leaves after its turn */
    struct actor actors[MOST_PLACES];
    pthread_t tormentor;
};

enum { LEAVE = -1 };

/* Where the tasks of troupes live: runtimes in turn; none: the caller's. */
void troupes_live_in(filch_runtime **runtimes, unsigned n);

/* Not once a troupe has started that has not ended. From a task. */
void troupe_start(struct troupe *troupe, struct tally *tally, turn turn,
                  unsigned tasks, unsigned threads);

/* Has all leave, and waits until they have. */
void troupe_end(struct troupe *troupe);

/* The same without telling them: they leave by themselves. */
void troupe_await(struct troupe *troupe);

/* Whether all have left. */
bool troupe_is_gone(struct troupe *troupe);

/* Cancels whoever is at that place for tasks just now. */
void troupe_cancel(struct troupe *troupe, unsigned number);

/* --- For turns ----------------------------------------------------------- */

/* Counts an operation and what came of it, which it returns. */
int note(struct actor *me, int status);

/* A deadline that mostly comes before what is waited for, or after it; now and
 * then one that has passed. */
filch_time soon(struct actor *me);

/* Lets time pass: nothing, a yield, or a short sleep, cancelled or not. */
void dally(struct actor *me);

/* Lets others go first. */
void step_aside(struct actor *me);

/* --- Scenes -------------------------------------------------------------- */

struct scene {
    const char *name;
    void (*open)(uint64_t *chance); /* what varies is left to chance */
    void (*close)(uint64_t *chance);
    struct tally tally;
    struct flow flow;
};

extern struct scene scene_queue, scene_lock, scene_event, scene_condition,
    scene_semaphore, scene_join, scene_wait, scene_group, scene_rest,
    scene_visit;

/* Opens and closes the scene until there were so many operations in all. */
void scene_play(struct scene *scene, uint64_t operations);

/*
 * Ends the program, after a dump of all tasks, when no operation was counted
 * for a long time. Until watch_end, or the end of the process.
 */
void watch_begin(void);
void watch_end(void);

#endif
