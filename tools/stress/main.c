/* filch-stress: one program under many schedules. See docs/filch-stress.1. */
#include "message.h"
#include "options.h"
#include "report.h"
#include "run.h"
#include "schedule.h"
#include "search.h"
#include "shrink.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A run that hangs is not to be waited for long, each time it is shrunk; one
 * that did not took `longest` at most. */
static double
short_limit(const struct options *options, double longest)
{
    double limit = 1 + 50 * longest;

    return limit < options->limit ? limit : options->limit;
}

static _Noreturn void
is_unfit(const struct options *options, const struct run *run)
{
    outcome_show_output(run->output);
    if (outcome_has_complaint(run->output))
        die("filch does not begin a run of %s: see above", *options->command);
    die("%s has written no schedule (%s): it must start a filch runtime, and "
        "ask for no number of workers, nor for a seed",
        *options->command, outcome_text(run->outcome));
}

/* Any that no program asks for by itself. */
#define PROBE 6180339887498948482u

/* Whether the program is one that can be told how to run, by that policy. */
static void
check_program(const struct options *options, const char *policy)
{
    struct setting setting = {
        .seed = PROBE, .policy = policy, .schedule = runs_file("first")};
    const struct run *run;
    struct schedule schedule;
    bool good;

    unlink(setting.schedule); /* that of another policy */
    run = run_once(&setting, options->limit);
    good = schedule_read(&schedule, setting.schedule);
    free((void *)setting.schedule);
    if (!good && run->outcome.kind != HUNG)
        is_unfit(options, run);
    if (good && schedule_seed(&schedule) != PROBE)
        die("%s asks for the seed %" PRIu64 " itself, so that all its runs are "
            "alike: it must leave that to FILCH_SEED",
            *options->command, schedule_seed(&schedule));
    schedule_free(&schedule);
}

static void
say_what_else(void)
{
    printf("Something else than the schedule decides: time, addresses, input, "
           "or threads of\nthe program's own.\n");
}

/* So that no full disk is taken for a program that now does something else. */
static void
begin_output(const struct options *options)
{
    static char nothing[] = "filch-schedule 1\n";
    struct schedule schedule = {.head = nothing};

    schedule_write(&schedule, options->output, NULL);
    (void)!truncate(options->output, 0); /* a device cannot be */
}

/* What is in it is of no use; a device stays. */
static void
remove_output(const struct options *options)
{
    struct stat status;

    if (!stat(options->output, &status) && S_ISREG(status.st_mode))
        unlink(options->output);
}

/* Repeats the run that failed, and has it write its schedule. */
static bool
repeat(const struct options *options, struct finding *finding)
{
    struct schedule schedule;
    const struct run *run;

    begin_output(options);
    finding->setting.schedule = options->output;
    run = run_once(&finding->setting, options->limit);
    if (run->outcome.kind != HUNG && run->took > finding->longest)
        finding->longest = run->took;
    report_failure(options, finding);
    flushed();
    if (!outcome_same(run->outcome, finding->outcome)) {
        printf("But when it was repeated: %s.\n", outcome_text(run->outcome));
        say_what_else();
        return false;
    }
    if (!schedule_read(&schedule, options->output)) {
        printf("It has written no schedule that could be followed.\n");
        remove_output(options);
        return false;
    }
    schedule_free(&schedule);
    return true;
}

/* Whether the schedule that was written always leads to the same end. */
static bool
replays(const struct options *options, struct run *runs,
        const struct finding *finding)
{
    unsigned same =
        search_replays(options, runs, options->output, finding->outcome,
                       short_limit(options, finding->longest));

    printf("Its schedule replays: %u of %u times.\n", same, options->replays);
    if (same < options->replays)
        say_what_else();
    return same == options->replays;
}

static void
shrink_it(const struct options *options, const struct finding *finding)
{
    struct shrinking shrinking = {.outcome = finding->outcome,
                                  .limit =
                                      short_limit(options, finding->longest),
                                  .time = options->shrink_time};
    struct schedule schedule;
    size_t before;

    if (!schedule_read(&schedule, options->output))
        die("%s is gone", options->output);
    before = schedule.count;
    shrink(&shrinking, &schedule);
    schedule_write(&schedule, options->output, NULL);
    if (before > 0)
        printf("It was shrunk from %zu deviation%s to %zu, in %lu runs%s.\n",
               before, before == 1 ? "" : "s", schedule.count, shrinking.runs,
               shrinking.complete ? "" : "; there was no time for more");
    schedule_free(&schedule);
}

static int
examine(const struct options *options, struct run *runs,
        struct finding *finding)
{
    bool good = repeat(options, finding) && replays(options, runs, finding);

    if (good && options->shrink_time > 0) {
        shrink_it(options, finding);
        good = replays(options, runs, finding);
    }
    if (good) {
        report_schedule(options->output);
        report_replay(options);
    }
    printf("1 failure in %" PRIu64 " seeds\n", finding->runs);
    return STATUS_FOUND;
}

/* Rather than after a search that may take hours. */
static void
check_output(const struct options *options)
{
    bool there = access(options->output, F_OK) == 0;
    FILE *file = fopen(options->output, "a");

    if (!file)
        die("cannot write %s: %s", options->output, strerror(errno));
    fclose(file);
    if (!there)
        unlink(options->output);
}

static void
check_replay(const struct options *options)
{
    struct schedule schedule;

    if (!schedule_read(&schedule, options->replay))
        die("%s is no schedule that can be read", options->replay);
    schedule_free(&schedule);
}

static int
follow(const struct options *options)
{
    check_replay(options);
    struct setting setting = {.replay = options->replay,
                              .schedule = runs_file("followed")};
    const struct run *run = run_once(&setting, options->limit);

    if (access(setting.schedule, F_OK)) /* it has followed none */
        is_unfit(options, run);
    printf("%s: %s\n", *options->command, outcome_text(run->outcome));
    outcome_show_output(run->output);
    report_schedule(setting.schedule);
    free((void *)setting.schedule);
    return run->outcome.kind == PASSED ? STATUS_NOTHING : STATUS_FOUND;
}

/* Whether the policy is none of those before it. */
static bool
is_new(const struct options *options, int i)
{
    for (int k = 0; k < i; k++)
        if (!strcmp(options->policies[k], options->policies[i]))
            return false;
    return true;
}

static int
hunt(const struct options *options, struct run *runs)
{
    struct finding finding;

    check_output(options);
    for (int i = 0; options->policies[i]; i++)
        if (is_new(options, i))
            check_program(options, options->policies[i]);
    search(&finding, options, runs);
    if (finding.failed)
        return examine(options, runs, &finding);
    printf("0 failures in %" PRIu64 " seeds\n", finding.runs);
    return STATUS_NOTHING;
}

int
main(int argc, char **argv)
{
    struct options options;
    struct run *runs;
    int status;

    options_parse(&options, argc, argv);
    if (options.quiet)
        progress_off();
    runs_begin(options.command);
    runs = runs_make(options.jobs);
    status = options.replay ? follow(&options) : hunt(&options, runs);
    runs_end();
    if (!flushed() && status == STATUS_NOTHING)
        status = STATUS_ERROR;
    return status;
}
