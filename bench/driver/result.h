/* What was measured of each row: kept until the goals are looked at. */
#ifndef RESULT_H
#define RESULT_H

#include "row.h"
#include "sample.h"

/* One program's. */
struct outcome {
    struct spread figure;
    double cpu, peak;    /* medians: ns an operation, KiB */
    size_t runs;         /* 0: it cannot do it, or it failed */
    const char *failure; /* NULL: none */
};

struct result {
    const struct row *row;
    long value; /* negative: the program's own */
    unsigned workers;
    struct outcome of[PROGRAMS];
};

void result_keep(const struct result *result);

/* In the order of their keeping; NULL: there are no more. */
const struct result *result_at(size_t index);

/* NULL: it was not measured. */
const struct outcome *result_find(const struct row *row, unsigned workers,
                                  enum which program);

/* From the runs of one program. */
void outcome_take(struct outcome *outcome, const struct row *row,
                  const struct samples *samples);

#endif
