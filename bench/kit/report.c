#include "report.h"

#include <stdlib.h>
#include <unistd.h>

void
report_open(struct report *report, const struct options *options, size_t steps)
{
    *report = (struct report){.live = isatty(STDERR_FILENO), .steps = steps};
    if (options->csv && !(report->csv = fopen(options->csv, "w"))) {
        perror(options->csv);
        exit(1);
    }
    if (report->csv)
        fprintf(report->csv, "workload,operation,workers,runs,median_ns,"
                             "minimum_ns,maximum_ns,cpu_ns,peak_kib\n");
    printf("%-40s %7s %9s %9s %9s %9s\n", "ns an operation", "workers",
           "median", "minimum", "maximum", "CPU");
}

void
report_step(struct report *report, const struct workload *workload,
            unsigned workers)
{
    if (report->live)
        fprintf(stderr, "\r\033[K%zu%% %s, %u worker%s",
                100 * report->done / report->steps, workload->name, workers,
                workers == 1 ? "" : "s");
    ++report->done;
}

static void
show(const char *name, unsigned workers, const struct row *row)
{
    struct spread wall = row_wall(row);

    printf("%-40s %7u ", name, workers);
    if (row->failure)
        printf("%9s\n", row->failure);
    else
        printf("%9.1f %9.1f %9.1f %9.1f\n", wall.median, wall.minimum,
               wall.maximum, row_cpu(row).median);
}

/* Names hold commas and no quotes. */
static void
note(FILE *csv, const struct workload *workload, unsigned workers,
     const struct row *row)
{
    struct spread wall = row_wall(row);

    fprintf(csv, "\"%s\",%s,%u,%zu,%.2f,%.2f,%.2f,%.2f,%.0f\n", workload->name,
            workload->operation, workers, row->count, wall.median, wall.minimum,
            wall.maximum, row_cpu(row).median, row_peak(row).maximum);
}

void
report_rows(struct report *report, const struct options *options,
            const struct workload *workload, const struct row *rows)
{
    if (report->live)
        fprintf(stderr, "\r\033[K");
    for (size_t i = 0; i < options->counts; ++i) {
        show(i == 0 ? workload->name : "", options->workers[i], &rows[i]);
        if (report->csv && !rows[i].failure)
            note(report->csv, workload, options->workers[i], &rows[i]);
    }
    fflush(stdout);
}

int
report_close(struct report *report)
{
    bool failed = fflush(stdout) != 0 || ferror(stdout);

    if (report->csv) {
        failed |= ferror(report->csv);
        failed |= fclose(report->csv) != 0;
    }
    if (failed)
        fprintf(stderr, "bench: the figures could not all be written\n");
    return failed;
}
