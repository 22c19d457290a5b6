/* What was found, as people read it. */
#ifndef REPORT_H
#define REPORT_H

#include "search.h"

/* A run of the program that failed, with the command that repeats it. */
void report_failure(const struct options *options,
                    const struct finding *finding);

/* Where a run deviated from what it does by default. */
void report_schedule(const char *file);

/* The command that follows the schedule. */
void report_replay(const struct options *options);

#endif
