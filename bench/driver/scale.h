/* What more workers may cost: a goal for many workloads at once. */
#ifndef SCALE_H
#define SCALE_H

#include "tally.h"

/* A line for each number of workers, with the names of those that miss it. */
void scales_print(struct tally *tally);

#endif
