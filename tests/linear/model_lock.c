/*
 * A lock, and a fair one. Who waits for one that is not fair takes it when he
 * finds it free, others may be faster; nor does a cancel that comes when he is
 * on his way to it keep him from it. It may be kept for him until he comes:
 * then it is locked, and nobody's to release. A fair one is handed over in
 * order.
 */
#include "checker.h"

enum { HELD }; /* the number: */
enum { FREE, BY_SOMEBODY, FOR_ONE_WHO_COMES };

static void
begin(const struct history *history, struct state *state)
{
    (void)history;
    (void)state;
}

static bool
take(const struct history *history, struct state *state, unsigned op)
{
    state->numbers[HELD] = BY_SOMEBODY;
    return let_end(history, state, op, 0, 0);
}

static bool
step(const struct history *history, struct state *state, unsigned op)
{
    switch (history->ops[op].verb) {
    case ACQUIRE:
        return state->numbers[HELD] ? let_wait(state, &state->lists[0], op)
                                    : take(history, state, op);
    case TRY_ACQUIRE:
        return state->numbers[HELD] ? let_end(history, state, op, EBUSY, 0)
                                    : take(history, state, op);
    case LOCKED:
        return let_end(history, state, op, 0, state->numbers[HELD] != FREE);
    default: /* RELEASE */
        if (state->numbers[HELD] != BY_SOMEBODY)
            return let_end(history, state, op, EPERM, 0);
        state->numbers[HELD] = FREE;
        return let_end(history, state, op, 0, 0);
    }
}

static bool
go_on(const struct history *history, struct state *state, unsigned op)
{
    if (state->phases[op] == RETURNING)
        return take(history, state, op);
    list_remove(&state->lists[0], op);
    state->phases[op] = RETURNING;
    if (state->numbers[HELD])
        return false;
    state->numbers[HELD] = FOR_ONE_WHO_COMES;
    return true;
}

static bool
may_succeed_yet(const struct op *call)
{
    return call->verb == ACQUIRE;
}

const struct model model_lock = {"lock", begin, step,
                                 go_on,  NULL,  may_succeed_yet};

static bool
step_fairly(const struct history *history, struct state *state, unsigned op)
{
    bool released = history->ops[op].verb == RELEASE && state->numbers[HELD];
    if (!released || !state->lists[0].n)
        return step(history, state, op);
    unsigned next = list_take_first(&state->lists[0]);
    return let_end(history, state, next, 0, 0) &&
           let_end(history, state, op, 0, 0);
}

const struct model model_fair_lock = {"fair lock", begin, step_fairly,
                                      NULL,        NULL,  NULL};
