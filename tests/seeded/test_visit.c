/*
 * A stranger who brings something to a deterministic run, just as nothing else
 * can run: that is no stall. The linker puts the functions below between the
 * library and itself (seeded.mk), so that each moment is met.
 */
#include "../harness/harness.h"
#include "sched/seeded.h"

/* --- While it is on its way ---------------------------------------------- */

static _Thread_local bool hold;  /* the caller's next push */
static atomic_bool held, stalls; /* such a push is; a stall was seen */
static atomic_int looks;         /* of the worker, while a push is held */

void __real_fl_inject_push(fl_inject *, fl_fiber *, fl_fiber *, uint32_t);
void __wrap_fl_inject_push(fl_inject *, fl_fiber *, fl_fiber *, uint32_t);

/* Counted as alive, but not there yet. */
void
__wrap_fl_inject_push(fl_inject *inject, fl_fiber *first, fl_fiber *last,
                      uint32_t n)
{
    if (hold) {
        hold = false;
        atomic_store(&held, true);
        while (atomic_load(&looks) < 3 && !atomic_load(&stalls))
            sched_yield();
        atomic_store(&held, false);
    }
    __real_fl_inject_push(inject, first, last, n);
}

void __real_fl_os_back_off(unsigned round);
void __wrap_fl_os_back_off(unsigned round);

void
__wrap_fl_os_back_off(unsigned round)
{
    atomic_fetch_add(&looks, atomic_load(&held));
    __real_fl_os_back_off(round);
}

void __real_fl_stall(filch_runtime *runtime);
void __wrap_fl_stall(filch_runtime *runtime);

void
__wrap_fl_stall(filch_runtime *runtime)
{
    atomic_store(&stalls, true);
    __real_fl_stall(runtime);
}

static int
compute_until_held(void *arg)
{
    while (!atomic_load(&held))
        sched_yield();
    return arg != NULL;
}

static int
nothing(void *arg)
{
    return arg != NULL;
}

static void
run_visited(void)
{
    filch_runtime *runtime;
    filch_task *first, *second;
    OK(filch_start(&runtime, &(filch_config){.seed = 1}));
    OK(filch_submit(runtime, &first, compute_until_held, NULL));
    hold = true;
    OK(filch_submit(runtime, &second, nothing, NULL));
    EQ(0, join(first));
    EQ(0, join(second));
    OK(filch_stop(runtime));
    CHECK(!atomic_load(&stalls));
}

TEST(a_task_that_is_counted_but_not_there_yet_is_no_stall)
{
    struct child child;
    child_run(&child, run_visited);
    CHILD_EXITED(&child, 0);
}

/* --- Between two looks --------------------------------------------------- */

static filch_event event;
static atomic_int countdown, wanted, brought;

bool __real_fl_task_has_ended(filch_task *task);
bool __wrap_fl_task_has_ended(filch_task *task);

/* The worker asks it of main, once it has looked and found nothing. */
bool
__wrap_fl_task_has_ended(filch_task *task)
{
    if (atomic_load(&countdown) && atomic_fetch_sub(&countdown, 1) == 1) {
        atomic_store(&wanted, 1);
        while (!atomic_load(&brought))
            sched_yield();
    }
    return __real_fl_task_has_ended(task);
}

static void *
set_when_wanted(void *arg)
{
    while (!atomic_load(&wanted))
        sched_yield();
    filch_event_set(&event);
    atomic_store(&brought, 1);
    return arg;
}

/* It looks as it leaves main, and once more before it would take it for one. */
static int
wait_for_stranger(void *arg)
{
    pthread_t thread;
    OK(pthread_create(&thread, NULL, set_when_wanted, NULL));
    atomic_store(&countdown, *(int *)arg);
    OK(filch_event_wait(&event));
    EQ(0, atomic_load(&countdown));
    OK(pthread_join(thread, NULL));
    return 0;
}

static int look_that_it_follows;

static void
run_visited_between(void)
{
    OK(filch_run(&(filch_config){.seed = 1}, wait_for_stranger,
                 &look_that_it_follows));
    CHECK(!atomic_load(&stalls));
}

TEST(what_was_brought_since_the_last_look_is_no_stall)
{
    for (int look = 1; look <= 2; ++look) {
        struct child child;
        look_that_it_follows = look;
        child_run(&child, run_visited_between);
        CHILD_EXITED(&child, 0);
    }
}
