/*
 * A stand-in for the floor that the library stands on: what it asks of malloc
 * and of the system can be made to fail, to come early or late, or to jump.
 *
 * The linker puts it between the library and the rest (--wrap, see fault.mk),
 * so that the library is the one that is shipped. Only what goes through the
 * linker can fail: memory, mappings, guards, threads, files, signals' handlers
 * and stacks; at each *point* where the library asks for one of them.
 */
#ifndef INJECT_H
#define INJECT_H

#include "../harness/harness.h"

/* --- Failing ------------------------------------------------------------- */

/* The points are numbered from now on, those of all threads together. The nth
 * fails, or each from the nth on. */
void fault_once(unsigned n);
void fault_from(unsigned n);

/* The next n to try. Under the sanitizers, where it takes long, some points are
 * left out, others with each seed, unless THOROUGH is in the environment. */
unsigned fault_next(unsigned n);

/* Each fails with a chance of one in `n`, by the test's seed. */
void fault_by_chance(unsigned n);

/* All succeed again; how many have failed. */
unsigned fault_end(void);

/* How many have ever failed on the calling thread. */
unsigned fault_here(void);

/* Whether there may be one that fails. */
bool fault_is_on(void);

/* The call of that name is made. While something may fail, or be disturbed by
 * its number, it is noted, in the file that FAULT_CALLED names in the
 * environment (see all.sh). */
void note_call(const char *name);

/* For who stands in: this is a point. Whether it is to fail. */
bool fault_fails(void);

/* The mappings that there are. */
int fault_mappings(void);

/* The kernel knows neither guards without mappings nor fences for others. */
void fault_old_kernel(bool old);

/*
 * From now on each fence that is made for other threads too fails, once
 * `before` has returned, on the thread that asks for it. NULL: no more.
 */
void fault_fences(void (*before)(void));

/* From now on `before` is called wherever stacks are about to be guarded, on the
 * thread that does so. NULL: no more. */
void fault_guards(void (*before)(void));

/* The next number below `n` of the calling thread's own sequence; the
 * sanitizers do not see it, since it is the thread's, whichever task it
 * runs. */
uint32_t fault_chance(uint32_t n);

/* --- Being early, late, or elsewhere ------------------------------------- */

/*
 * From now on waits return without cause, or some time after they should,
 * wakes come late, and the clock jumps forward now and then, by up to so many
 * nanoseconds (0: never).
 */
void disturb_begin(filch_time jump);
void disturb_end(void);

/* What has happened since: waits that returned without cause, late wakes. */
unsigned disturb_count(void);

/*
 * From now on these are numbered, those of all threads together, and the nth is
 * disturbed: a wait returns without cause, a wake comes late, or the clock
 * jumps ahead, by more than DISTURB_FAR.
 */
enum disturbance { EARLY_RETURN = 1, LATE_WAKE, CLOCK_JUMP };
#define DISTURB_FAR FILCH_SEC(3600)
void disturb_nth(enum disturbance what, unsigned n);

bool disturb_is_on(void);

/* None is any more; whether it came to the nth. */
bool disturb_over(void);

/* The next n to try. Who has nothing to do reads the clock all the time, so of
 * the points after the first hundred (sanitized, twenty) some are left out,
 * others with each seed, unless THOROUGH is in the environment. */
unsigned disturb_next(unsigned n);

/*
 * From now on each wait of the calling thread that has a deadline lasts until
 * its word has changed, and then tells that the deadline has run out: so what
 * it waited for has come just before. `held` counts the waits that have begun
 * so.
 */
void disturb_hold_back(atomic_uint *held);

/* From now on `rests` counts how often the calling thread goes to sleep, or
 * gives up its CPU, for the library. */
void disturb_count_rests(atomic_uint *rests);

/* Likewise, but how often it goes to sleep until it is woken. */
void disturb_count_waits(atomic_uint *waits);

#endif
