/* What a peak has left behind is given back, when nothing runs and when
 * something does. */
#include "../harness/harness.h"
#include "fiber/stack.h"

enum { TASKS = 4000 }; /* whose stacks are more than what is kept for good */

static filch_event gate;
static filch_task *tasks[TASKS];

static int
wait_at_gate(void *arg)
{
    (void)arg;
    return filch_event_wait(&gate);
}

static int
peak(void *arg)
{
    for (int i = 0; i < TASKS; ++i)
        tasks[i] = park(wait_at_gate, NULL);
    filch_event_set(&gate);
    for (int i = 0; i < TASKS; ++i)
        EQ(0, join(tasks[i]));
    return arg != NULL;
}

TEST(stacks_of_a_peak_are_given_back_when_nothing_runs)
{
    filch_config config = {.workers = test_workers()};
    filch_runtime *runtime;
    filch_task *task;
    if (UNDER_TSAN)
        skip("its stacks are never used again as they are");
    OK(filch_start(&runtime, &config));
    OK(filch_submit(runtime, &task, peak, NULL));
    EQ(0, join(task));
    CHECK(fl_stack_surplus());
    while (fl_stack_surplus())
        sched_yield();
    OK(filch_stop(runtime));
}

static int
yield_until_it_is_given_back(void *arg)
{
    while (fl_stack_surplus())
        filch_yield();
    return arg != NULL;
}

static int
peak_and_go_on(void *arg)
{
    EQ(0, peak(arg));
    CHECK(fl_stack_surplus());
    return yield_until_it_is_given_back(arg);
}

TEST(stacks_of_a_peak_are_given_back_while_something_runs)
{
    if (UNDER_TSAN)
        skip("its stacks are never used again as they are");
    run_on(test_workers(), peak_and_go_on, NULL);
}

ONE_WORKER_TEST(stacks_of_a_peak_are_given_back_while_two_go_on_by_turns)
{
    if (UNDER_TSAN)
        skip("its stacks are never used again as they are");
    EQ(0, peak(NULL));
    CHECK(fl_stack_surplus());
    filch_task *other = spawn(yield_until_it_is_given_back, NULL);
    EQ(0, yield_until_it_is_given_back(NULL));
    EQ(0, join(other));
}
