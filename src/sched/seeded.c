#include "sched/seeded.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define TIME_FIRST FILCH_SEC(1) /* not 0, which may mean that none is set */
#define CALLS_MOST 10000u
#define ROUNDS_MOST 16u
#define JOBS_MOST 4u
#define PASSES_MOST 10000u
#define PICKS_MOST 100000u
#define PICK_TAKES FILCH_US(1)

/* ---- what there is ---- */

uint64_t
fl_seeded_alive(const filch_runtime *runtime)
{
    const struct fl_counters *stats = &runtime->workers[0].stats;
    return fl_load_acquire(&runtime->submitted) +
           fl_load_relaxed(&stats->spawned) - fl_load_relaxed(&stats->tasks);
}

/* Whether a timer may go off now. At the end of a run none does any more. */
static bool
is_due(const filch_runtime *runtime)
{
    const fl_seeded *seeded = runtime->seeded;
    return fl_timers_earliest(runtime->workers[0].timers) <= seeded->now &&
           (!fl_load_seq_cst(&runtime->stopping) || fl_seeded_alive(runtime));
}

/* The next in the worker's own queues, in the order in which it got there. */
static fl_work *
take_runnable(fl_worker *worker)
{
    fl_ready *ready = &worker->ready;
    fl_work *work = fl_deque_shift(&worker->deque);
    if (!work && !fl_ready_empty(ready)) {
        fl_bias_enter(&ready->bias);
        fl_fiber *fiber = fl_ready_next(ready);
        work = fl_work_of(fiber ? fiber : fl_ready_first(ready));
        fl_bias_leave(&ready->bias);
    }
    if (!work && fl_inject_count(&worker->runtime->inject)) {
        fl_fiber *fiber;
        if (fl_inject_pop(&worker->runtime->inject, &fiber, 1)) {
            work = fl_work_of(fiber);
        }
    }
    return work;
}

/* ---- numbers ---- */

static uint32_t
number_of_fiber(fl_fiber *fiber)
{
    if (fiber->kind == FL_JOB) {
        return fl_container(fiber, fl_job_fiber, fiber)->number;
    }
    return fl_container(fiber, filch_task, fiber)->number;
}

/* A task's first time in the pool. */
static void
number_task(fl_seeded *seeded, filch_task *task)
{
    task->number = ++seeded->numbers;
    if (task->number == 1 && seeded->ends_with_main) {
        seeded->main = filch_task_hold(task);
    }
}

static uint32_t
number(fl_seeded *seeded, fl_work *work)
{
    if (fl_work_is_job(work)) {
        return ++seeded->numbers;
    }
    fl_fiber *fiber = fl_work_fiber(work);
    if (fiber->kind == FL_TASK && !fiber->sp) {
        number_task(seeded, fl_container(fiber, filch_task, fiber));
    }
    return number_of_fiber(fiber);
}

/* Puts a job where it may be begun. */
static void
offer_job(fl_seeded *seeded, size_t at)
{
    if (fl_pool_reserve(&seeded->pool)) {
        fl_pool_add(&seeded->pool, fl_pool_take(&seeded->jobs, at));
        seeded->jobs_out++;
    }
}

/* The oldest first, as a thief would take them. */
static void
offer_jobs(fl_seeded *seeded)
{
    while (seeded->jobs.count &&
           (seeded->jobs_out < JOBS_MOST || seeded->pool.count == 0)) {
        offer_job(seeded, seeded->jobs.begin);
    }
}

bool
fl_seeded_drain(fl_worker *worker)
{
    fl_seeded *seeded = worker->runtime->seeded;
    fl_work *work;
    bool any_yielded = false;
    while (fl_pool_reserve(&seeded->pool) && fl_pool_reserve(&seeded->jobs) &&
           (work = take_runnable(worker))) {
        bool yielded = !fl_work_is_job(work) && fl_work_fiber(work)->sp &&
                       fl_work_fiber(work) == seeded->ran &&
                       !seeded->interrupted;
        fl_entry entry = {work, number(seeded, work), yielded, seeded->gone};
        fl_pool_add(fl_work_is_job(work) ? &seeded->jobs : &seeded->pool, entry);
        any_yielded |= yielded;
    }
    offer_jobs(seeded);
    return any_yielded;
}

