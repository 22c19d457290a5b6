/*
 * A task that has not begun, entered by its joiner (sync/join.c, D1 to D4),
 * against a cancel of the joiner (C1 to C3); in some runs another joins the
 * task as well, or gives a handle of it back. The joiner goes on once, after the
 * task's end or after the cancel; then it waits for something else, which the
 * task's end must not end, or, cancelled, it ends at once.
 *
 * Thread 0 is the joiner. Where it enters the task its worker goes on as
 * thread 1, which so comes after it; where not, thread 1 runs the task as a
 * thief. Thread 2 cancels. Thread 3 joins, or does not.
 */
#include "world.h"

#include "sched/task.c"

#include <errno.h>
#include <filch/event.h>
#include <string.h>

#define MODEL_THREADS 4

static filch_task *child;
static filch_event event;
static filch_task memory;
static fl_atomic32 entered; /* 1: by thread 0; 2: nobody will */
static void (*begin_wait)(void *joiner);
static bool cancels, joins, releases, ends_at_once, event_is_set;
static int result, others, data, status, reason;

static int
be_child(void *arg)
{
    (void)arg;
    data = 7;
    return 5;
}

void
model_before(void)
{
    depot = (fl_depot){0};
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        play_task(i);
        play_unseen(i);
        model_assert(fl_deque_init(&players[i].worker.deque) == 0);
    }
    play_thread(3);
    cancels = model_choose(4);
    joins = model_choose(2);
    releases = !joins && model_choose(2);
    ends_at_once = model_choose(2);
    child = &memory;
    memset(child, 0, sizeof *child);
    child->fiber.mine = FL_NO_JOBS;
    child->fiber.worker = &players[0].worker;
    child->fiber.start.fn = be_child;
    fl_store_relaxed(&child->life,
                     FL_REFERENCE * (joins || releases ? 3u : 2u));
    fl_store_relaxed(&child->fiber.state, 1u << FL_TAG_SHIFT);
    event = (filch_event)FILCH_EVENT_INIT;
    play_fences();
    fences_fail = false; /* so that a thief gets what it tries to */
    play_guard(&event.guard_);
    fl_store_relaxed(&entered, 0u);
    event_is_set = false;
    result = others = -1;
    data = status = reason = 0;
    players[0].worker.poll_mask = 63;
}

/* ---- thread 0 ---- */

/* D2: the worker goes on as thread 1. */
void
fl_suspend_into(fl_fiber *me, void (*after)(void *joiner), fl_fiber *next)
{
    model_assert(next == &child->fiber);
    begin_wait = after;
    me->sp = me;
    fl_store_release(&entered, 1u);
    fl_os_wake(&entered, 1);
    player_sleep(&players[0]);
}

static void
be_joiner(void)
{
    fl_worker *worker = &players[0].worker;
    model_assert(fl_deque_push(&worker->deque, fl_work_of(&child->fiber)) == 0);
    result = filch_join(child, &status);
    if (result) {
        model_assert(result == ECANCELED && reason == 3);
    } else {
        model_assert(status == 5 && data == 7);
    }
    if (!fl_load_relaxed(&entered)) { /* it is in the deque, or with a thief */
        fl_store_release(&entered, 2u);
        fl_os_wake(&entered, 1);
    }
    if (result && ends_at_once) {
        filch_task_release(child);
        return;
    }
    filch_shield_begin();
    model_assert(filch_event_wait(&event) == 0);
    model_assert(event_is_set);
    filch_shield_end();
    if (result) {
        filch_task_release(child);
    } else if (worker->freed || worker->tasks.items) {
        child->status = 0; /* it is free: as its next user might */
    }
}

/* ---- thread 1 ---- */

static void
be_worker(void)
{
    bool thief = model_choose(3) == 0;
    fl_worker *worker = &players[thief ? 1 : 0].worker;
    fl_fiber *joiner = &players[0].task.fiber;
    void *work = NULL;
    if (thief && !fl_deque_steal(&players[0].worker.deque, &work, 1)) {
        worker = &players[0].worker;
    }
    while (!work && !fl_load_acquire(&entered)) {
        fl_os_wait(&entered, 0, FILCH_NEVER);
    }
    if (!work && fl_load_acquire(&entered) == 2) {
        work = fl_deque_pop(&worker->deque);
    } else if (!work) {
        work = fl_work_of(&child->fiber);
        begin_wait(joiner); /* D3 */
    }
    if (!work) {
        return;
    }
    fl_me_set(&worker->loop);
    worker->loop.kind = FL_LOOP;
    worker->loop.worker = worker;
    fl_run_task(worker, child);
    if (worker->pending) {
        model_assert(worker->pending == fl_work_of(joiner));
        player_resume(joiner);
    }
}

/* ---- thread 2 and 3 ---- */

static void
disturb(void)
{
    if (cancels) {
        reason = 3; /* which who is cancelled may read */
        fl_cancel(&players[0].task.fiber, 0);
    }
    event_is_set = true;
    filch_event_set(&event);
}

static void
use_other_handle(void)
{
    if (joins) {
        model_assert(filch_join(child, &others) == 0);
        model_assert(others == 5);
    } else if (releases) {
        filch_task_release(child);
    }
}

void
model_thread(unsigned thread)
{
    switch (thread) {
    case 0:
        be_joiner();
        break;
    case 1:
        be_worker();
        break;
    case 2:
        disturb();
        break;
    default:
        use_other_handle();
    }
}

/* The descriptor is free, once. */
void
model_after(void)
{
    unsigned n = 0;
    for (int i = 0; i < 3; i++) {
        n += players[i].worker.freed != NULL;
        for (fl_link *one = players[i].worker.tasks.items; one;
             one = one->next) {
            n++;
        }
    }
    for (fl_link *one = depot.first; one; one = one->batch) {
        n++;
    }
    model_assert(n == 1);
}
