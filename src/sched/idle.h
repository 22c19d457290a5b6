/*
 * What idle.c, where workers sleep, and watch.c, where one of them looks for
 * work, know of each other. The protocol is in the head of idle.c.
 */
#ifndef FL_IDLE_H
#define FL_IDLE_H

#include "sched/worker.h"

enum { FL_AWAKE, FL_ASLEEP }; /* `park`; workers begin with 0 */

#define FL_NAP_LAST FILCH_MS(1) /* the longest while others are busy */

/* Until timers are overdue by so much the watch leaves them to their own worker,
 * while that is awake: it looks at the clock every so often itself, and two at one
 * wheel wait for each other. Not for longer: with many workers others are idle, and
 * could run them. */
#ifndef FL_GRACE
#define FL_GRACE FILCH_US(50)
#endif

static inline bool
fl_quits(const fl_worker *worker)
{
    return fl_load_seq_cst(&worker->runtime->quit);
}

/* The worker is idle: it gets the watch, or becomes a sleeper (false). A watch
 * that sleeps is relieved: who was busy last is the one to stay awake. */
bool fl_take_watch(fl_worker *worker);

/* The watch has found work: a sleeper, if there is one, is to keep watch. It is
 * woken, unless the caller is likely to be away briefly, and it wakes by itself
 * before long. Who was woken, or NULL. */
fl_worker *fl_hand_over_watch(fl_worker *worker, bool brief);

/* The worker has stolen from `victim`, if it is not NULL: where more is left,
 * there or in what it took along, a sleeper is to help. */
void fl_call_helper(fl_worker *worker, fl_worker *victim);

/* A sleeper, until it is given the watch (NULL), is to help, taking from that
 * worker, or is to quit (NULL). */
fl_worker *fl_sleep_until_called(fl_worker *worker);

/* The watch sleeps, `most` at most while others are busy; false if it was
 * relieved, and is a sleeper now. */
bool fl_nap(fl_worker *worker, filch_time most);

/* Who was stolen last had nothing to do: if the worker is idle before long, it leaves
 * others alone for longer. */
void fl_stole_in_vain(fl_worker *worker);

/* `park` is read without order: what is stale costs a look, or FL_GRACE. */
static inline filch_time
fl_grace(const fl_worker *watch, const fl_worker *owner)
{
    bool awake = owner != watch && fl_load_relaxed(&owner->park) == FL_AWAKE;
    return awake ? FL_GRACE : 0;
}

#endif
