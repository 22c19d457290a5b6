#include "sample.h"

#include <stdlib.h>

static int
by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static struct spread
spread(double *values, size_t n)
{
    if (n == 0)
        return (struct spread){0, 0, 0};
    qsort(values, n, sizeof *values, by_size);
    return (struct spread){
        .median = (values[(n - 1) / 2] + values[n / 2]) / 2,
        .minimum = values[0],
        .maximum = values[n - 1],
    };
}

/* Of the field of that offset in each sample. */
static struct spread
field(const struct row *row, size_t offset)
{
    double values[RUNS_MAX];

    for (size_t i = 0; i < row->count; ++i) {
        const char *sample = (const char *)&row->samples[i];
        values[i] = *(const double *)(sample + offset);
    }
    return spread(values, row->count);
}

struct spread
row_wall(const struct row *row)
{
    return field(row, offsetof(struct sample, wall));
}

struct spread
row_cpu(const struct row *row)
{
    return field(row, offsetof(struct sample, cpu));
}

struct spread
row_peak(const struct row *row)
{
    return field(row, offsetof(struct sample, peak));
}
