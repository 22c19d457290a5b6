/*
 * Runs of the program, each a process of its own (and of its own process group,
 * so that what it starts ends with it), side by side, each with a limit.
 *
 * What a run prints goes into a file in a directory that runs_end removes.
 */
#ifndef RUN_H
#define RUN_H

#include "outcome.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How to run it: by a seed and a policy, or by a schedule. */
struct setting {
    uint64_t seed;
    const char *policy;
    const char *replay;   /* a schedule's file, or NULL */
    const char *schedule; /* where to write the schedule, or NULL */
};

struct run {
    pid_t pid; /* 0: it does not run */
    struct setting setting;
    uint64_t number; /* for whoever started it */
    double started, took;
    char *output; /* a file's name */
    int mark;     /* in what was cut off of it, see outcome_mark */
    struct outcome outcome;
};

/* Before the first run: signals are taken by runs_wait from then on. */
void runs_begin(char **command);

/* Kills what runs, and removes the directory. */
void runs_end(void);

/* A name in the directory; malloc'd. */
char *runs_file(const char *name);

/* Makes n of them; they live until the end. */
struct run *runs_make(unsigned n);

/* Starts one that does not run. */
void run_start(struct run *run, const struct setting *setting);

/*
 * Waits until one of them has ended, or was killed after `limit` seconds; NULL
 * when 0.2 s have passed before that. After a SIGINT, SIGTERM or SIGHUP it
 * ends the program.
 */
struct run *runs_wait(struct run *runs, unsigned n, double limit);

/* From the beginning to the end; the run is good until the next call. */
const struct run *run_once(const struct setting *setting, double limit);

double seconds_now(void);

#endif
