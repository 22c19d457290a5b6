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
