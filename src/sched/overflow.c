/*
 * Explaining a stack overflow, in the handler of the fault: it may call only
 * what is async-signal-safe.
 */
#include "sched/worker.h"

#include <stdio.h>
#include <string.h>

/* A line put together without memory. */
struct line {
    char text[400];
    size_t length;
};

static void
add(struct line *line, const char *text)
{
    size_t n = strlen(text), room = sizeof line->text - line->length;
    n = n < room ? n : room;
    memcpy(line->text + line->length, text, n);
    line->length += n;
}

static void
add_number(struct line *line, size_t number)
{
    char digits[24];
    size_t at = sizeof digits;
    digits[--at] = 0;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    add(line, digits + at);
}

/* Who that is; a callback runs on its worker's stack. */
static void
add_who(struct line *line, fl_fiber *fiber)
{
    filch_task *task = fl_task_of(fiber);
    if (!task) {
        add(line, "a callback");
        return;
    }
    const char *name = fl_task_name(task);
    add(line, "task '");
    add(line, name ? name : "(unnamed)");
    add(line, "'");
}

bool
fl_explain_fault(void *address)
{
    fl_fiber *me = fl_me_known();
    if (!me || me->kind == FL_THREAD || !me->worker->stack ||
        !fl_stack_guards(me->worker->stack, address)) {
        return false;
    }
    fl_tsan_acquire(&me->worker->signal_stack); /* where this runs */
    struct line line = {.length = 0};
    add(&line, "filch: stack overflow in ");
    add_who(&line, me);
    add(&line, ": it has used its stack of ");
    add_number(&line, fl_stack_size(me->worker->stack) / 1024);
    add(&line, fl_task_of(me)
                   ? " KiB. Give it a larger one (filch_spawn_with), "
                     "or all tasks (stack_size"
                   : " KiB. Give all a larger one (stack_size");
    add(&line, " in filch_config, or FILCH_STACK_SIZE)\n");
    fl_os_write_error(line.text, line.length);
    return true;
}
