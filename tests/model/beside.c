/* What no model plays, but its sources ask for: deterministic runs, which none
 * is, points, forks, names. */
#include "engine.h"

#include "sched/chaos.h"
#include "sched/seeded.h"

fl_atomic32 fl_points;
void (*fl_abort_wait[2])(fl_fiber *fiber);

#define NEVER_CALLED(name) model_fail(#name " was called")

void
fl_point_slowly(const char *where)
{
    (void)where;
    NEVER_CALLED(fl_point_slowly);
}

fl_fiber *
fl_me_at_slowly(const char *where)
{
    (void)where;
    return fl_me();
}

fl_work *
fl_seeded_idle(fl_worker *worker)
{
    (void)worker;
    NEVER_CALLED(fl_seeded_idle);
}

fl_work *
fl_seeded_next(fl_worker *worker)
{
    (void)worker;
    NEVER_CALLED(fl_seeded_next);
}

void
fl_seeded_disturbed(const char *where)
{
    (void)where;
    NEVER_CALLED(fl_seeded_disturbed);
}

bool
fl_seeded_take(fl_worker *worker, filch_job *job)
{
    (void)worker;
    (void)job;
    NEVER_CALLED(fl_seeded_take);
}

void
fl_seeded_await(fl_worker *worker, filch_job *job)
{
    (void)worker;
    (void)job;
    NEVER_CALLED(fl_seeded_await);
}

void
fl_seeded_end(filch_runtime *runtime)
{
    (void)runtime; /* which has none */
}

void
fl_note_held(const void *lock)
{
    (void)lock;
}

void
fl_note_released(const void *lock)
{
    (void)lock;
}

filch_time
fl_now_of(const filch_runtime *runtime)
{
    (void)runtime;
    return fl_os_now();
}

filch_time
fl_now(void)
{
    return fl_os_now();
}

bool
fl_os_forked(void)
{
    return false;
}

int
fl_name_set(fl_atomic32 *name, const char *text)
{
    (void)name;
    (void)text;
    NEVER_CALLED(fl_name_set);
}

fl_work *
fl_chaos_shuffle(fl_worker *worker)
{
    (void)worker;
    NEVER_CALLED(fl_chaos_shuffle);
}
