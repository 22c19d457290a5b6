/* Fences that the kernel refuses, for want of memory. */
#include "inject.h"

static filch_event event;
static atomic_uint rests; /* of the task's owner, since it spawned it */
static atomic_bool claimed;

/* The thief has claimed the task, and gives it back only when its owner, who
 * found none, has come to rest. */
static void
await_rest(void)
{
    atomic_store(&claimed, true);
    while (atomic_load(&rests) == 0)
        sched_yield();
}

static int
set_event(void *arg)
{
    fault_fences(NULL);
    filch_event_set(arg);
    return 0;
}

static int
leave_to_thief(void *arg)
{
    fault_fences(await_rest);
    filch_task *task = spawn(set_event, &event);
    while (!atomic_load(&claimed)) /* by the other worker, since it waits long */
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
