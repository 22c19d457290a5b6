/* What the command line asks for. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "row.h"
#include <stdbool.h>
#include <stddef.h>

enum { COUNTS_MAX = 8, WANTED_MAX = 32 };

struct options {
    const char *folder;           /* of the programs */
    const char *output;           /* where the CSV and the pictures go */
    unsigned workers[COUNTS_MAX]; /* numbers of workers to measure with */
    size_t counts;
    size_t runs;
    unsigned seconds; /* for rows that last; 0: the program's own */
    const char *wanted[WANTED_MAX]; /* parts of the names; none: all */
    size_t wanted_count;
    const char *programs; /* names with commas; NULL: all */
    bool list, quick, many;
};

/* Ends the program, with a message, on what it does not understand. */
void options_read(struct options *options, int argc, char **argv);

bool options_want_row(const struct options *options, const struct row *row);
bool options_want_program(const struct options *options, enum which program);

#endif
