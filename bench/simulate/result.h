/* What became of a workload. */
#ifndef SIMULATE_RESULT_H
#define SIMULATE_RESULT_H

#include "loads.h"

struct result {
    bool came_to_its_end;
    double operations, wall; /* ns */
    double useful;           /* the part of all workers' time that computed */
    double spent[PASTIMES];  /* parts of all workers' time */
    double lateness;         /* ns a timer, mean */
    double inject_held, inject_awaited, idle_held; /* parts of the wall time */
    double depot_held;
    uint64_t steals, stolen, naps, wakes, events;
    uint64_t made, ended;
};

struct result simulate(const struct load *load, unsigned workers,
                       const struct costs *costs,
                       const struct protocol *protocol, uint64_t seed);

#endif
