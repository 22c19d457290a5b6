/* Letting others run, and letting time pass. */
#include "sched/clock.h"
#include "wait/wait.h"

#include <errno.h>
#include <filch/task.h>

void
filch_yield(void)
{
    fl_fiber *me = fl_me();
    if (me->kind != FL_THREAD && !me->barred) {
        fl_yield(me);
    }
}

int
filch_sleep_until(filch_time when)
{
    fl_point("filch_sleep");
    fl_fiber *me = fl_me();
    int error = fl_may_wait(me);
    if (error) {
        return error;
    }
    if (when <= fl_now()) {
        filch_yield();
        return 0;
    }
    /* a wait for something that never comes */
    fl_atomic32 guard = 0;
    fl_waiter_begin(me, FL_TIME, NULL);
    fl_guard_lock(&guard);
    error = fl_wait_linked(me, &guard, &guard, when);
    return error == ETIMEDOUT ? 0 : error;
}

int
filch_sleep(filch_time ns)
{
    return filch_sleep_until(filch_after(ns));
}
