/* Fences that the kernel refuses, for want of memory. */
#include "inject.h"

static filch_event event;
static atomic_uint rests; /* of the task's owner, since it spawned it */
static atomic_bool claimed, has_run;

/* The thief has claimed the task, and gives it back only when its owner, who
 * found none, has come to rest. (In chaos it may have claimed something else.) */
static void
await_rest(void)
{
    atomic_store(&claimed, true);
    while (atomic_load(&rests) == 0 && !atomic_load(&has_run))
        sched_yield();
}

static int
set_event(void *arg)
{
    fault_fences(NULL);
    atomic_store(&has_run, true);
    filch_event_set(arg);
    return 0;
}

static int
leave_to_thief(void *arg)
{
    fault_fences(await_rest);
    filch_task *task = spawn(set_event, &event);
    while (
        !atomic_load(&claimed)) /* by the other worker, since it waits long */
        sched_yield();
    disturb_count_rests(&rests);
    OK(filch_event_wait(&event));
    EQ(0, join(task));
    return arg != NULL;
}

TEST(a_task_that_a_thief_gives_back_is_run_though_its_owner_found_none)
{
    run_on(2, leave_to_thief, NULL);
}

/* --- A cancel, which cannot do without ------------------------------------ */

static atomic_int refusals;

static void
refuse_three(void)
{
    if (atomic_fetch_add(&refusals, 1) == 3)
        fault_fences(NULL);
}

static int
wait_for_event(void *arg)
{
    (void)arg;
    return filch_event_wait(&event);
}

static int
cancel_who_waits(void *arg)
{
    filch_task *task = park(wait_for_event, arg);
    fault_fences(refuse_three);
    OK(filch_cancel(task));
    EQ(4, atomic_load(&refusals));
    EQ(ECANCELED, join(task));
    return 0;
}

TEST(a_cancel_asks_for_its_fence_until_it_has_it)
{
    run_on(1, cancel_who_waits, NULL);
}