bool
fl_seeded_take(fl_worker *worker, filch_job *job)
{
    fl_seeded *seeded = worker->runtime->seeded;
    size_t at = fl_pool_find_work(&seeded->jobs, fl_work_of_job(job));
    if (at != seeded->jobs.end) {
        fl_pool_take(&seeded->jobs, at);
        return true;
    }
    at = fl_pool_find_work(&seeded->pool, fl_work_of_job(job));
    if (at != seeded->pool.end) {
        fl_pool_take(&seeded->pool, at);
        seeded->jobs_out--;
        return true;
    }
    return false;
}

void
fl_seeded_await(fl_worker *worker, filch_job *job)
{
    fl_seeded *seeded = worker->runtime->seeded;
    size_t at = fl_pool_find_work(&seeded->jobs, fl_work_of_job(job));
    if (at != seeded->jobs.end) {
        offer_job(seeded, at);
    }
}

/* ---- decisions ---- */

/* Writes who that is into text[]. */
static void
describe(char *text, size_t size, const filch_task *task, uint32_t number)
{
    const char *name = task ? fl_task_name(task) : NULL;
    if (name && *name) {
        snprintf(text, size, "%s (%u)", name, number);
    } else {
        snprintf(text, size, "task %u", number);
    }
    for (char *c = text; *c; c++) {
        *c = (unsigned char)*c < ' ' ? '?' : *c;
    }
}

static void
describe_choice(char *text, size_t size, const fl_situation *situation,
                size_t choice)
{
    if (choice == FL_GO_OFF) {
        snprintf(text, size, "a timer goes off");
        return;
    }
    const fl_entry *entry = &situation->pool->entries[choice];
    char name[200];
    if (fl_work_is_job(entry->work)) {
        snprintf(name, sizeof name, "job %u", entry->number);
    } else {
        describe(name, sizeof name, fl_task_of(fl_work_fiber(entry->work)),
                 entry->number);
    }
    snprintf(text, size, "%s goes on", name);
}

static uint32_t
number_of_choice(const fl_situation *situation, size_t choice)
{
    switch (choice) {
    case FL_GO_ON:
        return situation->caller;
    case FL_GO_OFF:
        return 0;
    default:
        return situation->pool->entries[choice].number;
    }
}

static void
comment(fl_seeded *seeded, const fl_situation *situation, const char *where,
        size_t choice)
{
    char line[700], next[220], caller[200];
    describe(caller, sizeof caller, fl_task_of(fl_me()), situation->caller);
    if (choice != FL_GO_ON) {
        describe_choice(next, sizeof next, situation, choice);
    }
    unsigned long long n = situation->decision;
    if (!situation->caller) {
        snprintf(line, sizeof line, "%llu pick: %s", n, next);
    } else if (choice == FL_GO_ON) {
        snprintf(line, sizeof line, "%llu point %s: %s goes on", n, where,
                 caller);
    } else {
        snprintf(line, sizeof line, "%llu point %s: %s is interrupted, %s", n,
                 where, caller, next);
    }
    fl_schedule_comment(seeded->schedule, line);
}

/* What the file that is followed says, else the default. */
static size_t
follow(fl_seeded *seeded, const fl_situation *situation, size_t otherwise)
{
    uint32_t number;
    if (!fl_schedule_lists(seeded->schedule, situation->decision, &number)) {
        return otherwise;
    }
    if (number && number == situation->caller) {
        return FL_GO_ON;
    }
    if (number == 0 && situation->due) {
        return FL_GO_OFF;
    }
    size_t at = fl_pool_find(situation->pool, number);
    if (number == 0 || at == situation->pool->end) {
        fl_schedule_pass_over(seeded->schedule);
        return otherwise;
    }
    return at;
}

/* Whether the first in the pool was passed over for too long. */
static bool
is_passed_over(const fl_seeded *seeded)
{
    const fl_pool *pool = &seeded->pool;
    return pool->count && seeded->gone - pool->entries[pool->begin].since >
                              PASSES_MOST;
}

/* `where`: the point, NULL for a pick. */
static size_t
decide(fl_seeded *seeded, fl_situation *situation, const char *where)
{
    fl_schedule *schedule = seeded->schedule;
    bool too_long = situation->calls >= CALLS_MOST;
    size_t otherwise = where && !too_long ? FL_GO_ON
                                          : fl_policy_first(situation);
    situation->decision = fl_schedule_count(schedule);
    situation->since_start = seeded->decisions++;
    size_t choice = fl_schedule_follows(schedule)
                        ? follow(seeded, situation, otherwise)
                        : fl_policy_choose(&seeded->policy, situation);
    if (choice == FL_GO_ON ? too_long : !where && is_passed_over(seeded)) {
        choice = otherwise;
    }
    if (fl_schedule_writes(schedule)) {
        comment(seeded, situation, where, choice);
        if (choice != otherwise) {
            fl_schedule_deviate(schedule, situation->decision,
                                number_of_choice(situation, choice));
        }
    }
    return choice;
}

