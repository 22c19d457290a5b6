/* A semaphore; of kind 1 it is bounded by its first number of permits. */
#include "checker.h"

enum { PERMITS };

static void
begin(const struct history *history, struct state *state)
{
    state->numbers[PERMITS] = history->making.size;
}

static bool
release(const struct history *history, struct state *state, unsigned op)
{
    unsigned n = history->ops[op].argument;
    if (history->making.kind &&
        state->numbers[PERMITS] + n > history->making.size)
        return let_end(history, state, op, EOVERFLOW, 0);
    for (; n > 0 && state->lists[0].n; --n)
        if (!let_end(history, state, list_take_first(&state->lists[0]), 0, 0))
            return false;
    state->numbers[PERMITS] = (uint8_t)(state->numbers[PERMITS] + n);
    return let_end(history, state, op, 0, 0);
}

static bool
step(const struct history *history, struct state *state, unsigned op)
{
    switch (history->ops[op].verb) {
    case VALUE:
        return let_end(history, state, op, 0, state->numbers[PERMITS]);
    case RELEASE:
        return release(history, state, op);
    default:
        if (state->numbers[PERMITS]) {
            --state->numbers[PERMITS];
            return let_end(history, state, op, 0, 0);
        }
        return history->ops[op].verb == ACQUIRE
                   ? let_wait(state, &state->lists[0], op)
                   : let_end(history, state, op, EAGAIN, 0);
    }
}

const struct model model_semaphore = {"semaphore", begin, step,
                                      NULL,        NULL,  NULL};
