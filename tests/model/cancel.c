/*
 * Who cancels without a handle (sched/cancel.c): all tasks of a runtime, or one
 * by its runtime's number, while that task ends and its descriptor is used for
 * another, perhaps in another runtime. Both wait for a permit, plainly or with
 * a deadline; one thread releases some; another cancels the second task too.
 *
 * No permit is lost, each wait ends once, and the second task is cancelled only
 * if somebody asked for that, whose words before it then sees. Who was asked to
 * end does not wait for ever, though nobody releases anything.
 */
#include "world.h"

#include <errno.h>
#include <filch/semaphore.h>
#include <filch/task.h>

#define MODEL_THREADS 4
#define DEADLINE 1000 /* which does not come */
#define OTHER 7       /* the number of a runtime */

static filch_semaphore semaphore;
static fl_timers heap;
static filch_runtime other;
static fl_atomic32 born; /* the second task */
static uint32_t second_tag;
static bool first_waits, timed[2], sweeps, cancels_second;
static unsigned grants, manner;
static int results[2], word;

static fl_fiber *
the_fiber(void)
{
    return &players[0].task.fiber;
}

void
model_before(void)
{
    semaphore = (filch_semaphore)FILCH_SEMAPHORE_INIT(0);
    play_fences();
    play_guard(&semaphore.guard_);
    heap = (fl_timers){.earliest = (uint64_t)FILCH_NEVER,
                       .early = (uint64_t)FILCH_NEVER};
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        play_task(i);
        players[i].worker.timers = &heap;
    }
    the_fiber()->mine = FL_NO_JOBS;
    other = (filch_runtime){.tag = OTHER};
    fl_store_relaxed(&born, 0u);
    second_tag = model_choose(2) ? OTHER : players[0].runtime.tag;
    first_waits = model_choose(4) != 0;
    timed[0] = model_choose(2);
    timed[1] = model_choose(2);
    sweeps = model_choose(2);
    grants = model_choose(3);
    cancels_second = grants < 2 || model_choose(2);
    manner = model_choose(second_tag == OTHER ? 3 : 2);
    results[0] = results[1] = -1;
    word = 0;
}

/* Of the tasks that there are, for fl_cancel_all. */
void
fl_task_each(void (*visit)(filch_task *task, void *arg), void *arg)
{
    visit(&players[0].task, arg);
}

/* ---- thread 0: the tasks ---- */

/* As in spawn.c. */
static void
be_born(fl_fiber *me)
{
    me->mine = FL_NO_JOBS;
    me->sp = NULL;
    me->start.fn = NULL;
    me->start.arg = NULL;
    fl_assert(!me->start.own);
    uint32_t lives = fl_load_relaxed(&me->state) + FL_ONE_LIFE;
    fl_store_release(&me->state,
                     second_tag << FL_TAG_SHIFT | (lives & FL_LIVES));
    fl_store_release(&born, 1u);
    fl_os_wake(&born, 1);
}

/* What was done before the cancel that the second task has just learnt of. */
static void
check_word(void)
{
    if (second_tag == OTHER) {
        model_assert(cancels_second && word == 1);
    }
}

static void
live(int i)
{
    if (i == 1 && !sweeps && filch_cancelled()) {
        check_word();
    }
    results[i] = filch_semaphore_acquire_until(
        &semaphore, timed[i] ? DEADLINE : FILCH_NEVER);
    if (!results[i]) {
        return;
    }
    if (i == 1) {
        check_word();
    }
    model_assert(results[i] == ECANCELED && filch_cancelled());
}

static void
live_twice(void)
{
    if (first_waits) {
        live(0);
    }
    fl_end_life(the_fiber());
    be_born(the_fiber());
    live(1);
    fl_end_life(the_fiber());
}

/* ---- threads 1 and 2 ---- */

static void
cancel_by_number(void)
{
    if (sweeps) {
        fl_cancel_all(&players[0].runtime);
    } else {
        fl_cancel(the_fiber(), players[0].runtime.tag);
    }
}

static void
cancel_the_second(void)
{
    filch_task *task = &players[0].task;
    while (!fl_load_acquire(&born)) {
        fl_os_wait(&born, 0, FILCH_NEVER);
    }
    word = 1;
    switch (manner) {
    case 0:
        fl_cancel(&task->fiber, 0);
        break;
    case 1:
        fl_cancel_some(&task, 1);
        break;
    default:
        fl_cancel_all(&other);
    }
}

void
model_thread(unsigned thread)
{
    switch (thread) {
    case 0:
        live_twice();
        break;
    case 1:
        cancel_by_number();
        break;
    case 2:
        if (cancels_second) {
            cancel_the_second();
        }
        break;
    default:
        for (unsigned i = 0; i < grants; i++) {
            model_assert(filch_semaphore_release(&semaphore, 1) == 0);
        }
    }
}

void
model_after(void)
{
    unsigned got = (results[0] == 0) + (results[1] == 0);
    model_assert(semaphore.value_ + got == grants);
    model_assert(!semaphore.waiters_.first_ && !semaphore.waiters_.last_);
    model_assert(fl_wheel_bound(&heap.wheel) == FILCH_NEVER);
}
