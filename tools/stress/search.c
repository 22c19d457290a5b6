#include "search.h"
#include "message.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One at least. */
static unsigned
count_policies(const struct options *options)
{
    unsigned n = 0;

    do {
        n++;
    } while (options->policies[n]);
    return n;
}

/* Each seed has one policy: so the time goes into different schedules. */
static struct setting
setting_of(const struct options *options, uint64_t number)
{
    uint64_t policies = count_policies(options);

    return (struct setting){.seed = options->first + number,
                            .policy = options->policies[number % policies]};
}

static void
show_progress(const struct options *options, const struct finding *finding,
              double began)
{
    double passed = seconds_now() - began;
    double rate = passed > 0 ? (double)finding->runs / passed : 0;
    double left = options->time > 0 ? options->time - passed : 1e9;

    if (rate > 0) {
        double rest = (double)(options->seeds - finding->runs) / rate;
        left = rest < left ? rest : left;
    }
    progress("%" PRIu64 " seeds, %.0f a second, nothing found yet; %.0f s left",
             finding->runs, rate, left < 1e9 ? left : 0);
}

/* --- Searching ----------------------------------------------------------- */

struct state {
    const struct options *options;
    struct run *runs;
    struct finding *finding;
    double began;
    uint64_t next; /* number to be started */
    uint64_t most; /* numbers there are; lowered by a failure */
};

static bool
time_is_over(const struct state *state)
{
    double time = state->options->time;

    return time > 0 && seconds_now() - state->began >= time;
}

static unsigned
start_more(struct state *state)
{
    unsigned running = 0;

    for (unsigned i = 0; i < state->options->jobs; i++) {
        struct run *run = &state->runs[i];
        if (!run->pid && state->next < state->most && !time_is_over(state)) {
            struct setting setting = setting_of(state->options, state->next);
            run->number = state->next++;
            run_start(run, &setting);
        }
        running += run->pid != 0;
    }
    return running;
}

/* A failure; those with lower numbers that still run may fail too, so that
 * what is found does not depend on how fast they are. */
static void
take(struct state *state, const struct run *run)
{
    struct finding *finding = state->finding;

    if (run->number >= state->most)
        return;
    finding->failed = true;
    if (rename(run->output, finding->output))
        die("%s: %s", finding->output, strerror(errno));
    finding->setting = run->setting;
    finding->outcome = run->outcome;
    state->most = run->number;
}

void
search(struct finding *finding, const struct options *options, struct run *runs)
{
    struct state state = {options,       runs, finding,
                          seconds_now(), 0,    options->seeds};

    *finding = (struct finding){.output = runs_file("failure")};
    while (start_more(&state)) {
        struct run *run = runs_wait(runs, options->jobs, options->limit);
        show_progress(options, finding, state.began);
        if (!run)
            continue;
        finding->runs++;
        if (run->outcome.kind != PASSED)
            take(&state, run);
        else if (run->took > finding->longest)
            finding->longest = run->took;
    }
    if (finding->failed)
        finding->runs = state.most + 1;
    progress_erase();
}

/* --- Replaying ----------------------------------------------------------- */

unsigned
search_replays(const struct options *options, struct run *runs,
               const char *schedule, struct outcome expected, double limit)
{
    struct setting setting = {.replay = schedule};
    unsigned started = 0, ended = 0, same = 0;

    while (ended < options->replays) {
        for (unsigned i = 0; i < options->jobs; i++) {
            if (!runs[i].pid && started < options->replays) {
                run_start(&runs[i], &setting);
                started++;
            }
        }
        struct run *run = runs_wait(runs, options->jobs, limit);
        progress("replaying: %u of %u", ended, options->replays);
        if (run) {
            ended++;
            same += outcome_same(run->outcome, expected);
        }
    }
    progress_erase();
    return same;
}
