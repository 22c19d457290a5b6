/* How many were met of the goals that were measured: by the medians, and by the
 * least figure of each program, on which neighbours tell least. */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stddef.h>

struct tally {
    size_t met, quiet, measured;
};

static inline void
tally_add(struct tally *tally, bool met, bool quiet)
{
    ++tally->measured;
    tally->met += met;
    tally->quiet += quiet;
}

#endif
