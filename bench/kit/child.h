/*
 * Each run has a process of its own: its memory is as fresh as every other
 * run's, and one that dies or hangs costs a row, not the table.
 */
#ifndef CHILD_H
#define CHILD_H

#include "sample.h"
#include "workload.h"

enum { RUN_SECONDS = 60 };

/* One run. What went wrong, or NULL and `*sample`. */
const char *child_run(const struct workload *workload, unsigned workers,
                      host_fn host, struct sample *sample);

#endif
