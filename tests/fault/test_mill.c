/* Everything at once, on a floor that gives way here and there. */
#include "inject.h"
#include "mill.h"

enum { ROUNDS = UNDER_SANITIZER ? 300 : 2000 };

TEST(nothing_is_lost_where_all_is_well)
{
    struct mill mill = {.tasks = 8, .rounds = ROUNDS};
    run_on(test_workers(), mill_run, &mill);
}

TEST(nothing_is_lost_where_memory_is_short_here_and_there)
{
    skip_where_stacks_may_run_out();
    struct mill mill = {.tasks = 8, .rounds = ROUNDS, .short_of_memory = true};
    run_on(test_workers(), mill_run, &mill);
}

TEST(nothing_is_lost_where_waits_and_wakes_are_early_and_late)
{
    struct mill mill = {.tasks = 8, .rounds = ROUNDS};
    disturb_begin(0);
    run_on(test_workers(), mill_run, &mill);
    CHECK(disturb_count() > 0);
}

TEST(nothing_is_lost_where_the_clock_jumps_forward)
{
    struct mill mill = {.tasks = 8, .rounds = ROUNDS};
    disturb_begin(FILCH_MS(20));
    run_on(test_workers(), mill_run, &mill);
}

TEST(nothing_is_lost_where_all_of_that_comes_together)
{
    skip_where_stacks_may_run_out();
    struct mill mill = {.tasks = 8, .rounds = ROUNDS, .short_of_memory = true};
    disturb_begin(FILCH_MS(20));
    run_on(test_workers(), mill_run, &mill);
}

TEST(nothing_is_lost_where_runtimes_come_and_go_meanwhile)
{
    struct mill mill = {.tasks = 10, .rounds = ROUNDS / 4};
    disturb_begin(FILCH_MS(20));
    mill_run_beside(&mill);
}

/* --- Who wakes whom where -------------------------------------------------- */

enum { TO_BE_CANCELLED = 100 };

static int
wait_and_write_all_over_the_stack(void *arg)
{
    (void)arg;
    volatile char stack[1024];
    int status = filch_sleep(FILCH_SEC(3600));
    for (size_t i = 0; i < sizeof stack; ++i)
        stack[i] = (char)i;
    return status;
}

static int
leave_tasks_to_be_cancelled(void *arg)
{
    for (int i = 0; i < TO_BE_CANCELLED; ++i)
        OK(filch_spawn(NULL, wait_and_write_all_over_the_stack, arg));
    return 0;
}

/* The worker that tells of a task's end is still on the stack of that. */
TEST(what_a_task_left_on_its_stack_is_no_race_where_the_run_ends_with_it)
{
    disturb_begin(0);
    run_on(test_workers(), leave_tasks_to_be_cancelled, NULL);
    CHECK(disturb_count() > 0);
}
