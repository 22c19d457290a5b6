/*
 * Each run has a process of its own: its memory is as fresh as every other
 * run's, and one that dies or hangs costs a figure, not the table. It may use
 * as many CPUs as it has workers, where there are so many.
 */
#ifndef CHILD_H
#define CHILD_H

#include "program.h"
#include "sample.h"

enum { RUN_SECONDS = 60 }; /* enough for all but what is to last */

/* One run, of so many seconds at most; with a negative value the program takes
 * its own. What went wrong, or NULL and `*sample`. */
const char *child_run(const struct program *program, const char *workload,
                      unsigned workers, long value, unsigned seconds,
                      struct sample *sample);

#endif
