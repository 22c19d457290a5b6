/*
 * What serves all files of one call of pgz: the runtime with its workers, and
 * the chunks.
 */
#ifndef PGZ_CREW_H
#define PGZ_CREW_H

#include "chunk.h"
#include <filch/runtime.h>

struct crew {
    filch_runtime *runtime;
    size_t workers;
    struct chunk *chunks;
    size_t count;   /* of the chunks */
    uint64_t tasks; /* that were submitted */
};

/* Starts that many workers; 0: one for each CPU. 0, or an errno. */
int crew_start(struct crew *crew, unsigned workers);

/* Ends the workers. */
void crew_stop(struct crew *crew);

/* Prints what each worker did on standard error. */
void crew_print_stats(const struct crew *crew);

#endif
