#include "sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double
printed(const struct sample *sample, const char *name)
{
    for (size_t i = 0; i < sample->count; ++i)
        if (strcmp(sample->figures[i].name, name) == 0)
            return sample->figures[i].value;
    return NAN;
}

int
sample_read(struct sample *sample, const char *line)
{
    char *name = sample->figures[0].name;
    double *value = &sample->figures[0].value;
    int length;

    sample->count = 0;
    while (sample->count < FIGURES_MAX &&
           sscanf(line, "%15s %lf %n", name, value, &length) == 2) {
        line += length;
        ++sample->count;
        name = sample->figures[sample->count].name;
        value = &sample->figures[sample->count].value;
    }
    return *line == '\0' && printed(sample, "ops") > 0 &&
           printed(sample, "wall") > 0 && printed(sample, "cpu") >= 0;
}

static double
value_of(const struct sample *sample, const char *name)
{
    if (strcmp(name, "peak") == 0)
        return sample->peak;
    if (strcmp(name, "wall") == 0 || strcmp(name, "cpu") == 0)
        return printed(sample, name) / printed(sample, "ops");
    return printed(sample, name);
}

static int
by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

struct spread
samples_spread(const struct samples *samples, const char *name)
{
    double values[RUNS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < samples->count; ++i) {
        values[n] = value_of(&samples->runs[i], name);
        n += !isnan(values[n]);
    }
    if (n == 0)
        return (struct spread){NAN, NAN, NAN};
    qsort(values, n, sizeof *values, by_size);
    return (struct spread){
        .median = (values[(n - 1) / 2] + values[n / 2]) / 2,
        .minimum = values[0],
        .maximum = values[n - 1],
    };
}
