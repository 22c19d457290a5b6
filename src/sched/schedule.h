/*
 * The schedule of a process: its decisions, counted; written down, or followed.
 *
 * CONTRACT  The text of FILCH_SCHEDULE and FILCH_REPLAY:
 *
 *               filch-schedule 1
 *               seed 42
 *               policy pct:3
 *               # 17 point filch_queue_get: producer (2) is interrupted, …
 *               17 3
 *               end 118
 *
 *           `17 3`: at decision 17 the task with number 3 went on, where by
 *           default it would have been another; 0: a timer went off. Only such
 *           deviations are listed. `end`: how many decisions there were when a
 *           run ended; of several the last one counts. Comments are for people.
 *           Each line is written at once, so that what ends the program leaves
 *           all that was decided.
 * STATE     There is one for the process: the decisions of runs that follow one
 *           another are counted on. A run that begins while another one has it
 *           has one of its own, which is neither written nor followed.
 */
#ifndef FL_SCHEDULE_H
#define FL_SCHEDULE_H

#include "sched/policy.h"

typedef struct fl_schedule fl_schedule;

/*
 * The schedule for a run with that seed and policy, which become those of the
 * one that is followed, if there is one. EINVAL, after a line on standard
 * error: a file cannot be read or written, or is no schedule. ENOMEM.
 */
int fl_schedule_begin(fl_schedule **schedule, uint64_t *seed,
                      fl_policy *policy);
void fl_schedule_end(fl_schedule *schedule);

/* Counts a decision; its number. */
uint64_t fl_schedule_count(fl_schedule *schedule);

/* Whether a file is followed; and then, whether it lists that decision. */
bool fl_schedule_follows(const fl_schedule *schedule);
bool fl_schedule_lists(fl_schedule *schedule, uint64_t decision,
                       uint32_t *number);

/* What was listed could not be done. */
void fl_schedule_pass_over(fl_schedule *schedule);

/* Whether it is written down. */
bool fl_schedule_writes(const fl_schedule *schedule);

/* Writes a line of comment, and one for a deviation. */
void fl_schedule_comment(fl_schedule *schedule, const char *text);
void fl_schedule_deviate(fl_schedule *schedule, uint64_t decision,
                         uint32_t number);

#endif
