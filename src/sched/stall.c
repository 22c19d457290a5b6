/*
 * What a deterministic run says when it cannot go on, and when others meddle.
 *
 * CONTRACT  A run has stalled when no task can run and no timer is left: then
 *           nobody but a plain thread, or another runtime, could let it go on.
 *           It is said who waits for what, and who waits in a circle; all tasks
 *           are cancelled, and the run comes to its end, with EDEADLK. If it
 *           stalls again, since tasks are shielded, the program ends.
 * STATE     declared   how many filch_foreign_begin are open
 *           first      the deterministic runtimes; guarded by `guard`
 *           said       1: plain threads were named, since the first one of them
 *                      began
 */
#include "sched/seeded.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define CYCLE_MOST 64 /* longer circles are not told */

static fl_atomic32 guard;
static fl_seeded *first; /* guard */
static fl_atomic32 declared;
static fl_atomic32 said;

/* ---- all runtimes ---- */

void
fl_stall_list(fl_seeded *seeded)
{
    fl_guard_lock(&guard);
    if (!first) {
        fl_store_relaxed(&said, 0u);
    }
    seeded->next = first;
    first = seeded;
    fl_guard_unlock(&guard);
}

void
fl_stall_unlist(fl_seeded *seeded)
{
    fl_guard_lock(&guard);
    fl_seeded **link = &first;
    while (*link != seeded) {
        link = &(*link)->next;
    }
    *link = seeded->next;
    fl_guard_unlock(&guard);
}

/* ---- plain threads ---- */

void
filch_foreign_begin(void)
{
    fl_add_seq_cst(&declared, 1u);
}

void
filch_foreign_end(void)
{
    uint32_t n = fl_load_seq_cst(&declared);
    while (n && !fl_cas_seq_cst(&declared, &n, n - 1)) {
    }
    if (n != 1) {
        return;
    }
    fl_guard_lock(&guard);
    for (fl_seeded *one = first; one; one = one->next) {
        fl_seeded_call(one->runtime);
    }
    fl_guard_unlock(&guard);
}

bool
fl_is_foreign_declared(void)
{
    return fl_load_seq_cst(&declared);
}

void
fl_seeded_disturbed(const char *where)
{
    if (!fl_exchange_acq_rel(&said, 1u)) {
        int saved = errno, state = fl_os_no_cancel(); /* it writes */
        fl_warn("%s was called from outside of a deterministic run: what "
                "follows does not depend on the seed alone",
                where);
        fl_os_cancel_as_before(state);
        errno = saved;
    }
}

/* ---- locks ---- */

static fl_seeded *
seeded_of(const fl_fiber *me)
{
    return fl_is_seeded(me) ? me->worker->runtime->seeded : NULL;
}

void
fl_note_released(const void *lock)
{
    fl_seeded *seeded = seeded_of(fl_me());
    for (size_t i = seeded ? seeded->held_count : 0; i-- > 0;) {
        if (seeded->held[i].lock == lock) {
            seeded->held[i] = seeded->held[--seeded->held_count];
            return;
        }
    }
}

void
fl_note_held(const void *lock)
{
    fl_seeded *seeded = seeded_of(fl_me());
    if (!seeded) {
        return;
    }
    fl_note_released(lock);
    if (seeded->held_count == seeded->held_capacity) {
        size_t capacity = seeded->held_capacity * 2 + 16;
        fl_held *more = realloc(seeded->held, capacity * sizeof *more);
        if (!more) {
            return; /* then it is not told */
        }
        seeded->held = more;
        seeded->held_capacity = capacity;
    }
    seeded->held[seeded->held_count++] = (fl_held){lock, seeded->running};
}

/* Who has acquired it last and not released it; 0: that is not known. */
static uint32_t
holder(const fl_seeded *seeded, const void *lock)
{
    for (size_t i = seeded->held_count; i-- > 0;) {
        if (seeded->held[i].lock == lock) {
            return seeded->held[i].number;
        }
    }
    return 0;
}

/* ---- all tasks of a runtime, by their numbers ---- */

typedef struct list {
    const filch_runtime *runtime;
    filch_task **tasks;
    size_t n, capacity;
} list;

static void
collect(filch_task *task, void *arg)
{
    list *all = arg;
    uint32_t state = fl_load_acquire(&task->fiber.state);
    if (state >> FL_TAG_SHIFT == all->runtime->tag && all->n < all->capacity) {
        all->tasks[all->n++] = task;
    }
}

static int
by_number(const void *a, const void *b)
{
    uint32_t x = (*(filch_task *const *)a)->number;
    uint32_t y = (*(filch_task *const *)b)->number;
    return (x > y) - (x < y);
}

/* The list is empty where there is no memory for it. */
static list
list_tasks(const filch_runtime *runtime)
{
    /* those that strangers are just bringing may not be counted yet; they are
     * looked at first: who has left has counted what it brought */
    size_t coming = fl_load_seq_cst(&runtime->foreign);
    list all = {.runtime = runtime,
                .capacity = coming + fl_seeded_alive(runtime)};
    all.tasks = malloc((all.capacity + 1) * sizeof(filch_task *));
    if (!all.tasks) {
        all.capacity = 0;
    }
    fl_task_each(collect, &all);
    if (all.n) { /* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers */
        qsort(all.tasks, all.n, sizeof *all.tasks, by_number);
    }
    return all;
}

