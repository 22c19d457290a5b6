#include "sched/seeded.h"

#include <errno.h>
#include <stdlib.h>

#define TIME_FIRST FILCH_SEC(1) /* not 0, which may mean that none is set */
#define PICKS_MOST 100000u
#define TURN_TAKES FILCH_US(1)
#define TURNS_E 1024 /* so many let it grow by the factor e */

uint64_t
fl_seeded_alive(const filch_runtime *runtime)
{
    const struct fl_counters *stats = &runtime->workers[0].stats;
    return fl_load_acquire(&runtime->submitted) +
           fl_load_relaxed(&stats->spawned) - fl_load_relaxed(&stats->tasks);
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
    seeded->interrupted = seeded->calls < FL_CALLS_MOST;
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
    seeded->polls_since = seeded->now;
    seeded->reads = seeded->yields = seeded->picks = 0;
    return true;
}

/* A turn of those who may wait for just that: the longer they do, the more time
 * it takes, but a timer that is due first goes off. */
static void
pass_turn(filch_runtime *runtime)
{
    fl_seeded *seeded = runtime->seeded;
    filch_time next = fl_timers_earliest(runtime->workers[0].timers);
    filch_time takes = TURN_TAKES;
    if (next > seeded->now && next != FILCH_NEVER) {
        takes += (seeded->now - seeded->polls_since) / TURNS_E;
        takes = takes < next - seeded->now ? takes : next - seeded->now;
    }
    fl_seeded_pass(seeded, takes);
}

static void
point(fl_fiber *me, fl_seeded *seeded, const char *where)
{
    fl_worker *worker = me->worker;
    fl_seeded_drain(worker);
    seeded->calls++;
    fl_situation situation = fl_seeded_look(worker, fl_seeded_number(me));
    if (seeded->pool.count + situation.due == 0) {
        if (seeded->calls == FL_CALLS_MOST) {
            seeded->polls_since = seeded->now;
        } else if (seeded->calls > FL_CALLS_MOST) {
            pass_turn(worker->runtime); /* it may wait for a timer */
        }
        return;
    }
    if (!fl_spare(worker)) {
        return;
    }
    size_t choice = fl_seeded_decide(seeded, &situation, where);
    if (choice != FL_GO_ON) {
        interrupt(me, seeded, choice);
    }
}

void
fl_seeded_point(const char *where)
{
    fl_fiber *me = fl_me();
    if (me->kind == FL_THREAD) {
        /* not filch_run's own call, nor a forked child's */
        if (me->shield == FL_SHIELD_OF_THREAD && !fl_os_forked()) {
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

static void
drop_main(fl_seeded *seeded)
{
    if (seeded->main) {
        fl_task_drop(seeded->main);
        seeded->main = NULL;
    }
}

/* Sees whether the run is at its end, whose beginning is a decision of this
 * worker too, not of the thread that waits for it. */
static void
see_to_end(fl_worker *worker)
{
    filch_runtime *runtime = worker->runtime;
    fl_seeded *seeded = runtime->seeded;
    if (seeded->main && fl_task_has_ended(seeded->main)) {
        drop_main(seeded);
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
    seeded->calls = seeded->reads = seeded->gone_off = 0;
    seeded->gone++;
    seeded->picks++;
    return entry.work;
}

/* Notes how the one that ran until now has left off. Who was interrupted may
 * poll, and is then about to yield. */
static void
note_left(fl_worker *worker)
{
    fl_seeded *seeded = worker->runtime->seeded;
    if (fl_seeded_drain(worker)) {
        seeded->yields++;
    } else if (!seeded->interrupted) {
        seeded->yields = 0;
        seeded->polls_since = seeded->now;
    }
    seeded->ran = NULL;
    seeded->interrupted = false;
}

static void
let_go_off(fl_worker *worker)
{
    fl_seeded *seeded = worker->runtime->seeded;
    seeded->yields = 0;
    seeded->picks++; /* callbacks that arm callbacks take time, too */
    seeded->gone_off++;
    seeded->undue_at = seeded->gone;
    seeded->polls_since = seeded->now;
    fl_timers_run(worker, worker->timers);
    fl_seeded_drain(worker);
    see_to_end(worker);
}

/* Time goes on where those who run may wait for just that: each round in which
 * all of them yielded is a turn. Or they wait for a job that nobody begins, since
 * those that were begun are suspended. */
static void
pass_time(filch_runtime *runtime)
{
    fl_seeded *seeded = runtime->seeded;
    uint32_t all = (uint32_t)seeded->pool.count;
    bool all_yield = seeded->yields && seeded->yields % all == 0;
    if (all_yield || seeded->picks > PICKS_MOST) {
        pass_turn(runtime);
        fl_seeded_offer_job(seeded);
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
        fl_situation situation = fl_seeded_look(worker, 0);
        size_t n = seeded->pool.count + situation.due;
        if (n == 0) {
            return NULL;
        }
        size_t choice = n == 1 ? fl_policy_first(&situation)
                               : fl_seeded_decide(seeded, &situation, NULL);
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
 * before it is in the common queue, and who brings it is counted all the
 * while. */
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
    fl_policy_parse(&seeded->policy,
                    seed ? policy ? policy : "random" : "none");
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
    /* where time jumps, it jumps to a deadline */
    runtime->workers[0].timers->wheel.exact = true;
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
    drop_main(seeded);
    fl_stall_unlist(seeded);
    fl_schedule_end(seeded->schedule);
    fl_pool_free(&seeded->pool);
    fl_pool_free(&seeded->jobs);
    free(seeded->held);
    free(seeded);
}
