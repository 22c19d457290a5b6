/* Callbacks; the timers themselves are in sched/timer.c. */
#include "os/chaos.h"
#include "sched/chores.h"
#include "sched/clock.h"
#include "wait/wait.h"

#include <errno.h>
#include <filch/timer.h>
#include <stdlib.h>

int
filch_timer_init(filch_timer *timer)
{
    *timer = (filch_timer)FILCH_TIMER_INIT;
    return 0;
}

int
filch_call_at(filch_timer *timer, filch_time when, void (*fn)(void *arg),
              void *arg)
{
    fl_fiber *me = fl_me_at("filch_call_at");
    enum fl_timer_kind kind = timer ? FL_TIMER_CALLBACK : FL_TIMER_OWNED;
    if (me->kind == FL_THREAD) {
        return EPERM;
    }
    if (!fn) {
        return EINVAL;
    }
    if (!timer) {
        timer = malloc(sizeof *timer);
        if (!timer) {
            return ENOMEM;
        }
        filch_timer_init(timer);
    }
    int error = fl_timer_arm(me->worker, timer, when, kind, fn, arg);
    if (!error) {
        fl_timer_armed(me->worker, when);
    }
    return error;
}

int
filch_call_later(filch_timer *timer, filch_time delay, void (*fn)(void *arg),
                 void *arg)
{
    return filch_call_at(timer, filch_after(delay), fn, arg);
}

int
filch_call_soon(void (*fn)(void *arg), void *arg)
{
    int error = filch_call_at(NULL, fl_now(), fn, arg);
    if (!error) {
        fl_chores_soon(fl_me()->worker);
    }
    return error;
}

bool
filch_timer_cancel(filch_timer *timer)
{
    fl_point("filch_timer_cancel");
    return fl_timer_disarm(timer);
}

/* A callback has ended: those who waited for that go on. */
static void
wake(fl_timers *timers)
{
    fl_chain granted = {0};
    fl_guard_lock(&timers->end_guard);
    fl_grant_all(&timers->waiters, &granted);
    fl_guard_unlock(&timers->end_guard);
    fl_resume_chain(&granted);
}

/* Waits for the end of the callback that `timers` runs, if it is this one. */
static int
wait_for_end(fl_fiber *me, filch_timer *timer, fl_timers *timers,
             filch_time deadline)
{
    fl_chaos();
    fl_guard_lock(&timers->end_guard);
    if (fl_load_acquire(&timers->running) != (void *)timer) {
        fl_guard_unlock(&timers->end_guard);
        return 0;
    }
    fl_waiter_begin(me, FL_CALLBACK, timer);
    timers->on_end = wake;
    return fl_wait(me, &timers->end_guard, &timers->waiters, deadline);
}

/* How often its callback has begun. */
static uint64_t
times_gone(filch_timer *timer)
{
    return fl_load_acquire((fl_atomic64 *)&timer->gone_);
}

/* Another thread is just arming it, or lets it go off: for a moment, unless that
 * is a thread of whom a forked child was forked from. */
static int
wait_a_moment(unsigned round, filch_time deadline)
{
    if (fl_os_forked() && fl_os_now() >= deadline) {
        return ETIMEDOUT;
    }
    fl_guard_back_off(round);
    return 0;
}

/*
 * Until it is neither armed nor run. A callback that arms itself, and goes off
 * on another worker, may be armed where one looks for who runs it, and run
 * where one looks whether it is armed; but then it has begun in between. (It is
 * said who runs it before it is taken out, and it is armed before it ends.)
 */
int
filch_timer_cancel_wait_until(filch_timer *timer, filch_time deadline)
{
    fl_fiber *me = fl_me_at("filch_timer_cancel_wait");
    int error = fl_may_wait(me);
    bool quiet = false;
    unsigned round = 0;
    while (!error && !quiet) {
        uint64_t gone = times_gone(timer);
        fl_timer_disarm(timer);
        fl_chaos();
        fl_timers *timers = fl_timer_runner(timer);
        fl_chaos();
        if (timers) {
            error = wait_for_end(me, timer, timers, deadline);
            continue;
        }
        quiet = !fl_load_acquire((fl_atomic_ptr *)&timer->heap_) &&
                times_gone(timer) == gone;
        if (!quiet) {
            error = wait_a_moment(round++, deadline);
        }
    }
    return error;
}

int
filch_timer_cancel_wait(filch_timer *timer)
{
    return filch_timer_cancel_wait_until(timer, FILCH_NEVER);
}
