/*
 * The table on standard output, line by line as the rows are measured; the
 * same in a file of comma-separated values; and what goes on meanwhile, on
 * standard error where that is a terminal.
 */
#ifndef REPORT_H
#define REPORT_H

#include "options.h"
#include "sample.h"
#include <stdio.h>

struct report {
    FILE *csv;
    bool live; /* progress is shown */
    size_t steps, done;
};

/* `steps`: the runs to come. Ends the program if the file cannot be had. */
void report_open(struct report *report, const struct options *options,
                 size_t steps);

/* Before each run. */
void report_step(struct report *report, const struct workload *workload,
                 unsigned workers);

/* After all runs of a workload: its row for each number of workers. */
void report_rows(struct report *report, const struct options *options,
                 const struct workload *workload, const struct row *rows);

/* 0, or 1 if the figures could not all be written. */
int report_close(struct report *report);

#endif
