#include "sched/chaos.h"

/* One that is ready, from the next slot or from the ring. */
static fl_fiber *
take_one(fl_ready *ready)
{
    fl_bias_enter(&ready->bias);
    fl_chaos();
    fl_fiber *fiber =
        fl_chaos_draw(2) ? fl_ready_next(ready) : fl_ready_first(ready);
    fl_bias_leave(&ready->bias);
    return fiber;
}

/* A parked fiber goes on on whichever worker is there first. */
static void
migrate(void *parked)
{
    fl_fiber *fiber = parked;
    filch_runtime *runtime = fiber->worker->runtime;
    fl_inject_push(&runtime->inject, fiber, fiber, 1);
    fl_wake_watch(runtime);
    fl_chaos(); /* or else this worker itself would be the first */
}

fl_work *
fl_chaos_shuffle(fl_worker *worker)
{
    fl_fiber *fiber;
    switch (fl_chaos_draw(8)) {
    case 0:
    case 1:
        fiber = take_one(&worker->ready);
        if (fiber) {
            migrate(fiber);
        }
        return NULL;
    case 2:
        fiber = take_one(&worker->ready);
        if (fiber) {
            fl_make_ready(worker, fiber);
        }
        return NULL;
    case 3:
        return fl_deque_shift(&worker->deque);
    default:
        return NULL;
    }
}

void
fl_chaos_point(const char *where)
{
    fl_fiber *me = fl_me();
    fl_chaos_disturb_at((uintptr_t)where - (uintptr_t)&fl_chaos_on);
    if (me->kind > FL_JOB || me->barred ||
        !fl_chaos_among(me->worker->runtime) || fl_chaos_draw(32) ||
        !fl_spare(me->worker)) {
        return;
    }
    fl_tsan_release(me);
    fl_suspend(me, migrate, me);
}
