/*
 * No peer, but what this machine takes by itself for some rows: a thread for each
 * worker does by hand what no runtime can leave out whose tasks have guarded
 * stacks of their own, and can be stolen before they begin. Nothing is scheduled,
 * locked, counted, cancelled or found: the order is known.
 */
#ifndef FLOOR_H
#define FLOOR_H

#include "../../kit/workload.h"

#include <stddef.h>

extern unsigned threads_count;

/* Has each thread do its part of 0 to `count` - 1. */
void together(size_t count, void (*body)(size_t from, size_t to));

/* Calculates fib(n) on each thread, by calls of how(&fib). */
struct fib {
    size_t n, result;
};
void grow_trees(int (*how)(void *fib), size_t n);

/* The rows of each file. */
extern const struct workload waiting_floors[], /* waiting.c */
    working_floors[],                          /* main.c */
    sharing_floors[],                          /* sharing.c */
    small_floors[],                            /* small.c */
    job_floors[];                              /* jobs.c */

#endif
