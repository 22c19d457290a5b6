/* The main function of a benchmark program. */
#ifndef BENCH_H
#define BENCH_H

#include "workload.h"

/* Groups end with a workload without a name, the list of groups with NULL. */
int bench_main(int argc, char **argv, const struct workload *const *groups,
               host_fn host);

#endif
