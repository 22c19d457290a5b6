/*
 * A history: what some tasks did to one object, each call with the moments at
 * which it began and ended, and what it returned.
 */
#ifndef LINEAR_HISTORY_H
#define LINEAR_HISTORY_H

#include "../harness/harness.h"

enum { MOST_TASKS = 4, MOST_EACH = 6, MOST_OPS = MOST_EACH * (MOST_TASKS + 1) };

/* The last task stands for the test itself, which only cancels the others. */
enum { TEST_ITSELF = MOST_TASKS };

enum verb {
    CANCEL, /* argument: which task */
    /* suspending, perhaps with a deadline */
    PUT,
    GET,
    JOIN,
    ACQUIRE,
    WAIT,
    /* not suspending */
    PUT_NOWAIT,
    GET_NOWAIT,
    TASK_DONE,
    SHUTDOWN,
    SHUTDOWN_AT_ONCE,
    SIZE,
    TRY_ACQUIRE,
    RELEASE,
    LOCKED,
    VALUE,
    SET,
    CLEAR,
    IS_SET,
    NOTIFY
};

struct op {
    uint8_t task;
    uint8_t verb;
    bool timed;       /* with a deadline */
    uint8_t argument; /* an item, a number of permits … */
    uint8_t status;   /* an errno value */
    uint8_t value;    /* what it gave besides */
    uint16_t begin, end;
};

/* How the object was made: a size, a kind. */
struct making {
    uint8_t size, kind;
};

struct history {
    struct making making;
    unsigned n;
    struct op ops[MOST_OPS]; /* those of one task in their order */
};

static inline bool
suspends(const struct op *op)
{
    return op->verb >= PUT && op->verb <= WAIT;
}

/* Writes it to standard error, a line for each call, by the time it began. */
void history_show(const struct history *history);

#endif
