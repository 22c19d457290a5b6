/* What filch's operations cost. */
#include "groups.h"
#include <filch.h>
#include <stdio.h>
#include <string.h>

static const struct workload *const groups[] = {
    yield_workloads,    pingpong_workloads, queue_workloads,
    pipeline_workloads, lock_workloads,     condition_workloads,
    event_workloads,    sleep_workloads,    task_workloads,
    job_workloads,      tree_workloads,     latency_workloads,
    fairness_workloads, memory_workloads,   NULL,
};

static int
call(void *arg)
{
    (*(void (**)(void))arg)();
    return 0;
}

static void
host(void (*run)(void), unsigned workers)
{
    filch_config config = {.workers = workers, .pin_workers = true};
    int failed = filch_run(&config, call, &run);

    if (failed)
        fprintf(stderr, "bench: filch_run: %s\n", strerror(failed));
    REQUIRE(!failed);
}

int
main(int argc, char **argv)
{
    return program_main(argc, argv, groups, host);
}
