#include "measure.h"

#include "child.h"
#include "memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The runs of one point, for each number of workers and each program. */
struct runs {
    struct samples of[COUNTS_MAX][PROGRAMS];
};

/* What there is to measure. A point that is about other figures of the runs of
 * the one before it has none of its own. */
static struct plan {
    struct point point;
    struct runs *runs;
    bool shares;
} * plans;
static size_t plan_count, steps, done;

static void *
or_end(void *memory)
{
    if (!memory) {
        perror("bench");
        exit(1);
    }
    return memory;
}

static bool
shares_runs(const struct point *point, const struct plan *before)
{
    const struct row *row = point->row;

    return before && row->family != SWEEP &&
           strcmp(before->point.row->workload, row->workload) == 0 &&
           before->point.value == point->value;
}

static void
plan(const struct options *options, const struct point *point)
{
    struct plan *before, *new;
    bool shares;

    (void)options;
    plans = or_end(realloc(plans, (plan_count + 1) * sizeof *plans));
    new = &plans[plan_count];
    before = plan_count > 0 ? new - 1 : NULL;
    shares = shares_runs(point, before);
    *new = (struct plan){
        .point = *point,
        .runs = shares ? before->runs : or_end(calloc(1, sizeof *new->runs)),
        .shares = shares,
    };
    ++plan_count;
}

size_t
measure_plan(const struct options *options)
{
    each_point(options, plan);
    return plan_count;
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
count_steps(const struct options *options)
{
    for (size_t i = 0; i < plan_count; ++i) {
        if (plans[i].shares)
            continue;
        EACH_PROGRAM(count, program, options, &plans[i].point)
        steps += plans[i].point.runs;
    }
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
run(const struct point *point, size_t count, int program,
    struct samples *samples)
{
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
run_each(const struct options *options, const struct plan *plan)
{
    const struct point *point = &plan->point;

    EACH_PROGRAM(count, program, options, point)
    run(point, count, program, &plan->runs->of[count][program]);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
}

/* Whether filch's runs went well. */
static bool
sum_up(const struct plan *plan, struct result results[COUNTS_MAX])
{
    const struct point *point = &plan->point;
    bool well = true;

    for (size_t i = 0; i < point->counts; ++i) {
        results[i] = (struct result){
            .row = point->row,
            .value = point->value,
            .workers = point->workers[i],
        };
        for (int program = 0; program < PROGRAMS; ++program) {
            outcome_take(&results[i].of[program], point->row,
                         &plan->runs->of[i][program]);
        }
        well &= !results[i].of[FILCH].failure;
    }
    return well;
}

/* Where it cannot show each step. */
static void
tell_round(size_t number, size_t of)
{
    if (!isatty(STDERR_FILENO))
        fprintf(stderr, "bench: round %zu of %zu\n", number, of);
}

/* What has fewer runs than there are rounds has them in the last. */
static void
run_round(const struct options *options, const struct plan *plan, size_t left)
{
    if (!plan->shares && plan->point.runs >= left)
        run_each(options, plan);
}

bool
measure(const struct options *options,
        void (*visit)(const struct options *, const struct point *,
                      const struct result results[COUNTS_MAX]))
{
    struct result results[COUNTS_MAX];
    bool well = true;

    count_steps(options);
    for (size_t left = options->runs; left > 0; --left) {
        tell_round(options->runs - left + 1, options->runs);
        for (size_t i = 0; i < plan_count; ++i) {
            run_round(options, &plans[i], left);
            if (left > 1)
                continue;
            well &= sum_up(&plans[i], results);
            visit(options, &plans[i].point, results);
        }
    }
    return well;
}
