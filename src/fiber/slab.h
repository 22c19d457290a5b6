/*
 * Slabs: the mappings from which stacks are carved.
 *
 * CONTRACT  A stack is carved once, and goes from hand to hand after that
 *           (stack.h); what a runtime carved that fails to start can be given
 *           back, so that its stacks do not stay mapped.
 * STATE     Of each size of stacks its slabs, under a guard; nobody holds it
 *           while the kernel guards stacks or makes their pages. A slab is kept
 *           for good once a task may have run on one of its stacks, since a dump
 *           may look there late. Until then those that come back wait in it, and
 *           it goes when all that were carved are back. What the kernel did not
 *           guard is back too, and the next to be tried.
 */
#ifndef FL_SLAB_H
#define FL_SLAB_H

#include "fiber/stack.h"

#define FL_STACK_SHIFTS 31 /* sizes up to 1 GiB */

/* The next n stacks of that size, or fewer, as a chain; NULL: no memory. `kept`:
 * a task may run on them at once. */
fl_link *fl_slab_carve(unsigned shift, unsigned n, bool kept);

/* A task may run on any that was carved so far. */
void fl_slab_keep(unsigned shift);

/* A runtime begins, or has ended: leak detection looks at the stacks while there is
 * one. Afterwards nothing lies there but what tasks that have ended left behind. */
void fl_slab_roots(bool begins);

/* A chain of stacks back, of which none of the runtime's had a task on it. */
void fl_slab_give_back(fl_link *batch);

#endif
