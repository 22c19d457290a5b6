/* Having very many tasks come to wait for one event, and waking them. */
#include "crowd.h"
#include "groups.h"

static void
spawn_to_wait(size_t n, size_t tasks)
{
    size_t before = resident();

    (void)n;
    watch_start();
    crowd_gather(tasks);
    watch_stop(tasks);
    crowd_settle();
    figure("bytes", ((double)resident() - (double)before) / (double)tasks);
    crowd_release();
    crowd_settle();
}

static void
wake(size_t n, size_t tasks)
{
    (void)n;
    crowd_gather(tasks);
    crowd_settle();
    watch_start();
    crowd_release();
    watch_stop(tasks);
    crowd_settle();
}

const struct workload event_workloads[] = {
    {"event", 0, 100000, wake, 3},
    {"wait-fresh", 0, 100000, spawn_to_wait, 0},
    {"wait-recycled", 0, 100000, spawn_to_wait, 3},
    {.name = NULL},
};
