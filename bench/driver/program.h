/*
 * The programs that are run beside each other: filch's and its peers'. Each
 * speaks the protocol of bench/kit/workload.h.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>

/* FILCH is the first, so that it leads each line. */
enum which {
    FILCH,
    GO,
    TBB,
    FIBER,
    OPENMP,
    ASYNCIO,
    PTHREADS,
    FLOOR, /* what the machine alone takes */
    PROGRAMS
};

struct program {
    const char *name;    /* and that of its file, in peers/ but for filch */
    const char *title;   /* of its column */
    const char *package; /* Debian's, that it takes */
    unsigned most;       /* workers that it copes with; 0: any number */

    /* Filled in when it is found. */
    char *path;      /* NULL: it is not there */
    char *workloads; /* "\nyield\nfib\n" */
};

extern struct program programs[PROGRAMS];

/* Looks for them in the folder, and asks each what it can do. */
void programs_find(const char *folder);

/* Those that are not there, and what would install them. */
void programs_name_missing(void);

/* Whether it is there and can do that. */
bool program_can(const struct program *program, const char *workload,
                 unsigned workers);

#endif
