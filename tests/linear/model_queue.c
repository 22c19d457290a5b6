/* A queue, as include/filch/queue.h describes it. */
#include "checker.h"

enum { GETTERS, PUTTERS, JOINERS };      /* lists */
enum { UNFINISHED, IS_SHUT, TAKEN_OUT }; /* numbers */

static void
begin(const struct history *history, struct state *state)
{
    (void)history;
    (void)state;
}

static void
insert(struct state *state, uint8_t item)
{
    state->items[state->n_items++] = item;
    ++state->numbers[UNFINISHED];
}

/* Where the item stands that leaves first. */
static unsigned
first(const struct history *history, const struct state *state)
{
    unsigned at = 0;
    if (history->making.kind == LIFO)
        return state->n_items - 1u;
    if (history->making.kind == PRIORITY)
        for (unsigned i = 1; i < state->n_items; ++i)
            if (PRIORITY_OF(state->items[i]) < PRIORITY_OF(state->items[at]))
                at = i;
    return at;
}

static uint8_t
take(const struct history *history, struct state *state)
{
    unsigned at = first(history, state);
    uint8_t item = state->items[at];
    --state->n_items;
    memmove(state->items + at, state->items + at + 1, state->n_items - at);
    state->items[state->n_items] = 0;
    return item;
}

static bool
put(const struct history *history, struct state *state, unsigned op)
{
    const struct op *call = &history->ops[op];
    if (state->numbers[IS_SHUT])
        return let_end(history, state, op, ESHUTDOWN, 0);
    if (state->lists[GETTERS].n) {
        unsigned getter = list_take_first(&state->lists[GETTERS]);
        ++state->numbers[UNFINISHED];
        return let_end(history, state, getter, 0, call->argument) &&
               let_end(history, state, op, 0, 0);
    }
    if (history->making.size && state->n_items >= history->making.size)
        return call->verb == PUT ? let_wait(state, &state->lists[PUTTERS], op)
                                 : let_end(history, state, op, EAGAIN, 0);
    insert(state, call->argument);
    return let_end(history, state, op, 0, 0);
}

static bool
get(const struct history *history, struct state *state, unsigned op)
{
    if (state->n_items == 0 || state->numbers[TAKEN_OUT]) {
        if (state->numbers[IS_SHUT])
            return let_end(history, state, op, ESHUTDOWN, 0);
        return history->ops[op].verb == GET
                   ? let_wait(state, &state->lists[GETTERS], op)
                   : let_end(history, state, op, EAGAIN, 0);
    }
    uint8_t item = take(history, state);
    if (state->lists[PUTTERS].n) {
        unsigned putter = list_take_first(&state->lists[PUTTERS]);
        insert(state, history->ops[putter].argument);
        if (!let_end(history, state, putter, 0, 0))
            return false;
    }
    return let_end(history, state, op, 0, item);
}

/* So many items are done with. */
static bool
finish(const struct history *history, struct state *state, unsigned n)
{
    uint8_t *unfinished = &state->numbers[UNFINISHED];
    *unfinished = (uint8_t)(*unfinished - (n < *unfinished ? n : *unfinished));
    return *unfinished ||
           let_all_end(history, state, &state->lists[JOINERS], 0);
}

static unsigned
available(const struct state *state)
{
    return state->numbers[TAKEN_OUT] ? 0 : state->n_items;
}

static bool
shut_down(const struct history *history, struct state *state, unsigned op)
{
    unsigned n = available(state);
    state->numbers[IS_SHUT] = 1;
    if (!let_all_end(history, state, &state->lists[PUTTERS], ESHUTDOWN) ||
        !let_all_end(history, state, &state->lists[GETTERS], ESHUTDOWN))
        return false;
    if (history->ops[op].verb == SHUTDOWN_AT_ONCE) {
        state->numbers[TAKEN_OUT] = 1;
        if (!finish(history, state, n))
            return false;
    }
    return let_end(history, state, op, 0, 0);
}

static bool
step(const struct history *history, struct state *state, unsigned op)
{
    switch (history->ops[op].verb) {
    case PUT:
    case PUT_NOWAIT:
        return put(history, state, op);
    case GET:
    case GET_NOWAIT:
        return get(history, state, op);
    case TASK_DONE:
        if (!state->numbers[UNFINISHED])
            return let_end(history, state, op, EINVAL, 0);
        return finish(history, state, 1) && let_end(history, state, op, 0, 0);
    case JOIN:
        return state->numbers[UNFINISHED]
                   ? let_wait(state, &state->lists[JOINERS], op)
                   : let_end(history, state, op, 0, 0);
    case SIZE:
        return let_end(history, state, op, 0, available(state));
    default:
        return shut_down(history, state, op);
    }
}

const struct model model_queue = {"queue", begin, step, NULL, NULL, NULL};
