/* The decisions of a deterministic run: made, written down, followed; see
 * seeded.h. */
#include "sched/seeded.h"

#include <stdio.h>

#define PASSES_MOST 10000u
#define GO_OFFS_MOST 1000u
#define FIRST_TIMER ((uint64_t)1 << 32) /* no task or job has such a number */

/* ---- in words ---- */

/* Writes who that is into text[]. */
static void
describe(char *text, size_t size, const filch_task *task, uint32_t number)
{
    const char *name = task ? fl_task_name(task) : NULL;
    if (name && *name) {
        snprintf(text, size, "%s (%u)", name, number);
    } else {
        snprintf(text, size, "task %u", number);
    }
    for (char *c = text; *c; c++) {
        if ((unsigned char)*c < ' ') {
            *c = '?';
        }
    }
}

static void
describe_choice(char *text, size_t size, const fl_situation *situation,
                size_t choice)
{
    if (choice == FL_GO_OFF) {
        snprintf(text, size, "a timer goes off");
        return;
    }
    const fl_entry *entry = &situation->pool->entries[choice];
    char name[200];
    if (fl_work_is_job(entry->work)) {
        snprintf(name, sizeof name, "job %u", entry->number);
    } else {
        describe(name, sizeof name, fl_task_of(fl_work_fiber(entry->work)),
                 entry->number);
    }
    snprintf(text, size, "%s goes on", name);
}

static uint32_t
number_of_choice(const fl_situation *situation, size_t choice)
{
    switch (choice) {
    case FL_GO_ON:
        return situation->caller;
    case FL_GO_OFF:
        return 0;
    default:
        return situation->pool->entries[choice].number;
    }
}

static void
comment(fl_seeded *seeded, const fl_situation *situation, const char *where,
        size_t choice)
{
    char line[700], next[220], caller[200];
    describe(caller, sizeof caller, fl_task_of(fl_me()), situation->caller);
    if (choice != FL_GO_ON) {
        describe_choice(next, sizeof next, situation, choice);
    }
    unsigned long long n = situation->decision;
    if (!situation->caller) {
        snprintf(line, sizeof line, "%llu pick: %s", n, next);
    } else if (choice == FL_GO_ON) {
        snprintf(line, sizeof line, "%llu point %s: %s goes on", n, where,
                 caller);
    } else {
        snprintf(line, sizeof line, "%llu point %s: %s is interrupted, %s", n,
                 where, caller, next);
    }
    fl_schedule_comment(seeded->schedule, line);
}

/* ---- deciding ---- */

/* Whether a timer may go off now. At the end of a run none does any more. */
static bool
is_due(const filch_runtime *runtime)
{
    const fl_seeded *seeded = runtime->seeded;
    return fl_timers_earliest(runtime->workers[0].timers) <= seeded->now &&
           (!fl_load_seq_cst(&runtime->stopping) || fl_seeded_alive(runtime));
}

fl_situation
fl_seeded_look(const fl_worker *worker, uint32_t caller)
{
    fl_seeded *seeded = worker->runtime->seeded;
    bool turn = seeded->gone_off < GO_OFFS_MOST || !seeded->pool.count;
    bool due = turn && is_due(worker->runtime);
    if (!due) {
        seeded->undue_at = seeded->gone;
    }
    return (fl_situation){.pool = &seeded->pool,
                          .due = due,
                          .timer = FIRST_TIMER +
                                   fl_load_relaxed(&worker->stats.timers),
                          .caller = caller,
                          .calls = caller ? seeded->calls : 0};
}

/* What the file that is followed says, else the default. */
static size_t
follow(fl_seeded *seeded, const fl_situation *situation, size_t otherwise)
{
    uint32_t number;
    if (!fl_schedule_lists(seeded->schedule, situation->decision, &number)) {
        return otherwise;
    }
    if (number && number == situation->caller) {
        return FL_GO_ON;
    }
    if (number == 0 && situation->due) {
        return FL_GO_OFF;
    }
    size_t at = fl_pool_find(situation->pool, number);
    if (number == 0 || at == situation->pool->end) {
        fl_schedule_pass_over(seeded->schedule);
        return otherwise;
    }
    return at;
}

/* Whether the timer, or the first in the pool, was passed over for too long. */
static bool
is_passed_over(const fl_seeded *seeded, const fl_situation *situation)
{
    const fl_pool *pool = &seeded->pool;
    if (situation->due && seeded->gone - seeded->undue_at > PASSES_MOST) {
        return true;
    }
    return pool->count &&
           seeded->gone - pool->entries[pool->begin].since > PASSES_MOST;
}

size_t
fl_seeded_decide(fl_seeded *seeded, fl_situation *situation, const char *where)
{
    fl_schedule *schedule = seeded->schedule;
    bool too_long = situation->calls >= FL_CALLS_MOST;
    size_t otherwise =
        where && !too_long ? FL_GO_ON : fl_policy_first(situation);
    situation->decision = fl_schedule_count(schedule);
    situation->since_start = seeded->decisions++;
    size_t choice = fl_schedule_follows(schedule)
                        ? follow(seeded, situation, otherwise)
                        : fl_policy_choose(&seeded->policy, situation);
    if (choice == FL_GO_ON ? too_long
                           : !where && is_passed_over(seeded, situation)) {
        choice = otherwise;
    }
    if (fl_schedule_writes(schedule)) {
        comment(seeded, situation, where, choice);
        if (choice != otherwise) {
            fl_schedule_deviate(schedule, situation->decision,
                                number_of_choice(situation, choice));
        }
    }
    return choice;
}
