/* An event. */
#include "checker.h"

enum { IS_ON };

static void
begin(const struct history *history, struct state *state)
{
    (void)history;
    (void)state;
}

static bool
step(const struct history *history, struct state *state, unsigned op)
{
    switch (history->ops[op].verb) {
    case WAIT:
        return state->numbers[IS_ON] ? let_end(history, state, op, 0, 0)
                                     : let_wait(state, &state->lists[0], op);
    case IS_SET:
        return let_end(history, state, op, 0, state->numbers[IS_ON]);
    case SET:
        state->numbers[IS_ON] = 1;
        return let_all_end(history, state, &state->lists[0], 0) &&
               let_end(history, state, op, 0, 0);
    default: /* CLEAR */
        state->numbers[IS_ON] = 0;
        return let_end(history, state, op, 0, 0);
    }
}

const struct model model_event = {"event", begin, step, NULL, NULL, NULL};
