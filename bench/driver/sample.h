/* What single runs gave, and what several of them say. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stddef.h>

enum { RUNS_MAX = 31, FIGURES_MAX = 16, NAME_MAX_ = 16 };

/* The figures of one run, as its program printed them, and its peak. */
struct sample {
    struct {
        char name[NAME_MAX_];
        double value;
    } figures[FIGURES_MAX];
    size_t count;
    double peak; /* KiB */
};

/* The runs of one program with one number of workers. */
struct samples {
    struct sample runs[RUNS_MAX];
    size_t count;
    const char *failure; /* NULL: none */
};

struct spread {
    double median, minimum, maximum;
};

/* Reads "ops 1000 wall 2000 cpu 2000"; false unless these three are in it. */
int sample_read(struct sample *sample, const char *line);

/* `wall` and `cpu` are for one operation, `peak` in KiB, any other figure as
 * it was printed. NAN where there is none. */
struct spread samples_spread(const struct samples *samples, const char *name);

#endif
