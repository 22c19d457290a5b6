/*
 * A condition, with its lock. Who waits gives the lock away; notified, he takes
 * it again when it is free, in the order in which the notified waited; having
 * given up, whenever it is free. Several are notified one after the other: one
 * of them may give up meanwhile.
 */
#include "checker.h"

enum { HELD, LEFT };
enum { FOR_LOCK, FOR_NOTICE, NOTIFIED };

static void
begin(const struct history *history, struct state *state)
{
    (void)history;
    (void)state;
}

static bool
take(const struct history *history, struct state *state, unsigned op)
{
    state->numbers[HELD] = 1;
    return let_end(history, state, op, history->ops[op].status, 0);
}

/* Notifies one, of `left`. The caller holds the lock, so nobody comes to wait
 * before it is done. */
static bool
notify(const struct history *history, struct state *state, unsigned op,
       unsigned left)
{
    struct list *waiting = &state->lists[FOR_NOTICE];
    state->numbers[LEFT] = 0;
    if (left == 0 || waiting->n == 0)
        return let_end(history, state, op, 0, 0);
    unsigned first = list_take_first(waiting);
    if (history->ops[first].status != 0)
        return false;
    state->phases[first] = RETURNING;
    list_add(&state->lists[NOTIFIED], first);
    if (left == 1)
        return let_end(history, state, op, 0, 0);
    state->phases[op] = RETURNING;
    state->numbers[LEFT] = (uint8_t)(left - 1);
    return true;
}

static bool
step(const struct history *history, struct state *state, unsigned op)
{
    bool held = state->numbers[HELD];
    switch (history->ops[op].verb) {
    case ACQUIRE:
        if (held)
            return let_wait(state, &state->lists[FOR_LOCK], op);
        return history->ops[op].status == 0 && take(history, state, op);
    case WAIT:
        state->numbers[HELD] = 0;
        return held && let_wait(state, &state->lists[FOR_NOTICE], op);
    case NOTIFY:
        return held && notify(history, state, op, history->ops[op].argument);
    case RELEASE:
        state->numbers[HELD] = 0;
        return let_end(history, state, op, held ? 0 : EPERM, 0);
    default: /* LOCKED */
        return let_end(history, state, op, 0, held);
    }
}

static bool
go_on(const struct history *history, struct state *state, unsigned op)
{
    const struct op *call = &history->ops[op];
    struct list *notified = &state->lists[NOTIFIED];
    if (call->verb == NOTIFY)
        return notify(history, state, op, state->numbers[LEFT]);
    if (state->numbers[HELD])
        return false;
    if (state->phases[op] == WAITING)
        return call->verb == ACQUIRE && call->status == 0 &&
               list_remove(&state->lists[FOR_LOCK], op) &&
               take(history, state, op);
    if (call->status == 0 && notified->ops[0] != op)
        return false;
    list_remove(notified, op);
    return take(history, state, op);
}

static bool
give_up(const struct history *history, struct state *state, unsigned op,
        int status)
{
    if (list_remove(&state->lists[FOR_LOCK], op))
        return let_end(history, state, op, status, 0);
    list_remove(&state->lists[FOR_NOTICE], op);
    state->phases[op] = RETURNING;
    return history->ops[op].status == status;
}

/* For the lock, see model_lock.c. */
static bool
may_succeed_yet(const struct op *call)
{
    return call->verb == ACQUIRE;
}

const struct model model_condition = {"condition", begin,   step,
                                      go_on,       give_up, may_succeed_yet};
