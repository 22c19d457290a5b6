/* The main function of the programs in C and C++. */
#include "watch.h"
#include "workload.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARM_UP 3e8 /* ns */

static const struct workload *chosen;
static size_t value;
static cpu_set_t allowed; /* the CPUs, before any thread was pinned */

static int
list(const struct workload *const *groups)
{
    for (; *groups; ++groups)
        for (const struct workload *one = *groups; one->name; ++one)
            printf("%s\n", one->name);
    return 0;
}

static const struct workload *
find(const struct workload *const *groups, const char *name)
{
    for (; *groups; ++groups)
        for (const struct workload *one = *groups; one->name; ++one)
            if (strcmp(one->name, name) == 0)
                return one;
    fprintf(stderr, "no such workload: %s\n", name);
    exit(2);
}

/* Until it has lasted for a while: CPUs that were idle, and those of a virtual
 * machine above all, are slower at first. */
static void
warm_up(void)
{
    double start = wall_time();

    for (unsigned round = 0;
         round < chosen->rounds || wall_time() - start < WARM_UP; ++round)
        chosen->run(chosen->n, value);
}

static void
run(void)
{
    if (chosen->rounds > 0)
        warm_up();
    chosen->run(chosen->n, value);
}

static size_t
number(const char *text)
{
    char *end;
    size_t read = strtoul(text, &end, 10);

    if (end != text && *end == '\0')
        return read;
    fprintf(stderr, "not a number: %s\n", text);
    exit(2);
}

int
program_main(int argc, char **argv, const struct workload *const *groups,
             host_fn host)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list(groups);
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: %s --list | WORKLOAD WORKERS [VALUE]\n",
                argv[0]);
        return 2;
    }
    chosen = find(groups, argv[1]);
    value = argc == 4 ? number(argv[3]) : chosen->value;
    REQUIRE(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
    host(run, (unsigned)number(argv[2]));
    figures_print();
    return fflush(stdout) != 0;
}

void
pin(unsigned index)
{
    cpu_set_t one;
    int cpu = -1;

    for (unsigned left = index % (unsigned)CPU_COUNT(&allowed) + 1; left > 0;)
        left -= CPU_ISSET(++cpu, &allowed) ? 1 : 0;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
}
