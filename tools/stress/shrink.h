/*
 * Shrinking a schedule: delta debugging over its deviations.
 *
 * Chunks of them are left out, large ones first, as long as the run still ends
 * as it did; at last no single one can be left out. Then the run itself is asked
 * what of the rest it has followed, since later decisions have other numbers
 * where earlier deviations are gone, and it all begins again while that helps.
 * If more than one are left in a short run, each that could do alone is tried.
 */
#ifndef SHRINK_H
#define SHRINK_H

#include "outcome.h"
#include "schedule.h"

struct shrinking {
    struct outcome outcome; /* that is to be kept */
    double limit;           /* s a run */
    double time;            /* s in all */
    unsigned long runs;     /* made: out */
    bool complete;          /* it was not ended by the time: out */
};

/* Leaves the fewest in the schedule that it finds. */
void shrink(struct shrinking *shrinking, struct schedule *schedule);

#endif
