#include "sched/policy.h"

#include "base/number.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_DEFAULT 3
#define LENGTH_LEAST 4 /* of a run: 1 << 4 decisions */
#define LENGTH_KINDS 13
#define RATES 6 /* once in 2, 4 … 64 times */
#define QUANTA 16
#define TRIES 16 /* to find one by chance, where few can go on */

/* ---- chance: the same numbers on any machine ---- */

/* The next number, below n. */
static uint64_t
below(fl_policy *policy, uint64_t n)
{
    policy->chance += 0x9e3779b97f4a7c15;
    return fl_mix(policy->chance) % n;
}

/* ---- names ---- */

static bool
parse_number(const char **text, uint64_t most, uint64_t *number)
{
    return fl_number_read(text, number) && *number >= 1 && *number <= most;
}

/* DEPTH, or DEPTH:LENGTH */
static bool
parse_pct(fl_policy *policy, const char *text)
{
    uint64_t depth;
    if (!parse_number(&text, FL_POLICY_DEPTH_MOST, &depth)) {
        return false;
    }
    policy->depth = (unsigned)depth;
    if (*text == ':') {
        text++;
        return parse_number(&text, UINT32_MAX, &policy->length) && !*text;
    }
    return !*text;
}

bool
fl_policy_parse(fl_policy *policy, const char *text)
{
    policy->depth = DEPTH_DEFAULT;
    policy->length = 0;
    if (strncmp(text, "pct:", 4) == 0) {
        policy->kind = FL_POLICY_PCT;
        return parse_pct(policy, text + 4);
    }
    static const char *const names[] = {"none", "random", "pct", "round-robin"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            policy->kind = (enum fl_policy_kind)i;
            return true;
        }
    }
    return false;
}

void
fl_policy_format(const fl_policy *policy, char *text)
{
    static const char *const names[] = {"none", "random",
                                        "pct:", "round-robin"};
    int n = snprintf(text, 64, "%s", names[policy->kind]);
    if (policy->kind == FL_POLICY_PCT) {
        n += snprintf(text + n, 64 - (size_t)n, "%u", policy->depth);
    }
    if (policy->kind == FL_POLICY_PCT && policy->length) {
        snprintf(text + n, 64 - (size_t)n, ":%llu",
                 (unsigned long long)policy->length);
    }
}

void
fl_policy_begin(fl_policy *policy, uint64_t seed)
{
    policy->seed = policy->chance = seed;
    if (policy->kind == FL_POLICY_RANDOM) {
        policy->every = 2u << below(policy, RATES);
    } else if (policy->kind == FL_POLICY_ROUND_ROBIN) {
        policy->every = 1 + (uint32_t)((seed - 1) % QUANTA);
    }
    uint64_t guess = 1u << (LENGTH_LEAST + below(policy, LENGTH_KINDS));
    uint64_t length = policy->length ? policy->length : guess;
    for (unsigned i = 0; i + 1 < policy->depth; i++) {
        policy->changes[i] = below(policy, length);
        policy->lowered[i] = 0;
    }
}

/* ---- each of them ---- */

size_t
fl_policy_first(const fl_situation *situation)
{
    const fl_pool *pool = situation->pool;
    return situation->due ? FL_GO_OFF : pool->begin;
}

static size_t
choose_any(fl_policy *policy, const fl_situation *situation)
{
    const fl_pool *pool = situation->pool;
    size_t size = pool->end - pool->begin;
    if (below(policy, pool->count + situation->due) == pool->count) {
        return FL_GO_OFF;
    }
    size_t at = below(policy, size);
    for (int i = 0; i < TRIES && !fl_pool_may_go(pool, pool->begin + at); i++) {
        at = below(policy, size);
    }
    while (!fl_pool_may_go(pool, pool->begin + at)) {
        at = (at + 1) % size; /* the first may always go */
    }
    return pool->begin + at;
}

static size_t
choose_randomly(fl_policy *policy, const fl_situation *situation)
{
    if (situation->caller && below(policy, policy->every)) {
        return FL_GO_ON;
    }
    return choose_any(policy, situation);
}

static size_t
choose_in_turn(const fl_policy *policy, const fl_situation *situation)
{
    bool more = situation->caller && situation->calls % policy->every;
    return more ? FL_GO_ON : fl_policy_first(situation);
}

static uint64_t
priority(const fl_policy *policy, uint64_t number)
{
    for (unsigned i = 0; i + 1 < policy->depth; i++) {
        if (policy->lowered[i] == number) {
            return 1 + i;
        }
    }
    uint64_t chance = fl_mix(policy->seed ^ fl_mix(number + 1));
    return FL_POLICY_DEPTH_MOST + (chance >> 8);
}

/* Which one has the highest priority, and its number. */
static size_t
highest(const fl_policy *policy, const fl_situation *situation,
        uint64_t *number)
{
    const fl_pool *pool = situation->pool;
    uint64_t timer = situation->timer;
    size_t best = situation->caller ? FL_GO_ON : FL_GO_OFF;
    bool any = situation->caller || situation->due;
    *number = situation->caller ? situation->caller : timer;
    uint64_t most = any ? priority(policy, *number) : 0;
    if (situation->caller && situation->due && priority(policy, timer) > most) {
        best = FL_GO_OFF;
        most = priority(policy, timer);
        *number = timer;
    }
    for (size_t at = fl_pool_from(pool, pool->begin); at < pool->end;
         at = fl_pool_from(pool, at + 1)) {
        const fl_entry *entry = &pool->entries[at];
        bool may_go = fl_pool_may_go(pool, at);
        uint64_t its = may_go ? priority(policy, entry->number) : 0;
        if (!any || its > most) {
            any = true;
            best = at;
            most = its;
            *number = entry->number;
        }
    }
    return best;
}

static size_t
choose_by_priority(fl_policy *policy, const fl_situation *situation)
{
    uint64_t number;
    size_t best = highest(policy, situation, &number);
    for (unsigned i = 0; i + 1 < policy->depth; i++) {
        if (policy->changes[i] == situation->since_start) {
            policy->lowered[i] = number;
            best = highest(policy, situation, &number);
        }
    }
    return best;
}

size_t
fl_policy_choose(fl_policy *policy, const fl_situation *situation)
{
    switch (policy->kind) {
    case FL_POLICY_RANDOM:
        return choose_randomly(policy, situation);
    case FL_POLICY_PCT:
        return choose_by_priority(policy, situation);
    case FL_POLICY_ROUND_ROBIN:
        return choose_in_turn(policy, situation);
    default:
        return situation->caller ? FL_GO_ON : fl_policy_first(situation);
    }
}
