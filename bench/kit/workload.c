#include "workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static struct watch started, stopped;

static double
cpu_time(const struct timeval *time)
{
    return (double)time->tv_sec * 1e9 + (double)time->tv_usec * 1e3;
}

static struct watch
now(void)
{
    struct timespec wall;
    struct rusage used;

    clock_gettime(CLOCK_MONOTONIC, &wall);
    getrusage(RUSAGE_SELF, &used);
    return (struct watch){
        .wall = (double)wall.tv_sec * 1e9 + (double)wall.tv_nsec,
        .cpu = cpu_time(&used.ru_utime) + cpu_time(&used.ru_stime),
    };
}

void
watch_start(void)
{
    started = now();
}

void
watch_stop(void)
{
    stopped = now();
}

struct watch
watch_read(void)
{
    return (struct watch){
        .wall = stopped.wall - started.wall,
        .cpu = stopped.cpu - started.cpu,
    };
}

void
require(bool holds, const char *what, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "\n%s:%d: not so: %s\n", file, line, what);
    _Exit(1);
}
