/* The file that a job reads. */
#ifndef PGZ_SOURCE_H
#define PGZ_SOURCE_H

#include "input.h"
#include "options.h"
#include <sys/stat.h>

struct source {
    const char *name; /* for messages */
    char *path;       /* NULL: standard input */
    struct stat stat; /* the time may become that of a packed file's head */
    struct input input;
};

/*
 * Opens the file, if it is one that the options allow; otherwise says why not.
 * Whether it is open.
 */
bool source_open(struct source *source, const struct options *options,
                 const char *name);

/* Whether the job puts another file in the place of this one. */
bool source_is_replaced(const struct source *source,
                        const struct options *options);

/* Whether its path still leads to it, and nobody has changed it. */
bool source_is_unchanged(const struct source *source);

void source_close(struct source *source);

#endif
