/* The workloads, by what they are about; each list ends without a name. */
#ifndef GROUPS_H
#define GROUPS_H

#include "../kit/workload.h"

extern const struct workload yield_workloads[], pingpong_workloads[],
    queue_workloads[], pipeline_workloads[], lock_workloads[],
    condition_workloads[], event_workloads[], sleep_workloads[],
    task_workloads[], job_workloads[], tree_workloads[], latency_workloads[],
    fairness_workloads[], memory_workloads[];

#endif
