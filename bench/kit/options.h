/* What the command line asks for. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "workload.h"

enum { COUNTS_MAX = 16 };

struct options {
    unsigned workers[COUNTS_MAX]; /* numbers of workers to measure with */
    size_t counts;
    size_t runs;
    const char *csv; /* NULL: none */
    bool list;
    char **names; /* parts of the names wanted; none: all */
    size_t name_count;
};

/* Ends the program, with a message, on what it does not understand. */
void options_read(struct options *options, int argc, char **argv);

bool options_want(const struct options *options, const struct workload *one);

#endif
