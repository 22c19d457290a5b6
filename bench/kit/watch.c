/* What a run took, and whatever else it has to tell. */
#include "watch.h"

#include "workload.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { FIGURES_MAX = 16 };

static struct {
    const char *name;
    double value;
} figures[FIGURES_MAX];

static double wall_start, cpu_start;

double
wall_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double
in_ns(const struct timeval *time)
{
    return (double)time->tv_sec * 1e9 + (double)time->tv_usec * 1e3;
}

static double
cpu_time(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return in_ns(&used.ru_utime) + in_ns(&used.ru_stime);
}

void
watch_start(void)
{
    cpu_start = cpu_time();
    wall_start = wall_time();
}

void
watch_stop(size_t operations)
{
    double wall = wall_time() - wall_start;

    figure("ops", (double)operations);
    figure("wall", wall);
    figure("cpu", cpu_time() - cpu_start);
}

void
figure(const char *name, double value)
{
    size_t i = 0;

    while (figures[i].name && strcmp(figures[i].name, name) != 0)
        REQUIRE(++i < FIGURES_MAX);
    figures[i].name = name;
    figures[i].value = value;
}

void
figures_print(void)
{
    for (size_t i = 0; i < FIGURES_MAX && figures[i].name; ++i)
        printf("%s%s %.2f", i == 0 ? "" : " ", figures[i].name,
               figures[i].value);
    printf("\n");
}

size_t
resident(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    size_t size, pages = 0;

    REQUIRE(file && fscanf(file, "%zu %zu", &size, &pages) == 2);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

void
not_as_required(const char *what, const char *file, int line)
{
    fprintf(stderr, "\n%s:%d: not so: %s\n", file, line, what);
    _Exit(1);
}
