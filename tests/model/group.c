/*
 * A group of two tasks, one of which may fail; who waits for them may be
 * cancelled, or may run out of time and then wait again; or the group is
 * cancelled. The failure is told once, to who waits to the end, and has the
 * other task cancelled, which waits for nothing else; then the group may be
 * freed.
 *
 * Thread 0 spawns and waits. Threads 1 and 2 run the tasks. Thread 3 disturbs.
 */
#include "world.h"

#include "sched/task.c"

#include <errno.h>
#include <filch/event.h>
#include <filch/group.h>

#define MODEL_THREADS 4
#define DEADLINE 1000
#define FAILURE 7

static filch_group *group;
static filch_event never;
static fl_timers heap;
static struct spawned {
    fl_atomic32 state; /* 1: it is there; 2: it will not be */
    filch_fn fn;
    void *arg;
} spawned[3];
static unsigned next, fails; /* which task fails; 0: none */
static bool timed, cancels, cancels_group;

void
model_before(void)
{
    depot = (fl_depot){0};
    group = model_malloc(sizeof *group);
    *group = (filch_group)FILCH_GROUP_INIT;
    never = (filch_event)FILCH_EVENT_INIT;
    play_fences();
    play_guard(&group->guard_);
    heap = (fl_timers){.earliest = (uint64_t)FILCH_NEVER,
                       .early = (uint64_t)FILCH_NEVER};
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        play_task(i);
        players[i].worker.timers = &heap;
    }
    for (unsigned i = 0; i < 3; i++) {
        spawned[i] = (struct spawned){0};
    }
    next = 1;
    fails = model_choose(3);
    timed = model_choose(2);
    cancels = model_choose(2);
    cancels_group = !fails && !cancels && model_choose(2);
}

/* ---- thread 0 ---- */

static void
say(struct spawned *one, uint32_t state)
{
    fl_store_release(&one->state, state);
    fl_os_wake(&one->state, 2); /* its task, and who cancels the group */
}

int
filch_spawn(filch_task **task, filch_fn fn, void *arg)
{
    model_assert(!task);
    struct spawned *one = &spawned[next++];
    one->fn = fn;
    one->arg = arg;
    say(one, 1);
    return 0;
}

static int
be_task(void *arg)
{
    unsigned which = (unsigned)((player *)arg - players);
    if (fails == which) {
        return FAILURE;
    }
    if (fails || cancels || cancels_group) { /* else nobody ends it */
        filch_event_wait(&never);
    }
    return 0;
}

static void
spawn_and_wait(void)
{
    for (unsigned i = 1; i < 3; i++) {
        int error = filch_group_spawn(group, be_task, &players[i]);
        if (error) {
            model_assert(error == ECANCELED && i == 2 && fails == 1);
            say(&spawned[i], 2);
        }
    }
    int status = filch_group_wait_until(group, timed ? DEADLINE : FILCH_NEVER);
    if (status == ETIMEDOUT && timed) {
        status = filch_group_wait(group);
    }
    model_assert(status == (fails ? FAILURE : 0) ||
                 (!fails && cancels && status == ECANCELED));
    model_free(group);
}

/* ---- threads 1 to 3 ---- */

static uint32_t
await_spawned(struct spawned *one)
{
    while (!fl_load_acquire(&one->state)) {
        fl_os_wait(&one->state, 0, FILCH_NEVER);
    }
    return fl_load_acquire(&one->state);
}

static void
run_task(struct spawned *one)
{
    if (await_spawned(one) == 1) {
        one->fn(one->arg);
    }
}

static void
disturb(void)
{
    if (timed) {
        model_now = DEADLINE;
        fl_timers_run(&players[3].worker, &heap);
    }
    if (cancels) {
        fl_cancel(&players[0].task.fiber, 0);
    }
    if (cancels_group) {
        await_spawned(&spawned[2]);
        filch_group_cancel(group);
    }
}

void
model_thread(unsigned thread)
{
    switch (thread) {
    case 0:
        spawn_and_wait();
        break;
    case 1:
    case 2:
        run_task(&spawned[thread]);
        break;
    default:
        disturb();
    }
}

void
model_after(void)
{
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        uint32_t life = fl_load_relaxed(&players[i].task.life);
        model_assert(life == 2u * FL_REFERENCE); /* all let go of */
    }
    model_assert(!never.waiters_.first_);
    model_assert(fl_wheel_bound(&heap.wheel) == FILCH_NEVER);
}
