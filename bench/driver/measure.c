#include "measure.h"

#include "child.h"
#include "memory.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct samples samples_of[COUNTS_MAX][PROGRAMS];
static struct point last; /* that has been run, or counted */
static size_t steps, done;

/* Of two rows, with the same runs, that are about different figures. */
static bool
has_been_run(const struct point *point)
{
    const struct row *row = point->row;
    bool same = row->family != SWEEP && last.row &&
                strcmp(last.row->workload, row->workload) == 0 &&
                last.value == point->value;

    last = *point;
    return same;
}

static bool
wanted(const struct options *options, const struct point *point, size_t count,
       int program)
{
    return family_has(point->row->family, program) &&
           options_want_program(options, program) &&
           program_can(&programs[program], point->row->workload,
                       point->workers[count]);
}

/* Runs the block for each program that is wanted with each count. */
#define EACH_PROGRAM(count, program, options, point)                           \
    for (size_t count = 0; count < (point)->counts; ++count)                   \
        for (int program = 0; program < PROGRAMS; ++program)                   \
            if (wanted(options, point, count, program))

static void
count_steps(const struct options *options, const struct point *point)
{
    if (has_been_run(point))
        return;
    EACH_PROGRAM(count, program, options, point)
    steps += point->runs;
}

void
measure_prepare(const struct options *options)
{
    each_point(options, count_steps);
    last.row = NULL;
}

static void
show_step(const struct point *point, unsigned workers, int program)
{
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[K%zu%% %s", 100 * done / steps, point->row->title);
    if (point->value >= 0)
        fprintf(stderr, " (%ld)", point->value);
    fprintf(stderr, ", %u worker%s: %s", workers, workers == 1 ? "" : "s",
            programs[program].title);
    if (point->seconds > 0) /* it tells of itself */
        fprintf(stderr, "\n");
}

/* A program that has failed once is left out. */
static void
run(const struct point *point, size_t count, int program)
{
    struct samples *samples = &samples_of[count][program];
    struct sample *sample = &samples->runs[samples->count];

    show_step(point, point->workers[count], program);
    ++done;
    if (samples->failure)
        return;
    if (point->row->mib > 0)
        memory_find_mib(point->row->mib);
    samples->failure = child_run(&programs[program], point->row->workload,
                                 point->workers[count], point->value,
                                 RUN_SECONDS + 2 * point->seconds, sample);
    samples->count += !samples->failure;
}

static void
run_all(const struct options *options, const struct point *point)
{
    memset(samples_of, 0, sizeof samples_of);
    for (size_t round = 0; round < point->runs; ++round)
        EACH_PROGRAM(count, program, options, point)
    run(point, count, program);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
}

bool
measure(const struct options *options, const struct point *point,
        struct result results[COUNTS_MAX])
{
    bool well = true;

    if (!has_been_run(point))
        run_all(options, point);
    for (size_t i = 0; i < point->counts; ++i) {
        results[i] = (struct result){
            .row = point->row,
            .value = point->value,
            .workers = point->workers[i],
        };
        for (int program = 0; program < PROGRAMS; ++program) {
            outcome_take(&results[i].of[program], point->row,
                         &samples_of[i][program]);
        }
        well &= !results[i].of[FILCH].failure;
    }
    return well;
}
