/* How many were met of the goals that were measured. */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stddef.h>

struct tally {
    size_t met, measured;
};

static inline void
tally_add(struct tally *tally, bool met)
{
    ++tally->measured;
    tally->met += met;
}

#endif