static fl_situation
look(const fl_worker *worker, uint32_t caller)
{
    const fl_seeded *seeded = worker->runtime->seeded;
    return (fl_situation){.pool = &seeded->pool,
                          .due = is_due(worker->runtime),
                          .caller = caller,
                          .calls = caller ? seeded->calls : 0};
}

/* ---- points ---- */

static void
push_interrupted(void *fiber)
{
    fl_make_ready(((fl_fiber *)fiber)->worker, fiber);
}

/* The caller is parked, and the choice goes on. */
static void
interrupt(fl_fiber *me, fl_seeded *seeded, size_t choice)
{
    /* who calls for too long is to go behind the others, as if it yielded */
    seeded->interrupted = seeded->calls < CALLS_MOST;
    if (choice == FL_GO_OFF) {
        seeded->go_off = true;
    } else {
        seeded->chosen = fl_pool_take(&seeded->pool, choice);
    }
    fl_tsan_release(me);
    fl_suspend(me, push_interrupted, me);
}

/* Lets time pass until the next timer; false if there is none. */
static bool
jump(filch_runtime *runtime)
{
    fl_seeded *seeded = runtime->seeded;
    filch_time next = fl_timers_earliest(runtime->workers[0].timers);
    if (next == FILCH_NEVER) {
        return false;
    }
    seeded->now = next > seeded->now ? next : seeded->now;
    seeded->reads = seeded->yields = seeded->picks = 0;
    return true;
}

static void
point(fl_fiber *me, fl_seeded *seeded, const char *where)
{
    fl_worker *worker = me->worker;
    fl_seeded_drain(worker);
    seeded->calls++;
    fl_situation situation = look(worker, number_of_fiber(me));
    if (seeded->pool.count + situation.due == 0) {
        if (seeded->calls % CALLS_MOST == 0) {
            jump(worker->runtime); /* it may wait for a timer */
        }
        return;
    }
    if (!fl_spare(worker)) {
        return;
    }
    size_t choice = decide(seeded, &situation, where);
    if (choice != FL_GO_ON) {
        interrupt(me, seeded, choice);
    }
}

void
fl_seeded_point(const char *where)
{
    fl_fiber *me = fl_me();
    if (me->kind == FL_THREAD) {
        if (!me->shield) { /* filch_run's own call */
            fl_seeded_disturbed(where);
        }
        return;
    }
    fl_seeded *seeded = me->worker->runtime->seeded;
    if (seeded && me->kind != FL_LOOP && !me->barred) {
        point(me, seeded, where);
    }
}

/* ---- picks ---- */

/* Sees whether the run is at its end, whose beginning is a decision of this
 * worker too, not of the thread that waits for it. */
static void
see_to_end(fl_worker *worker)
{
    filch_runtime *runtime = worker->runtime;
    fl_seeded *seeded = runtime->seeded;
    if (seeded->main && filch_task_status(seeded->main) != EBUSY) {
        filch_task_release(seeded->main);
        seeded->main = NULL;
        fl_exchange_seq_cst(&runtime->stopping, 1u);
    }
    if (!seeded->swept && fl_load_seq_cst(&runtime->stopping)) {
        seeded->swept = true;
        fl_seeded_sweep(runtime);
        fl_seeded_drain(worker);
    }
}

static fl_work *
go_on(fl_seeded *seeded, fl_entry entry)
{
    seeded->running = entry.number;
    seeded->ran = fl_work_is_job(entry.work) ? NULL : fl_work_fiber(entry.work);
    seeded->calls = seeded->reads = 0;
    seeded->gone++;
    seeded->picks++;
    return entry.work;
}

/* Notes how the one that ran until now has left off. */
static void
note_left(fl_worker *worker)
{
    fl_seeded *seeded = worker->runtime->seeded;
    seeded->yields = fl_seeded_drain(worker) ? seeded->yields + 1 : 0;
    seeded->ran = NULL;
    seeded->interrupted = false;
}

