/*
 * A schedule as filch writes it by FILCH_SCHEDULE and follows it by
 * FILCH_REPLAY: where a run deviated from what it does by default.
 *
 *     filch-schedule 1
 *     seed 42
 *     policy pct:3
 *     # 17 point filch_queue_get: consumer (3) goes on
 *     17 3
 *     end 118
 *
 * Here the lines before the first deviation are the head; a comment belongs to
 * the deviation that it stands before.
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct deviation {
    uint64_t decision, task;
    char *comment; /* without '#' and newline; NULL: none */
};

struct schedule {
    char *head;
    struct deviation *deviations;
    size_t count;
    uint64_t decisions; /* 0: the program died before it was known */
};

/* False where there is no such file, or it is no schedule. */
bool schedule_read(struct schedule *schedule, const char *file);
void schedule_free(struct schedule *schedule);

/* Whose schedule it is, by its head; 0: it does not say. */
uint64_t schedule_seed(const struct schedule *schedule);

/* Writes those of which keep[i] is true (NULL: all). */
void schedule_write(const struct schedule *schedule, const char *file,
                    const bool *keep);

/* Prints it for people. */
void schedule_show(const struct schedule *schedule);

#endif