static const filch_task *
task_of_number(const list *all, uint32_t number)
{
    for (size_t i = 0; i < all->n; i++) {
        if (all->tasks[i]->number == number) {
            return all->tasks[i];
        }
    }
    return NULL;
}

static void
cancel_one(filch_task *task, void *runtime)
{
    fl_cancel(&task->fiber, ((filch_runtime *)runtime)->tag);
}

void
fl_seeded_sweep(filch_runtime *runtime)
{
    list all = list_tasks(runtime);
    for (size_t i = 0; i < all.n; i++) {
        cancel_one(all.tasks[i], runtime);
    }
    if (!all.tasks) {
        fl_task_each(cancel_one, runtime);
    }
    free(all.tasks);
}

/* ---- the report ---- */

/* 'consumer' (3), into text[]. */
static const char *
name(const filch_task *task, uint32_t number, char *text, size_t size)
{
    const char *called = task ? fl_task_name(task) : NULL;
    if (called && *called) {
        snprintf(text, size, "'%.80s' (%u)", called, number);
    } else {
        snprintf(text, size, "task %u%s", number,
                 task ? "" : ", which has ended");
    }
    return text;
}

/* The lock that a task waits for, or NULL. */
static const void *
lock_of(const filch_task *task)
{
    const fl_waiter *waiter = &task->fiber.waiter;
    return waiter->what == FL_LOCK ? waiter->object : NULL;
}

/* The number of the task that it waits for, as its lock's holder or to end; 0:
 * for none,
 * or none of this run. */
static uint32_t
awaited(const fl_seeded *seeded, const filch_task *task)
{
    const fl_waiter *waiter = &task->fiber.waiter;
    if (waiter->what == FL_END && !(waiter->traits & FL_COUNTS)) {
        const filch_task *other = waiter->object; /* of any runtime */
        return fl_same_runtime(&task->fiber, &other->fiber) ? other->number : 0;
    }
    return holder(seeded, lock_of(task));
}

static void
report_one(const fl_seeded *seeded, const list *all, const filch_task *task)
{
    char mine[120], other[120];
    const fl_waiter *waiter = &task->fiber.waiter;
    uint32_t number = awaited(seeded, task);
    name(task, task->number, mine, sizeof mine);
    if (number) {
        name(task_of_number(all, number), number, other, sizeof other);
    }
    if (lock_of(task)) {
        fl_warn("    %s waits for lock %p%s%s", mine, waiter->object,
                number ? ", last acquired by " : "", number ? other : "");
    } else if (number) {
        fl_warn("    %s waits for the end of %s", mine, other);
    } else if (fl_waits_for(waiter)) {
        fl_warn("    %s waits for %s %p", mine, fl_what_name(waiter->what),
                fl_waits_for(waiter));
    } else {
        fl_warn("    %s waits for %s", mine, fl_what_name(waiter->what));
    }
}

/* The next task in a circle, NULL where it ends. */
static const filch_task *
follow(const fl_seeded *seeded, const list *all, const filch_task *task)
{
    uint32_t number = awaited(seeded, task);
    return number ? task_of_number(all, number) : NULL;
}

/* Whether the task is in a circle, and has the least number of those in it, so
 * that each is told once. */
static bool
begins_circle(const fl_seeded *seeded, const list *all, const filch_task *task)
{
    const filch_task *next = follow(seeded, all, task);
    for (int i = 0; i < CYCLE_MOST && next; i++) {
        if (next == task) {
            return true;
        }
        if (next->number < task->number) {
            return false;
        }
        next = follow(seeded, all, next);
    }
    return false;
}

static void
report_circle(const fl_seeded *seeded, const list *all, const filch_task *task)
{
    char text[480], one[120];
    size_t n = 0;
    const filch_task *next = task;
    do {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s waits for ",
                              name(next, next->number, one, sizeof one));
        next = follow(seeded, all, next);
    } while (next != task && n < sizeof text - 160);
    snprintf(text + n, sizeof text - n, "%s",
             next == task ? name(task, task->number, one, sizeof one) : "…");
    fl_warn("in a circle: %s", text);
}

static void
report(filch_runtime *runtime)
{
    const fl_seeded *seeded = runtime->seeded;
    list all = list_tasks(runtime);
    for (size_t i = 0; i < all.n; i++) {
        report_one(seeded, &all, all.tasks[i]);
    }
    for (size_t i = 0; i < all.n; i++) {
        if (begins_circle(seeded, &all, all.tasks[i])) {
            report_circle(seeded, &all, all.tasks[i]);
        }
    }
    free(all.tasks);
}

void
fl_stall(filch_runtime *runtime)
{
    fl_seeded *seeded = runtime->seeded;
    fl_warn("'%s' has stalled: no task can run, and no timer is left",
            runtime->name);
    report(runtime);
    if (seeded->swept) {
        fl_fatal("these were cancelled, and wait on");
    }
    fl_warn("all tasks are cancelled");
    seeded->stalled = true;
    fl_exchange_seq_cst(&runtime->stopping, 1u); /* the next look sweeps */
}
