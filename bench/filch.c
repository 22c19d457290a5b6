/*
 * What filch's operations cost: `build/plain/bench/filch --help`.
 *
 * Each run has a process of its own, with its workers pinned one a CPU, and is
 * preceded there by one that warms up, but for the workloads that are about
 * fresh memory.
 */
#include "filch/groups.h"
#include "kit/bench.h"
#include <filch.h>
#include <stdio.h>
#include <string.h>

static const struct workload *const groups[] = {
    yield_workloads,
    pingpong_workloads,
    queue_workloads,
    pipeline_workloads,
    lock_workloads,
    condition_workloads,
    event_workloads,
    task_workloads,
    job_workloads,
    tree_workloads,
    NULL,
};

static int
run(void *arg)
{
    const struct workload *workload = arg;

    if (!workload->cold)
        workload->run(workload->n);
    workload->run(workload->n);
    return 0;
}

static void
host(const struct workload *workload, unsigned workers)
{
    filch_config config = {.workers = workers, .pin_workers = true};
    int failed = filch_run(&config, run, (void *)workload);

    if (failed)
        fprintf(stderr, "\nbench: filch_run: %s\n", strerror(failed));
    REQUIRE(!failed);
}

int
main(int argc, char **argv)
{
    return bench_main(argc, argv, groups, host);
}
