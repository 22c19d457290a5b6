/* The workloads on filch itself. */
#ifndef SIMULATE_REAL_H
#define SIMULATE_REAL_H

#include "loads.h"

/* The best of some runs, since what disturbs a run makes it slower; an errno
 * value. */
int real_best(const struct load *load, unsigned workers, double *ns,
              double *operations);

/* Ns; 0 where there is none. */
double real_membarrier(void);

#endif
