/*
 * Runs the programs in turns, A B A B, so that a disturbance meets them all,
 * and shows on standard error how far it has come, where that is a terminal.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include "options.h"
#include "result.h"

/* Which row, with what value, and with which numbers of workers. */
struct point {
    const struct row *row;
    long value; /* negative: the program's own */
    unsigned workers[COUNTS_MAX];
    size_t counts;
    size_t runs;
    unsigned seconds; /* that a run was asked to last, or 0 */
};

/* All points that are wanted, one after the other. */
void each_point(const struct options *options,
                void (*visit)(const struct options *, const struct point *));

/* The runs to come. */
void measure_prepare(const struct options *options);

/* Measures it: a result for each number of workers. Whether filch's runs went
 * well. */
bool measure(const struct options *options, const struct point *point,
             struct result results[COUNTS_MAX]);

#endif
