#include "checker.h"

#include <limits.h>

/* --- Lists --------------------------------------------------------------- */

void
list_add(struct list *list, unsigned op)
{
    list->ops[list->n++] = (uint8_t)op;
}

bool
list_remove(struct list *list, unsigned op)
{
    for (unsigned i = 0; i < list->n; ++i)
        if (list->ops[i] == op) {
            --list->n;
            memmove(list->ops + i, list->ops + i + 1, list->n - i);
            list->ops[list->n] = 0; /* equal states have equal bytes */
            return true;
        }
    return false;
}

unsigned
list_take_first(struct list *list)
{
    unsigned first = list->ops[0];
    list_remove(list, first);
    return first;
}

/* --- Steps --------------------------------------------------------------- */

bool
let_end(const struct history *history, struct state *state, unsigned op,
        int status, unsigned value)
{
    const struct op *call = &history->ops[op];
    state->phases[op] = ENDED;
    return call->status == status && call->value == value;
}

bool
let_wait(struct state *state, struct list *list, unsigned op)
{
    state->phases[op] = WAITING;
    list_add(list, op);
    return true;
}

bool
let_all_end(const struct history *history, struct state *state,
            struct list *list, int status)
{
    while (list->n)
        if (!let_end(history, state, list_take_first(list), status, 0))
            return false;
    return true;
}

struct search {
    const struct model *model;
    const struct history *history;
    uint32_t before[MOST_OPS]; /* a bit for each call that ended before */
};

static uint32_t
ended(const struct search *search, const struct state *state)
{
    uint32_t bits = 0;
    for (unsigned i = 0; i < search->history->n; ++i)
        bits |= (uint32_t)(state->phases[i] == ENDED) << i;
    return bits;
}

static bool
may_begin(const struct search *search, const struct state *state, unsigned op)
{
    return !(search->before[op] & ~ended(search, state));
}

static bool
give_up(const struct search *search, struct state *state, unsigned op,
        int status)
{
    if (search->model->give_up)
        return search->model->give_up(search->history, state, op, status);
    for (unsigned i = 0; i < LISTS; ++i)
        list_remove(&state->lists[i], op);
    return let_end(search->history, state, op, status, 0);
}

static bool
may_succeed_yet(const struct search *search, const struct op *call)
{
    return search->model->may_succeed_yet &&
           search->model->may_succeed_yet(call);
}

/* The task's call that is under way, or may be. */
static unsigned
current(const struct search *search, const struct state *state, unsigned task)
{
    unsigned op = 0;
    while (op < search->history->n && (search->history->ops[op].task != task ||
                                       state->phases[op] == ENDED))
        ++op;
    return op;
}

static bool
cancel(const struct search *search, struct state *state, unsigned op)
{
    unsigned task = search->history->ops[op].argument;
    unsigned bit = 1u << task, victim = current(search, state, task);
    if (!(state->cancelled & bit) && victim < search->history->n) {
        if (state->phases[victim] == NEW && may_begin(search, state, victim) &&
            victim != op)
            state->unaware |= (uint8_t)bit;
        if (state->phases[victim] == WAITING &&
            !may_succeed_yet(search, &search->history->ops[victim]) &&
            !give_up(search, state, victim, ECANCELED))
            return false;
    }
    state->cancelled |= (uint8_t)bit;
    return let_end(search->history, state, op, 0, 0);
}

/*
 * The first step of a suspending call whose task is cancelled. It looks at that
 * first; if it did so before the cancel came, it may succeed at once, but it
 * does not wait any more (`late`).
 */
static bool
begin_cancelled(const struct search *search, struct state *state, unsigned op,
                bool late)
{
    const struct op *call = &search->history->ops[op];
    unsigned bit = 1u << call->task;
    bool unaware = state->unaware & bit;
    state->unaware &= (uint8_t)~bit;
    if (!late)
        return let_end(search->history, state, op, ECANCELED, 0);
    if (!unaware || !search->model->step(search->history, state, op))
        return false;
    if (state->phases[op] != WAITING)
        return true;
    return give_up(search, state, op,
                   call->timed && call->status == ETIMEDOUT ? ETIMEDOUT
                                                            : ECANCELED);
}

/* A further step of one who waits. */
static bool
go_on(const struct search *search, struct state *state, unsigned op, bool gives)
{
    const struct op *call = &search->history->ops[op];
    if (!gives)
        return search->model->go_on &&
               search->model->go_on(search->history, state, op);
    if (state->phases[op] != WAITING)
        return false;
    if (call->status == ECANCELED)
        return may_succeed_yet(search, call) &&
               (state->cancelled & 1u << call->task) &&
               give_up(search, state, op, ECANCELED);
    return call->timed && call->status == ETIMEDOUT &&
           give_up(search, state, op, ETIMEDOUT);
}

/* One step of a call; most have one way to go on, some have two. */
static bool
take_step(const struct search *search, struct state *state, unsigned op,
          bool other_way)
{
    const struct op *call = &search->history->ops[op];
    if (state->phases[op] != NEW)
        return go_on(search, state, op, other_way);
    if (!may_begin(search, state, op))
        return false;
    if (suspends(call) && (state->cancelled & 1u << call->task))
        return begin_cancelled(search, state, op, other_way);
    if (other_way)
        return false;
    if (call->verb == CANCEL)
        return cancel(search, state, op);
    return search->model->step(search->history, state, op);
}

/* --- States that were seen ----------------------------------------------- */

enum { SEEN = 1 << 16, MOST_STATES = SEEN / 2 };

static struct state seen[SEEN];
static uint32_t used[SEEN]; /* the number of the search that did */
static uint32_t searches;
static unsigned n_seen;

static uint64_t
hash(const struct state *state)
{
    const uint8_t *bytes = (const uint8_t *)state;
    uint64_t sum = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < sizeof *state; ++i)
        sum = (sum ^ bytes[i]) * 1099511628211u;
    return sum ^ sum >> 29;
}

/* Whether it was there; it is now. */
static bool
remember(const struct state *state)
{
    uint64_t at = hash(state) % SEEN;
    for (; used[at] == searches; at = (at + 1) % SEEN)
        if (memcmp(&seen[at], state, sizeof *state) == 0)
            return true;
    used[at] = searches;
    seen[at] = *state;
    ++n_seen;
    return false;
}

/* --- The search ---------------------------------------------------------- */

static enum verdict
explore(const struct search *search, const struct state *state)
{
    unsigned n = search->history->n;
    if (ended(search, state) == (n == 32 ? UINT32_MAX : (1u << n) - 1))
        return LINEARIZABLE;
    if (remember(state))
        return NOT_LINEARIZABLE;
    if (n_seen >= MOST_STATES)
        return UNDECIDED;
    for (unsigned i = 0; i < 2 * n; ++i) {
        struct state next = *state;
        if (state->phases[i / 2] == ENDED ||
            !take_step(search, &next, i / 2, i % 2))
            continue;
        enum verdict verdict = explore(search, &next);
        if (verdict != NOT_LINEARIZABLE)
            return verdict;
    }
    return NOT_LINEARIZABLE;
}

enum verdict
check(const struct model *model, const struct history *history)
{
    struct search search = {.model = model, .history = history};
    struct state state;
    memset(&state, 0, sizeof state);
    for (unsigned i = 0; i < history->n; ++i)
        for (unsigned k = 0; k < history->n; ++k)
            if (history->ops[k].end < history->ops[i].begin)
                search.before[i] |= 1u << k;
    ++searches;
    n_seen = 0;
    model->begin(history, &state);
    return explore(&search, &state);
}
