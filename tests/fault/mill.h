/*
 * A mill: tasks and plain threads that use everything at once, with deadlines
 * that mostly come too soon, and keep accounts of it. What is lost, or is there
 * twice, shows in the end. Meanwhile the floor under it may give way.
 */
#ifndef MILL_H
#define MILL_H

#include "../harness/harness.h"

/* Tasks, and rounds of each. */
struct mill {
    int tasks, rounds;
    bool short_of_memory; /* ENOMEM and EAGAIN are to be expected */
};

/* A main for filch_run; its arg is a mill. */
int mill_run(void *arg);

/* The same by plain threads alone, beside runtimes that start and stop. */
void mill_run_beside(const struct mill *mill);

/* In the ThreadSanitizer's flavour each task needs a stack of its own; where
 * there is none it begins on the loop's, which that runtime does not bear. */
void skip_where_stacks_may_run_out(void);

#endif
