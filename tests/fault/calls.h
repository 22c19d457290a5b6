/*
 * Every public function that is not in tests/harness/calls.h, as a row of a
 * table: what it does while a step of it fails. (tests/fault/all.sh checks that
 * none is missing: noted.h has each call noted.)
 */
#ifndef FAULT_CALLS_H
#define FAULT_CALLS_H

#include "inject.h"

struct row {
    const char *name; /* of the functions that it calls */

    void (*prepare)(void);

    /* Gives an error only where something failed: ENOMEM or EAGAIN. */
    int (*call)(void);

    /* After such an error: checks that there was no effect. */
    void (*refused)(void);

    /* After success: checks what came of it, and cleans up. */
    void (*after)(void);

    /* It asks for nothing, so there is no point at which it could fail. */
    bool frugal;

    /* Where it is refused something it does without. */
    bool never_fails;
};

extern const struct row rows_of_tasks[], rows_of_queues[], rows_of_others[];

#endif
