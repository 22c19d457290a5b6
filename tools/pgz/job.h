/* One file: from its name to what is left of it. */
#ifndef PGZ_JOB_H
#define PGZ_JOB_H

#include "crew.h"
#include "options.h"

/*
 * Does to the file (-: standard input) what the options say. Reports faults
 * itself; returns whether it makes sense to go on with other files.
 */
bool job_run(const struct options *options, struct crew *crew,
             const char *name);

#endif
