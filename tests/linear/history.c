#include "history.h"

#include <unistd.h>

static const char *const verbs[] = {
    "cancel",
    "put",
    "get",
    "join",
    "acquire",
    "wait",
    "put_nowait",
    "get_nowait",
    "task_done",
    "shutdown",
    "shutdown at once",
    "size",
    "try_acquire",
    "release",
    "locked",
    "value",
    "set",
    "clear",
    "is_set",
    "notify",
};

static void
show_op(const struct op *op)
{
    char who[16] = "test";
    if (op->task != TEST_ITSELF)
        snprintf(who, sizeof who, "task %u", op->task);
    dprintf(STDERR_FILENO, "  %3u to %3u  %s: %s%s %u gives %s, %u\n",
            op->begin, op->end, who, verbs[op->verb],
            op->timed ? " with a deadline" : "", op->argument,
            op->status ? strerrorname_np(op->status) : "0", op->value);
}

void
history_show(const struct history *history)
{
    dprintf(STDERR_FILENO, "size %u, kind %u:\n", history->making.size,
            history->making.kind);
    for (unsigned at = 0; at <= UINT16_MAX; ++at)
        for (unsigned i = 0; i < history->n; ++i)
            if (history->ops[i].begin == at)
                show_op(&history->ops[i]);
}
