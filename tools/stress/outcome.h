/* What a run came to. */
#ifndef OUTCOME_H
#define OUTCOME_H

#include <stdbool.h>

enum kind { PASSED, EXITED, SIGNALLED, HUNG, STALLED, REPORTED };

struct outcome {
    enum kind kind;
    int code; /* the exit status, the signal, or which tool has reported */
};

/* What a run has printed so far of a stall or a sanitizer's report, as a number;
 * -1: nothing. */
int outcome_mark(const char *output);

/*
 * From the status that waitpid gave, and what it has printed, `mark` included,
 * of what was cut off: a stall and a sanitizer's report count whatever the program
 * then makes of them.
 */
struct outcome outcome_of(bool late, int status, const char *output, int mark);

/* Whether both are the same failure, as far as can be told. */
bool outcome_same(struct outcome a, struct outcome b);

/* In words; good until the next call. */
const char *outcome_text(struct outcome outcome);

/* Whether filch itself has complained in a run's output. */
bool outcome_has_complaint(const char *output);

/* Prints the last lines of a run's output, indented. */
void outcome_show_output(const char *output);

#endif
