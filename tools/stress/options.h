/* What the command line asks for. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum { STATUS_NOTHING, STATUS_FOUND, STATUS_ERROR };
enum { POLICIES_MAX = 16 };

struct options {
    unsigned jobs;
    uint64_t first; /* seed */
    uint64_t seeds; /* or as many as fit into the time */
    double time;    /* s; 0: no limit */
    double limit;   /* s a run */
    unsigned replays;
    double shrink_time;                 /* s; 0: do not shrink */
    const char *policies[POLICIES_MAX]; /* taken in turn; NULL ends them */
    const char *output;                 /* where the schedule goes; malloc'd */
    const char *replay;                 /* a schedule to be followed, or NULL */
    bool quiet;
    char **command; /* the program and its arguments */
};

/* Ends the program where the command line is wrong, or asks for no more. */
void options_parse(struct options *options, int argc, char **argv);

#endif
