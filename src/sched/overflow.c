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

static const char *
name_of(fl_fiber *fiber)
{
    filch_task *task = fl_task_of(fiber);
    if (!task) {
        return "a callback";
    }
    const char *name = fl_task_name(task);
    return name ? name : "(unnamed)";
}

bool
fl_explain_fault(void *address)
{
    fl_fiber *me = fl_me_read();
    if (!me || me->kind == FL_THREAD || !me->worker->stack ||
        !fl_stack_guards(me->worker->stack, address)) {
        return false;
    }
    fl_tsan_acquire(&me->worker->signal_stack); /* where this runs */
    struct line line = {.length = 0};
    add(&line, "filch: stack overflow in task '");
    add(&line, name_of(me));
    add(&line, "': it has used its stack of ");
    add_number(&line, fl_stack_size(me->worker->stack) / 1024);
    add(&line, " KiB. Give it a larger one (filch_spawn_with), or all tasks "
               "(stack_size in filch_config, or FILCH_STACK_SIZE)\n");
    fl_os_write_error(line.text, line.length);
    return true;
}
