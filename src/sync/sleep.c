/* Letting others run, and letting time pass. */
#include "wait/wait.h"

#include <errno.h>
#include <filch/task.h>

/* Where fl_here is NULL. */
static FL_NOINLINE void
yield_slowly(void)
{
    fl_fiber *me = fl_me();
    if (me->kind != FL_THREAD && !me->barred) {
        fl_yield(me, me->worker);
    }
}

void
filch_yield(void)
{
    fl_worker *worker = fl_worker_here();
    if (fl_unlikely(!worker)) {
        yield_slowly();
    } else {
        fl_yield_here(worker->me, worker);
    }
}

int
filch_sleep_until(filch_time when)
{
    fl_fiber *me = fl_me_at("filch_sleep");
    int error = fl_may_wait(me);
    if (error) {
        return error;
    }
    /* a wait for something that never comes */
    fl_atomic32 guard = 0;
    uint32_t before = fl_load_relaxed(&me->waiter.phase);
    fl_waiter_begin(me, FL_TIME, NULL);
    fl_guard_lock(&guard);
    error = fl_wait_apart(me, &guard, when);
    if (error != ETIMEDOUT) {
        return error;
    }
    if (fl_load_relaxed(&me->waiter.phase) == before) {
        filch_yield(); /* it has not waited: the time had come */
    }
    return 0;
}

int
filch_sleep(filch_time ns)
{
    return filch_sleep_until(filch_after(ns));
}
