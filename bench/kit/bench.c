#include "bench.h"

#include "child.h"
#include "options.h"
#include "report.h"
#include "sample.h"
#include <stdio.h>

struct bench {
    struct options options;
    struct report report;
    host_fn host;
    bool failed;
};

/* Runs the block for each workload that is wanted. */
#define EACH_WORKLOAD(one, groups, options)                                    \
    for (const struct workload *const *group_ = (groups); *group_; ++group_)   \
        for (const struct workload *one = *group_; one->name; ++one)           \
            if (options_want(options, one))

static void
run_once(struct bench *bench, const struct workload *workload, unsigned workers,
         struct row *row)
{
    struct sample sample;

    report_step(&bench->report, workload, workers);
    if (row->failure)
        return;
    row->failure = child_run(workload, workers, bench->host, &sample);
    if (row->failure)
        bench->failed = true;
    else
        row->samples[row->count++] = sample;
}

/* The numbers of workers take turns, so that a disturbance meets them all. */
static void
run_all(struct bench *bench, const struct workload *workload)
{
    const struct options *options = &bench->options;
    struct row rows[COUNTS_MAX] = {0};

    for (size_t run = 0; run < options->runs; ++run)
        for (size_t i = 0; i < options->counts; ++i)
            run_once(bench, workload, options->workers[i], &rows[i]);
    report_rows(&bench->report, options, workload, rows);
}

static int
list(const struct workload *const *groups, const struct options *options)
{
    EACH_WORKLOAD(one, groups, options)
    printf("%s (a time is for one %s)\n", one->name, one->operation);
    return 0;
}

static size_t
wanted(const struct workload *const *groups, const struct options *options)
{
    size_t count = 0;

    EACH_WORKLOAD(one, groups, options)
    ++count;
    return count;
}

int
bench_main(int argc, char **argv, const struct workload *const *groups,
           host_fn host)
{
    struct bench bench = {.host = host};
    struct options *options = &bench.options;
    size_t count;

    options_read(options, argc, argv);
    if ((count = wanted(groups, options)) == 0) {
        fprintf(stderr, "bench: no workload has such a name; see --list\n");
        return 2;
    }
    if (options->list)
        return list(groups, options);
    report_open(&bench.report, options,
                count * options->counts * options->runs);
    EACH_WORKLOAD(one, groups, options)
    run_all(&bench, one);
    return report_close(&bench.report) || bench.failed;
}
