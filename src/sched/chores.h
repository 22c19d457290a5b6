/* What a worker does every so many turns: see chores.c. */
#ifndef FL_CHORES_H
#define FL_CHORES_H

#include "sched/worker.h"

/* In a turn that begins with chores: does them; what is to be run at once, or
 * NULL. */
fl_work *fl_do_chores(fl_worker *worker);

/* For who is about to begin such a turn itself: if there is no more to do than to
 * read the clock, does that; the turn's number. Else 0: it is for the loop. */
uint32_t fl_chores_at_once(fl_worker *worker);

/* The same for who will begin it with its deque's newest. */
uint32_t fl_chores_with_newest(fl_worker *worker);

/* They are due at the next turn. */
void fl_chores_soon(fl_worker *worker);

#endif
