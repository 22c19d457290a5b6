#include "shrink.h"
#include "message.h"
#include "run.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SINGLES_MAX = 3000 };

struct state {
    struct shrinking *shrinking;
    struct schedule *schedule;
    bool *keep;
    size_t kept;
    double until;
    char *file, *followed; /* the schedules of a run: to it, and from it */
};

static bool
time_is_over(const struct state *state)
{
    return seconds_now() >= state->until;
}

/* Whether a run that follows what is kept ends as it is to. */
static bool
still_fails(struct state *state, const char *followed)
{
    struct setting setting = {.replay = state->file, .schedule = followed};

    schedule_write(state->schedule, state->file, state->keep);
    state->shrinking->runs++;
    progress("shrinking: %zu deviations after %lu runs", state->kept,
             state->shrinking->runs);
    return outcome_same(run_once(&setting, state->shrinking->limit)->outcome,
                        state->shrinking->outcome);
}

/* --- Leaving out --------------------------------------------------------- */

/* Marks up to n of the kept, from *at on, as not kept; those marked are noted
 * in `out`, and *at is behind them. */
static size_t
leave_out(struct state *state, size_t *at, size_t n, size_t *out)
{
    size_t left = 0;

    for (; *at < state->schedule->count && left < n; ++*at) {
        if (state->keep[*at]) {
            state->keep[*at] = false;
            out[left++] = *at;
        }
    }
    state->kept -= left;
    return left;
}

static void
put_back(struct state *state, size_t n, const size_t *out)
{
    for (size_t i = 0; i < n; i++)
        state->keep[out[i]] = true;
    state->kept += n;
}

/* Tries to do without each chunk of n; whether any could go. */
static bool
drop_chunks(struct state *state, size_t n, size_t *out)
{
    bool dropped = false;

    for (size_t at = 0; at < state->schedule->count && !time_is_over(state);) {
        size_t left = leave_out(state, &at, n, out);
        if (left && still_fails(state, NULL))
            dropped = true;
        else
            put_back(state, left, out);
    }
    return dropped;
}

static void
drop_all_it_can(struct state *state)
{
    size_t *out = calloc(state->schedule->count + 1, sizeof *out);
    size_t n = state->kept;

    if (!out)
        die("out of memory");
    while (n > 0 && state->kept && !time_is_over(state)) {
        n = n < state->kept ? n : state->kept;
        if (!drop_chunks(state, n, out))
            n /= 2;
    }
    free(out);
}

/* --- What a run has followed --------------------------------------------- */

static void
keep_all(struct state *state)
{
    size_t n = state->schedule->count;

    free(state->keep);
    state->keep = malloc(n + 1);
    if (!state->keep)
        die("out of memory");
    memset(state->keep, true, n);
    state->kept = n;
}

/* Puts what the run has written in the place of the schedule; false where that
 * is no smaller, or fails no more. */
static bool
adopt_followed(struct state *state)
{
    struct schedule followed, former = *state->schedule;
    size_t before = former.count;

    remove(state->followed);
    if (!still_fails(state, state->followed) ||
        !schedule_read(&followed, state->followed))
        return false;
    *state->schedule = followed;
    keep_all(state);
    if (followed.count > before || !still_fails(state, NULL)) {
        schedule_free(&followed);
        *state->schedule = former;
        keep_all(state);
        return false;
    }
    schedule_free(&former);
    return followed.count < before;
}

/* Takes what is not kept out of the schedule itself. */
static void
compact(struct state *state)
{
    struct schedule *schedule = state->schedule;
    size_t n = 0;

    for (size_t i = 0; i < schedule->count; i++) {
        if (state->keep[i])
            schedule->deviations[n++] = schedule->deviations[i];
        else
            free(schedule->deviations[i].comment);
    }
    schedule->count = n;
    keep_all(state);
}

/* --- Just one ------------------------------------------------------------ */

/* How many tasks the schedule speaks of, and how many decisions. */
static void
measure(const struct schedule *schedule, uint64_t *tasks, uint64_t *decisions)
{
    *tasks = 0;
    *decisions = schedule->decisions;
    for (size_t i = 0; i < schedule->count; i++) {
        const struct deviation *one = &schedule->deviations[i];
        *tasks = one->task > *tasks ? one->task : *tasks;
        if (one->decision >= *decisions)
            *decisions = one->decision + 1;
    }
}

/* Puts the schedule with this one deviation in its place, if it suffices. */
static bool
suffices(struct state *state, struct deviation one)
{
    struct schedule former = *state->schedule;
    struct schedule single = {.head = strdup(former.head),
                              .deviations = malloc(sizeof one),
                              .count = 1,
                              .decisions = former.decisions};

    if (!single.head || !single.deviations)
        die("out of memory");
    single.deviations[0] = one;
    *state->schedule = single;
    keep_all(state);
    if (still_fails(state, NULL)) {
        schedule_free(&former);
        return true;
    }
    schedule_free(&single);
    *state->schedule = former;
    keep_all(state);
    return false;
}

/* Where nothing can be left out, something else may still do alone: all there
 * is is tried, if that is not too much. */
static bool
try_each(struct state *state, uint64_t tasks, uint64_t decisions)
{
    if (decisions > SINGLES_MAX || tasks * decisions > SINGLES_MAX)
        return false;
    for (uint64_t at = decisions; at-- > 0;)
        for (uint64_t task = 1; task <= tasks && !time_is_over(state); task++)
            if (suffices(state, (struct deviation){at, task, NULL}))
                return true;
    return false;
}

void
shrink(struct shrinking *shrinking, struct schedule *schedule)
{
    struct state state = {.shrinking = shrinking,
                          .schedule = schedule,
                          .until = seconds_now() + shrinking->time,
                          .file = runs_file("shrinking"),
                          .followed = runs_file("followed")};
    uint64_t tasks, decisions;
    bool again;

    measure(schedule, &tasks, &decisions);
    keep_all(&state);
    do {
        size_t before = schedule->count;
        drop_all_it_can(&state);
        compact(&state);
        again = adopt_followed(&state) || schedule->count < before;
    } while (again && !time_is_over(&state));
    if (schedule->count > 1 && try_each(&state, tasks, decisions))
        adopt_followed(&state);
    shrinking->complete = !time_is_over(&state);
    progress_erase();
    free(state.keep);
    free(state.file);
    free(state.followed);
}
