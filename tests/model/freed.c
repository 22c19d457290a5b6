/*
 * Who touches an object last where a wait is given up: one task waits for an
 * event, and frees it as soon as it is let go on, while another's wait for it
 * times out or is cancelled, perhaps at that very moment.
 *
 * Who sets the event does so when the second waits, or has given up; so nobody
 * begins to use it too late. That one then waits for another event, which is not
 * disturbed by the first.
 */
#include "world.h"

#include "wait/wait.h"

#include <errno.h>
#include <filch/event.h>

#define MODEL_THREADS 4
#define DEADLINE 1000

static filch_event *event, second;
static fl_timers heap;
static fl_atomic32 returned;
static int result;
static bool timed, cancels;

void
model_before(void)
{
    event = model_malloc(sizeof *event);
    *event = second = (filch_event)FILCH_EVENT_INIT;
    play_fences();
    play_guard(&event->guard_);
    heap = (fl_timers){.earliest = (uint64_t)FILCH_NEVER,
                       .early = (uint64_t)FILCH_NEVER};
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        play_task(i);
        players[i].worker.timers = &heap;
    }
    timed = model_choose(2);
    cancels = !timed || model_choose(4) == 0;
    if (model_choose(4) == 0) {
        play_thread(1);
    }
    if (model_choose(4) == 0) { /* its deadline passes whenever it sleeps */
        play_thread(2);
        timed = true;
        cancels = false;
    }
    fl_store_relaxed(&returned, 0u);
    result = -1;
}

static void
give_up(void)
{
    result = filch_event_wait_until(event, timed ? DEADLINE : FILCH_NEVER);
    fl_store_release(&returned, 1u);
    int error = filch_event_wait(&second);
    model_assert(error == 0 || (cancels && error == ECANCELED));
}

/* Whether the second waits, or has waited. */
static bool
is_there(void)
{
    if (fl_load_acquire(&returned)) {
        return true;
    }
    bool found = false;
    fl_atomic32 *held = fl_enter(&event->guard_);
    for (fl_waiter *one = fl_first(&event->waiters_); one; one = one->next) {
        found |= fl_waiter_fiber(one) == callers[2];
    }
    fl_leave_by(held);
    return found;
}

static void
disturb(void)
{
    if (timed && callers[2]->kind != FL_THREAD) {
        model_now = DEADLINE;
        fl_timers_run(&players[3].worker, &heap);
    }
    if (cancels) {
        fl_cancel(&players[2].task.fiber, 0);
    }
}

void
model_thread(unsigned thread)
{
    switch (thread) {
    case 0:
        for (unsigned round = 0; !is_there(); round++) {
            fl_os_back_off(round);
        }
        filch_event_set(event);
        break;
    case 1:
        model_assert(filch_event_wait(event) == 0);
        model_free(event);
        filch_event_set(&second);
        break;
    case 2:
        give_up();
        break;
    default:
        disturb();
    }
}

void
model_after(void)
{
    model_assert(result == 0 || (timed && result == ETIMEDOUT) ||
                 (cancels && result == ECANCELED));
    model_assert(fl_wheel_bound(&heap.wheel) == FILCH_NEVER);
}