static void
let_go_off(fl_worker *worker)
{
    worker->runtime->seeded->yields = 0;
    fl_timers_run(worker, worker->timers);
    fl_seeded_drain(worker);
    see_to_end(worker);
}

/* Time goes on where those who run may wait for just that. */
static void
pass_time(filch_runtime *runtime)
{
    fl_seeded *seeded = runtime->seeded;
    if (seeded->yields > ROUNDS_MOST * seeded->pool.count) {
        jump(runtime);
    } else if (seeded->picks > PICKS_MOST) {
        seeded->now += PICK_TAKES;
    }
}

fl_work *
fl_seeded_next(fl_worker *worker)
{
    filch_runtime *runtime = worker->runtime;
    fl_seeded *seeded = runtime->seeded;
    note_left(worker);
    see_to_end(worker);
    if (seeded->chosen.work) {
        fl_entry entry = seeded->chosen;
        seeded->chosen.work = NULL;
        return go_on(seeded, entry);
    }
    bool off = seeded->go_off;
    seeded->go_off = false;
    for (;;) {
        if (off) {
            let_go_off(worker);
        }
        pass_time(runtime);
        fl_situation situation = look(worker, 0);
        size_t n = seeded->pool.count + situation.due;
        if (n == 0) {
            return NULL;
        }
        size_t choice = n == 1 ? fl_policy_first(&situation)
                               : decide(seeded, &situation, NULL);
        off = choice == FL_GO_OFF;
        if (!off) {
            return go_on(seeded, fl_pool_take(&seeded->pool, choice));
        }
    }
}

/* ---- idling ---- */

void
fl_seeded_call(filch_runtime *runtime)
{
    fl_exchange_seq_cst(&runtime->seeded->called, 1u);
    fl_wake_watch(runtime);
}

/* Whether a stranger is just bringing something, or has: a task counts as alive
 * before it is in the common queue, and who brings it is counted all the while. */
static bool
is_visited(const filch_runtime *runtime)
{
    return fl_load_seq_cst(&runtime->foreign) ||
           fl_inject_count(&runtime->inject);
}

fl_work *
fl_seeded_idle(fl_worker *worker)
{
    filch_runtime *runtime = worker->runtime;
    fl_seeded *seeded = runtime->seeded;
    while (!fl_load_seq_cst(&runtime->quit)) {
        fl_exchange_seq_cst(&seeded->called, 0u);
        fl_work *work = fl_seeded_next(worker);
        if (work) {
            return work;
        }
        bool alive = fl_seeded_alive(runtime);
        bool ends = fl_load_seq_cst(&runtime->stopping) && !alive;
        if (!ends && jump(runtime)) {
            continue;
        }
        if (alive && is_visited(runtime)) {
            fl_os_back_off(0);
            continue;
        }
        if (alive && !fl_is_foreign_declared()) {
            fl_stall(runtime);
            continue;
        }
        fl_sleep_alone(worker, &seeded->called);
    }
    return NULL;
}

/* ---- the beginning and the end ---- */

int
fl_seeded_begin(filch_runtime *runtime, uint64_t seed)
{
    fl_seeded *seeded = calloc(1, sizeof *seeded);
    if (!seeded || !fl_pool_reserve(&seeded->pool)) {
        free(seeded);
        return ENOMEM;
    }
    const char *policy = getenv("FILCH_POLICY"); /* config.c has checked it */
    fl_policy_parse(&seeded->policy, seed ? policy ? policy : "random"
                                          : "none");
    int error = fl_schedule_begin(&seeded->schedule, &seed, &seeded->policy);
    if (error) {
        fl_pool_free(&seeded->pool);
        free(seeded);
        return error;
    }
    fl_policy_begin(&seeded->policy, seed);
    seeded->now = TIME_FIRST;
    seeded->runtime = runtime;
    runtime->seeded = seeded;
    fl_stall_list(seeded);
    fl_points_begin(FL_POINTS_SEEDED);
    return 0;
}

void
fl_seeded_end(filch_runtime *runtime)
{
    fl_seeded *seeded = runtime->seeded;
    if (!seeded) {
        return;
    }
    fl_points_end(FL_POINTS_SEEDED);
    fl_stall_unlist(seeded);
    fl_schedule_end(seeded->schedule);
    fl_pool_free(&seeded->pool);
    fl_pool_free(&seeded->jobs);
    free(seeded->held);
    free(seeded);
}
