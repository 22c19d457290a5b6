/*
 * What filch is to reach: ratios, each within one run of the benchmarks; here,
 * and in scale.h for many rows at once. What is no ratio is in limit.h.
 */
#ifndef GOAL_H
#define GOAL_H

#include "row.h"

/* filch's figure of a row, with so many workers, is at most so many times
 * another figure. */
struct goal {
    const char *row;
    unsigned workers;
    double most;
    enum which against;
    const char *against_row;
    unsigned against_workers;
};

/* The goal of a row against a family's reference; NULL: none. */
const struct goal *goal_of(const struct row *row, unsigned workers);

/* What the row is to reach after that: shown, but not among those that are
 * missed. NAN: nothing. */
double far_of(const struct row *row, unsigned workers);

/* The ratio that it is about, of medians, and that of the least figures; NAN where
 * it was not measured. */
double goal_ratio(const struct goal *goal);
double goal_quiet_ratio(const struct goal *goal);

/* The goals that are not in the tables, and the sum of all. */
void goals_print(void);

#endif
