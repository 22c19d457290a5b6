/* What single runs gave, and what a row of them says. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stddef.h>

enum { RUNS_MAX = 99 };

/* One run: ns an operation, and the process's peak memory. */
struct sample {
    double wall, cpu;
    double peak; /* KiB */
};

struct spread {
    double median, minimum, maximum;
};

/* A workload at one number of workers. */
struct row {
    struct sample samples[RUNS_MAX];
    size_t count;
    const char *failure; /* NULL: none */
};

struct spread row_wall(const struct row *row);
struct spread row_cpu(const struct row *row);
struct spread row_peak(const struct row *row);

#endif
