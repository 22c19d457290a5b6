/* The search: run after run, side by side, until one fails. */
#ifndef SEARCH_H
#define SEARCH_H

#include "options.h"
#include "run.h"

struct finding {
    bool failed;
    struct setting setting; /* of the run with the lowest number that failed */
    struct outcome outcome;
    char *output;   /* the file with what it has printed */
    uint64_t runs;  /* up to and with that one, else all */
    double longest; /* s that a run took which did not hang */
};

void search(struct finding *finding, const struct options *options,
            struct run *runs);

/* Follows a schedule so many times, side by side; how often it ended so. */
unsigned search_replays(const struct options *options, struct run *runs,
                        const char *schedule, struct outcome expected,
                        double limit);

#endif
