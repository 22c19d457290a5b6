#include "options.h"

#include "sample.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: %s [-w WORKERS[,WORKERS...]] [-r RUNS] [--csv FILE] [NAME...]\n"
    "       %s --list\n"
    "\n"
    "Measures the workloads whose names contain a NAME, or all of them.\n"
    "\n"
    "  -w, --workers LIST  numbers of workers to measure with (1,2)\n"
    "  -r, --runs RUNS     runs of each, %d at most (5)\n"
    "      --csv FILE      write the figures to FILE, too\n"
    "  -l, --list          only list the workloads\n";

static const struct option known[] = {
    {"workers", required_argument, NULL, 'w'},
    {"runs", required_argument, NULL, 'r'},
    {"csv", required_argument, NULL, 'c'},
    {"list", no_argument, NULL, 'l'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static _Noreturn void
explain(FILE *to, const char *program, int status)
{
    fprintf(to, usage, program, program, RUNS_MAX);
    exit(status);
}

/* The number that `text` begins with, and what follows it. */
static unsigned
number(const char *text, unsigned most, char **end)
{
    unsigned long value = strtoul(text, end, 10);

    if (*end == text || *text == '-' || value < 1 || value > most) {
        fprintf(stderr, "bench: not a number from 1 to %u: %s\n", most, text);
        exit(2);
    }
    return (unsigned)value;
}

static void
read_workers(struct options *options, const char *text, const char *program)
{
    char *end;

    for (options->counts = 0; options->counts < COUNTS_MAX; text = end + 1) {
        options->workers[options->counts++] = number(text, 1024, &end);
        if (*end == '\0')
            return;
        if (*end != ',')
            break;
    }
    explain(stderr, program, 2);
}

static void
read_runs(struct options *options, const char *text, const char *program)
{
    char *end;

    options->runs = number(text, RUNS_MAX, &end);
    if (*end != '\0')
        explain(stderr, program, 2);
}

static void
read_one(struct options *options, int option, const char *program)
{
    switch (option) {
    case 'w':
        read_workers(options, optarg, program);
        break;
    case 'r':
        read_runs(options, optarg, program);
        break;
    case 'c':
        options->csv = optarg;
        break;
    case 'l':
        options->list = true;
        break;
    case 'h':
        explain(stdout, program, 0);
    default:
        explain(stderr, program, 2);
    }
}

void
options_read(struct options *options, int argc, char **argv)
{
    int option;

    *options = (struct options){.workers = {1, 2}, .counts = 2, .runs = 5};
    while ((option = getopt_long(argc, argv, "w:r:lh", known, NULL)) != -1)
        read_one(options, option, argv[0]);
    options->names = argv + optind;
    options->name_count = (size_t)(argc - optind);
}

bool
options_want(const struct options *options, const struct workload *one)
{
    for (size_t i = 0; i < options->name_count; ++i)
        if (strcasestr(one->name, options->names[i]))
            return true;
    return options->name_count == 0;
}
