#include "options.h"
#include "message.h"
#include <ctype.h>
#include <errno.h>
#include <filch/version.h>
#include <getopt.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_REPLAY = 256, OPTION_SHRINK_TIME };
enum { JOBS_MAX = 1024, SEEDS_DEFAULT = 1000 };

/* "+": what stands behind the program is the program's. */
static const char short_options[] = "+f:hj:l:o:p:qr:s:t:V";

static const struct option long_options[] = {
    {"first", required_argument, NULL, 'f'},
    {"help", no_argument, NULL, 'h'},
    {"jobs", required_argument, NULL, 'j'},
    {"limit", required_argument, NULL, 'l'},
    {"output", required_argument, NULL, 'o'},
    {"policy", required_argument, NULL, 'p'},
    {"quiet", no_argument, NULL, 'q'},
    {"replays", required_argument, NULL, 'r'},
    {"seeds", required_argument, NULL, 's'},
    {"time", required_argument, NULL, 't'},
    {"version", no_argument, NULL, 'V'},
    {"replay", required_argument, NULL, OPTION_REPLAY},
    {"shrink-time", required_argument, NULL, OPTION_SHRINK_TIME},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "Usage: filch-stress [OPTION]... PROGRAM [ARGUMENT]...\n"
    "Run PROGRAM, which is built on filch, under many schedules, until one of\n"
    "them fails; then find the fewest pre-emptions with which it still does.\n"
    "\n"
    "  -f, --first=N        begin with seed N (1)\n"
    "  -h, --help           show this\n"
    "  -j, --jobs=N         run so many at once (as many as processors)\n"
    "  -l, --limit=S        a run of more than S seconds hangs (10)\n"
    "  -o, --output=FILE    write the schedule to FILE (PROGRAM.schedule)\n"
    "  -p, --policy=P       try this policy; may be repeated\n"
    "  -q, --quiet          no progress\n"
    "  -r, --replays=N      replay a schedule that fails so many times (10)\n"
    "  -s, --seeds=N        try so many seeds (1000, or what --time allows)\n"
    "  -t, --time=S         begin no run after S seconds\n"
    "  -V, --version        show the version\n"
    "      --replay=FILE    follow that schedule, and show what happens\n"
    "      --shrink-time=S  shrink for so long (60); 0: not at all\n";

/* One half at random, the others with few pre-emptions at bad places. */
static const char *const default_policies[] = {
    "random", "pct:2", "random", "pct:3",       "random", "pct:4",
    "random", "pct:5", "random", "round-robin", NULL,
};

static _Noreturn void
misused(const char *what, const char *value)
{
    if (what)
        message("invalid %s '%s'", what, value);
    fprintf(stderr, "Try 'filch-stress --help' for more information.\n");
    exit(STATUS_ERROR);
}

static uint64_t
number(const char *what, const char *text, uint64_t least, uint64_t most)
{
    char *end;
    uint64_t value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (errno || !isdigit((unsigned char)*text) || *end || value < least ||
        value > most)
        misused(what, text);
    return value;
}

static double
seconds(const char *what, const char *text)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end || !isfinite(value) || value < 0 || value > 1e9)
        misused(what, text);
    return value;
}

static double
some_seconds(const char *what, const char *text)
{
    double value = seconds(what, text);

    if (value == 0)
        misused(what, text);
    return value;
}

static void
add_policy(struct options *options, const char *policy)
{
    int n = 0;

    while (options->policies[n])
        n++;
    if (n == POLICIES_MAX - 1)
        misused("policy: there are too many at", policy);
    options->policies[n] = policy;
}

static _Noreturn void
show(const char *text)
{
    fputs(text, stdout);
    exit(flushed() ? STATUS_NOTHING : STATUS_ERROR);
}

static void
set(struct options *options, int option)
{
    switch (option) {
    case 'f':
        options->first = number("first seed", optarg, 1, UINT64_MAX);
        break;
    case 'h':
        show(help);
    case 'j':
        options->jobs = (unsigned)number("jobs", optarg, 1, JOBS_MAX);
        break;
    case 'l':
        options->limit = some_seconds("limit", optarg);
        break;
    case 'o':
        options->output = optarg;
        break;
    case 'p':
        add_policy(options, optarg);
        break;
    case 'q':
        options->quiet = true;
        break;
    case 'r':
        options->replays = (unsigned)number("replays", optarg, 1, 1000000);
        break;
    case 's':
        options->seeds = number("seeds", optarg, 1, UINT64_MAX);
        break;
    case 't':
        options->time = some_seconds("time", optarg);
        break;
    case 'V':
        show("filch-stress (filch) " FILCH_VERSION "\n");
    case OPTION_REPLAY:
        options->replay = optarg;
        break;
    case OPTION_SHRINK_TIME:
        options->shrink_time = seconds("shrink time", optarg);
        break;
    default:
        misused(NULL, NULL);
    }
}

static void
set_defaults(struct options *options)
{
    const char *program = *options->command, *slash = strrchr(program, '/');
    char *output;

    if (!options->seeds)
        options->seeds = options->time == 0 ? SEEDS_DEFAULT : UINT64_MAX;
    /* the last seed is UINT64_MAX: 0 would be none */
    if (options->seeds - 1 > UINT64_MAX - options->first)
        options->seeds = UINT64_MAX - options->first + 1;
    if (!options->policies[0])
        memcpy(options->policies, default_policies, sizeof default_policies);
    if (asprintf(&output, "%s.schedule", slash ? slash + 1 : program) < 0)
        die("out of memory");
    if (!options->output)
        options->output = output;
    else
        free(output);
}

/* Those that this program may use. */
static unsigned
cpus(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) ? 0 : CPU_COUNT(&set);

    return n > 0 ? (unsigned)n : 1;
}

void
options_parse(struct options *options, int argc, char **argv)
{
    int option;

    *options = (struct options){.jobs = cpus(),
                                .first = 1,
                                .limit = 10,
                                .replays = 10,
                                .shrink_time = 60};
    while ((option = getopt_long(argc, argv, short_options, long_options,
                                 NULL)) != -1)
        set(options, option);
    options->command = argv + optind;
    if (!*options->command) {
        message("which program?");
        misused(NULL, NULL);
    }
    set_defaults(options);
}
