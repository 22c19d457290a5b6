/*
 * Runs the programs in turns, A B A B, so that a disturbance meets them all; and
 * all rows in turns, round after round, so that one that lasts for minutes meets
 * few runs of each. Shows on standard error how far it has come, where that is a
 * terminal.
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
    size_t runs;      /* the options' number, or 1 */
    unsigned seconds; /* that a run was asked to last, or 0 */
};

/* All points that are wanted, one after the other. */
void each_point(const struct options *options,
                void (*visit)(const struct options *, const struct point *));

/* How many there are. */
size_t measure_plan(const struct options *options);

/* Measures them, once the programs are found. Visits each in the last round, with
 * a result for each number of workers. Whether all of filch's runs went well. */
bool measure(const struct options *options,
             void (*visit)(const struct options *, const struct point *,
                           const struct result results[COUNTS_MAX]));

#endif
