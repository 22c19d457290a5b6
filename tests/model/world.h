/*
 * The part of the library's surroundings that the models share: who calls, and
 * threads that play tasks.
 *
 * A *player* is a task that runs on a worker and in a runtime of its own, so
 * that whoever resumes it comes to fl_inject_push, which here sets `go`. What
 * switch.c does at a suspension is played in the same order: the context is
 * parked (sp), then the guard is dropped, then it waits until somebody
 * resumes it.
 */
#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include "engine.h"

#include "fiber/reserve.h"
#include "sched/worker.h"

#define PLAYERS 4

typedef struct player {
    filch_task task;
    filch_runtime runtime;
    fl_worker worker;
    fl_atomic32 go;
} player;

extern player players[PLAYERS];

/* Who calls, of each thread. */
extern fl_fiber *callers[PLAYERS];

/* Whether the fences are asymmetric, or both full ones: in half of the runs. */
void play_fences(void);

/* A guard that is free, or reserved for one of the players or for nobody who
 * plays. */
void play_guard(fl_guard *guard);

/* Whether a heavy fence now and then is none, and says so. */
extern bool fences_fail;

/* Makes thread `i` a task, on a worker that is mostly a party, or a plain
 * thread, which is none. */
fl_fiber *play_task(unsigned i);

/* Whether fl_here finds that one, as it does else, is chosen: there may be no
 * membarrier. */
void play_unseen(unsigned i);
fl_fiber *play_thread(unsigned i);

/* Waits until the player is resumed, after it was parked; and the other
 * side. */
void player_sleep(player *one);
void player_resume(fl_fiber *fiber);

#endif
