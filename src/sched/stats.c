#include "sched/seeded.h"

#include <errno.h>
#include <filch/queue.h>
#include <filch/stats.h>

static filch_stats
stats_of(const struct fl_counters *counters)
{
    return (filch_stats){.tasks = fl_load_relaxed(&counters->tasks),
                         .spawned = fl_load_relaxed(&counters->spawned),
                         .jobs = fl_load_relaxed(&counters->jobs),
                         .switches = fl_load_relaxed(&counters->switches),
                         .steals = fl_load_relaxed(&counters->steals),
                         .stolen = fl_load_relaxed(&counters->stolen),
                         .sleeps = fl_load_relaxed(&counters->sleeps),
                         .timers = fl_load_relaxed(&counters->timers)};
}

int
filch_stats_read(filch_runtime *runtime, filch_stats *stats, size_t n,
                 size_t *workers)
{
    if (filch_runtime_current()) { /* who looks from outside disturbs nothing */
        fl_point("filch_stats_read");
    }
    runtime = runtime ? runtime : filch_runtime_current();
    if (!runtime) {
        return EPERM;
    }
    for (size_t i = 0; i < n && i < runtime->count; i++) {
        stats[i] = stats_of(&runtime->workers[i].stats);
    }
    if (workers) {
        *workers = runtime->count;
    }
    return 0;
}

static const char *
state_name(uint32_t phase, bool passed_on)
{
    switch (phase) {
    case FL_WAITING:
    case FL_CONTESTED:
        return "waits";
    case FL_SHELTERED:
    case FL_SYNCING:
        return "waits, shielded";
    default:
        return passed_on ? "waits, shielded" : "runs or is ready";
    }
}

static const char *const whats[FL_WHATS] = {
    [FL_EVENT] = "event",
    [FL_LOCK] = "lock",
    [FL_CONDITION] = "condition",
    [FL_QUEUE_ITEM] = "an item of queue",
    [FL_QUEUE_SLOT] = "a slot of queue",
    [FL_QUEUE_JOIN] = "the items' end of queue",
    [FL_SEMAPHORE] = "semaphore",
    [FL_BARRIER] = "barrier",
    [FL_GROUP] = "the tasks of group",
    [FL_END] = "the end of task",
    [FL_TIME] = "a point in time",
    [FL_CALLBACK] = "the end of timer's callback",
    [FL_JOB_END] = "the end of job",
};

const char *
fl_what_name(unsigned what)
{
    return what < FL_WHATS ? whats[what] : "?";
}

static bool
waits(uint32_t phase)
{
    return fl_is_open(phase) || phase == FL_SYNCING;
}

__attribute__((noinline)) const void *
fl_waits_for(const volatile fl_waiter *waiter)
{
    filch_waiters_ *list = waiter->list;
    if (waiter->what != FL_QUEUE_SLOT) {
        return waiter->object;
    }
    /* it brings an item along there */
    return list ? fl_container(list, filch_queue, putters_) : NULL;
}

/* Whether it was notified, and is among those who wait for the lock now. */
static bool
is_passed_on(const volatile fl_waiter *waiter, uint32_t phase)
{
    return phase == FL_GRANTED && waiter->list;
}

/* It may wait for something else meanwhile: either is shown. */
static void
dump_wait(const volatile fl_waiter *waiter, void *out)
{
    const void *object = fl_waits_for(waiter);
    char piece[64];
    snprintf(piece, sizeof piece, " for %s", fl_what_name(waiter->what));
    fputs(piece, out);
    if (object) {
        snprintf(piece, sizeof piece, " %p", object);
        fputs(piece, out);
    }
}

/* In pieces, since fprintf needs 8 KiB of stack for a stream without a buffer. */
static void
dump_one(filch_task *task, void *out)
{
    uint32_t state = fl_load_acquire(&task->fiber.state);
    if (state >> FL_TAG_SHIFT == 0) {
        return;
    }
    uint32_t phase = fl_load_acquire(&task->fiber.waiter.phase) & FL_PHASE;
    bool passed_on = is_passed_on(&task->fiber.waiter, phase);
    const char *name = fl_task_name(task);
    char piece[96];
    snprintf(piece, sizeof piece, "task %p '", (void *)task);
    fputs(piece, out);
    fputs(name ? name : "", out);
    snprintf(piece, sizeof piece, "' of runtime %u: %s%s",
             state >> FL_TAG_SHIFT, state_name(phase, passed_on),
             state & FL_CANCEL ? ", cancelled" : "");
    fputs(piece, out);
    if (waits(phase) || passed_on) {
        dump_wait(&task->fiber.waiter, out);
    }
    fputc('\n', out);
}

/* No point: it may be called at any moment, also by a debugger. */
void
filch_dump(FILE *out)
{
    int state = fl_os_no_cancel();
    fl_task_each(dump_one, out);
    fl_os_cancel_as_before(state);
}
