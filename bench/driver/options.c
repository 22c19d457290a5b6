#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY = 24 * 60 * 60 };

static const char usage[] =
    "usage: make bench BENCH=\"[OPTION...] [NAME...]\"\n"
    "\n"
    "Measures filch and its peers, in turns: all rows, or those that have a\n"
    "NAME in their name or their title.\n"
    "\n"
    "  -w, --workload NAME  the same as NAME\n"
    "  -p, --programs LIST  only these: filch,go,tbb,fiber,openmp,asyncio,\n"
    "                       pthreads,floor (what the machine alone takes)\n"
    "  -j, --workers LIST   numbers of workers to measure with (1,2)\n"
    "  -m, --many           filch alone, with 2, 4, 16 and 64 workers, where "
    "so\n"
    "                       many are to take about as long as two\n"
    "  -r, --runs RUNS      runs of each, %d at most (5)\n"
    "  -s, --seconds TIME   how long tasks are made here and ended there (1),\n"
    "                       in one run, which from 10 s on tells on its way\n"
    "                       what has grown: -p filch -j 2 -s 600 migrate\n"
    "  -q, --quick          3 runs, no sweeps, no million of tasks\n"
    "  -o, --output FOLDER  for bench.csv and the pictures (build/bench)\n"
    "  -b, --build FOLDER   where the programs are (build/plain/bench)\n"
    "  -l, --list           only list the rows\n";

static const struct option known[] = {
    {"workload", required_argument, NULL, 'w'},
    {"programs", required_argument, NULL, 'p'},
    {"workers", required_argument, NULL, 'j'},
    {"many", no_argument, NULL, 'm'},
    {"runs", required_argument, NULL, 'r'},
    {"seconds", required_argument, NULL, 's'},
    {"quick", no_argument, NULL, 'q'},
    {"output", required_argument, NULL, 'o'},
    {"build", required_argument, NULL, 'b'},
    {"list", no_argument, NULL, 'l'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static _Noreturn void
explain(FILE *to, int status)
{
    fprintf(to, usage, RUNS_MAX);
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
read_workers(struct options *options, const char *text)
{
    char *end;

    for (options->counts = 0; options->counts < COUNTS_MAX; text = end + 1) {
        options->workers[options->counts++] = number(text, 1024, &end);
        if (*end == '\0')
            return;
        if (*end != ',')
            break;
    }
    explain(stderr, 2);
}

static void
want_many(struct options *options)
{
    options->many = true;
    options->programs = "filch";
    read_workers(options, "2,4,16,64");
}

static unsigned
whole_number(const char *text, unsigned most)
{
    char *end;
    unsigned value = number(text, most, &end);

    if (*end != '\0')
        explain(stderr, 2);
    return value;
}

/* The program whose name the list begins with, up to a comma; PROGRAMS: none. */
static int
program_at(const char *list)
{
    size_t length = strcspn(list, ",");
    int i = 0;

    while (i < PROGRAMS && (strncmp(list, programs[i].name, length) != 0 ||
                            programs[i].name[length] != '\0'))
        ++i;
    return i;
}

static void
read_programs(struct options *options, const char *list)
{
    options->programs = list;
    for (const char *at = list; at; at = strchr(at, ',')) {
        at += at != list;
        if (program_at(at) == PROGRAMS) {
            fprintf(stderr, "bench: no program has such a name: %s\n", at);
            exit(2);
        }
    }
}

static void
want(struct options *options, const char *name)
{
    if (options->wanted_count == WANTED_MAX)
        explain(stderr, 2);
    options->wanted[options->wanted_count++] = name;
}

static void
read_one(struct options *options, int option)
{
    switch (option) {
    case 'w':
        want(options, optarg);
        break;
    case 'p':
        read_programs(options, optarg);
        break;
    case 'j':
        read_workers(options, optarg);
        break;
    case 'm':
        want_many(options);
        break;
    case 'r':
        options->runs = whole_number(optarg, RUNS_MAX);
        break;
    case 's':
        options->seconds = whole_number(optarg, DAY);
        break;
    case 'q':
        options->quick = true;
        break;
    case 'o':
        options->output = optarg;
        break;
    case 'b':
        options->folder = optarg;
        break;
    case 'l':
        options->list = true;
        break;
    case 'h':
        explain(stdout, 0);
    default:
        explain(stderr, 2);
    }
}

void
options_read(struct options *options, int argc, char **argv)
{
    int option;

    *options = (struct options){.folder = "build/plain/bench",
                                .output = "build/bench",
                                .workers = {1, 2},
                                .counts = 2};
    while ((option = getopt_long(argc, argv, "w:p:j:mr:s:qo:b:lh", known,
                                 NULL)) != -1)
        read_one(options, option);
    while (optind < argc)
        want(options, argv[optind++]);
    if (options->runs == 0)
        options->runs = options->quick ? 3 : 5;
}

bool
options_want_row(const struct options *options, const struct row *row)
{
    if (options->many && !row->many)
        return false;
    if (options->quick && (row->family == SWEEP || row->mib > 0))
        return false;
    for (size_t i = 0; i < options->wanted_count; ++i)
        if (strcasestr(row->name, options->wanted[i]) ||
            strcasestr(row->title, options->wanted[i]))
            return true;
    return options->wanted_count == 0;
}

/* Whether the list, "filch,go", has the name. */
bool
options_want_program(const struct options *options, enum which program)
{
    const char *list = options->programs;

    for (const char *at = list; at; at = strchr(at, ',')) {
        at += at != list;
        if (program_at(at) == (int)program)
            return true;
    }
    return !list;
}
