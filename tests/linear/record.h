/*
 * Recording histories of an object: some tasks, spread over the workers, make a
 * few calls each, by chance, with deadlines and cancels.
 */
#ifndef LINEAR_RECORD_H
#define LINEAR_RECORD_H

#include "checker.h"

struct turn {
    uint8_t number; /* different for each call of a history */
    bool last;      /* of its task */
    bool holding;   /* whether the task has to let go of something */
};

/* An object of one kind, and what may be done with it. */
struct subject {
    const struct model *model;

    /* Makes the object anew. */
    void (*make)(struct making *making, uint64_t *state);

    /* Chooses the next call: a verb and an argument. */
    void (*choose)(struct op *op, const struct turn *turn, uint64_t *state);

    /* Makes the call, and notes what came of it. */
    void (*perform)(struct op *op, filch_time deadline);

    /* Who holds what must let go of it: the verb of that, and of what takes it;
     * 0: there is no such rule. */
    enum verb takes, lets_go;
};

extern const struct subject subject_queue, subject_lock, subject_fair_lock,
    subject_event, subject_condition, subject_semaphore;

/* What recordings came to. */
struct findings {
    unsigned long histories, calls, overlapping, cancelled, timed_out,
        undecided;
    unsigned long failed; /* not linearizable */
};

/*
 * Records and checks so many histories, or until one is found that is not
 * linearizable, which is then shown if `shown`. From the main task.
 */
void record(const struct subject *subject, unsigned long histories, bool shown,
            struct findings *findings);

#endif
