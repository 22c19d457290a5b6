/* Where a job writes. */
#ifndef PGZ_TARGET_H
#define PGZ_TARGET_H

#include "source.h"

struct target {
    const char *name; /* for messages */
    char *path;       /* NULL: standard output, or nowhere */
    int fd;           /* -1: nowhere */
};

/*
 * Finds out where the source goes, and makes that file; otherwise says why
 * not. Whether it is open.
 */
bool target_open(struct target *target, struct source *source,
                 const struct options *options);

/*
 * Completes the file, on the disk itself if asked, with the source's
 * attributes. Whether that went well; if not, the file is gone.
 */
bool target_complete(struct target *target, const struct source *source,
                     bool synchronous);

/* Removes what was written, unless it is standard output. */
void target_discard(struct target *target);

/* Frees the path. */
void target_close(struct target *target);

#endif
