/* Time that jumps to the next timer. */
#include "../harness/harness.h"
#include "sched/worker.h"

enum { SLEEPERS = 10000 };

static filch_time deadlines[SLEEPERS], begun;
static int woken;
static filch_event event;

static int
sleep_until(void *arg)
{
    filch_time when = *(filch_time *)arg;
    OK(filch_sleep_until(when));
    EQ(when, filch_now());
    CHECK(woken == 0 || begun <= when);
    begun = when;
    ++woken;
    return 0;
}

static int
many_sleepers(void *arg)
{
    filch_task *tasks[SLEEPERS];
    uint64_t state = 1;
    (void)arg;
    filch_time start = filch_now();
    for (int i = 0; i < SLEEPERS; ++i) {
        deadlines[i] = start + chance(&state, 3600u * 1000) * FILCH_MS(1);
        tasks[i] = spawn(sleep_until, &deadlines[i]);
    }
    for (int i = 0; i < SLEEPERS; ++i)
        EQ(0, join(tasks[i]));
    EQ(SLEEPERS, woken);
    return 0;
}

TEST(ten_thousand_sleep_up_to_an_hour_and_wake_by_their_deadlines)
{
    filch_time start = filch_now();
    OK(filch_run(&(filch_config){.virtual_time = true}, many_sleepers, NULL));
    printf("%d tasks slept up to an hour, in %.3f s\n", SLEEPERS,
           (double)(filch_now() - start) / 1e9);
    woken = 0;
    OK(filch_run(&(filch_config){.seed = 5}, many_sleepers, NULL));
}

static int
measure(void *arg)
{
    filch_time start = filch_now();
    (void)arg;
    OK(filch_sleep(FILCH_SEC(86400)));
    EQ(FILCH_SEC(86400), filch_now() - start);
    FAILS(ETIMEDOUT, filch_event_wait_until(&event, filch_after(FILCH_MS(5))));
    EQ(FILCH_SEC(86400) + FILCH_MS(5), filch_now() - start);
    return 0;
}

/* What calls take then does not lead past it. */
static int
wait_for_the_end_of_time(void *arg)
{
    (void)arg;
    FAILS(ETIMEDOUT, filch_event_wait_until(&event, FILCH_NEVER - 1));
    for (int i = 0; i < 2000; ++i)
        CHECK(filch_now() == FILCH_NEVER - 1);
    for (int i = 0; i < 20; ++i)
        filch_yield();
    CHECK(filch_now() == FILCH_NEVER - 1);
    CHECK(filch_after(FILCH_SEC(1)) == FILCH_NEVER);
    return 0;
}

TEST(time_stays_where_the_last_deadline_that_there_can_be_has_come)
{
    OK(filch_run(&(filch_config){.virtual_time = true},
                 wait_for_the_end_of_time, NULL));
}

TEST(sleeps_and_deadlines_take_just_as_long_as_they_say)
{
    OK(filch_run(&(filch_config){.virtual_time = true}, measure, NULL));
    OK(filch_run(&(filch_config){.seed = 1}, measure, NULL));
}

static void
open_event(void *arg)
{
    filch_event_set(arg);
}

/* Each way to wait for time without suspending. */
static int
poll(void *arg)
{
    (void)arg;
    compute_until(filch_after(FILCH_MS(3)));
    OK(filch_call_later(NULL, FILCH_SEC(1), open_event, &event));
    UNTIL(filch_event_is_set(&event));
    filch_event_clear(&event);
    OK(filch_call_later(NULL, FILCH_SEC(1), open_event, &event));
    while (!filch_event_is_set(&event))
        ;
    return 0;
}

TEST(who_polls_for_time_to_pass_does_not_wait_for_ever)
{
    OK(filch_run(&(filch_config){.virtual_time = true}, poll, NULL));
    for (uint64_t seed = 1; seed < 5; ++seed) {
        filch_event_clear(&event);
        OK(filch_run(&(filch_config){.seed = seed}, poll, NULL));
    }
}

static int
poll_again(void *arg)
{
    filch_event_clear(&event);
    return poll(arg);
}

/* Each task and each timer has a priority: the one that polls may have the higher. */
TEST(who_polls_for_time_to_pass_does_not_wait_for_ever_though_it_goes_first)
{
    OK(setenv("FILCH_POLICY", "pct:1", 1));
    for (uint64_t seed = 1; seed < 9; ++seed)
        OK(filch_run(&(filch_config){.seed = seed}, poll_again, NULL));
    OK(unsetenv("FILCH_POLICY"));
}

static filch_timer eager;
static atomic_bool over;

static void
be_always_late(void *arg)
{
    if (!atomic_load(&over))
        OK(filch_call_at(&eager, 1, be_always_late, arg));
}

static int
sleep_beside_it(void *arg)
{
    atomic_store(&over, false);
    be_always_late(arg);
    OK(filch_sleep(FILCH_MS(2)));
    atomic_store(&over, true);
    OK(filch_timer_cancel_wait(&eager));
    return 0;
}

TEST(callback_that_is_always_late_keeps_no_other_timer_waiting)
{
    OK(filch_run(&(filch_config){.virtual_time = true}, sleep_beside_it, NULL));
    for (uint64_t seed = 1; seed < 5; ++seed)
        OK(filch_run(&(filch_config){.seed = seed}, sleep_beside_it, NULL));
}

static int order_of[3], calls;
static filch_timer first, second, armed_late;

static void
note(void *arg)
{
    *(int *)arg = ++calls;
    if (arg == &order_of[0])
        OK(filch_call_at(&armed_late, 1, note, &order_of[2]));
}

static int
arm_one_in_a_callback(void *arg)
{
    filch_time when = filch_after(FILCH_MS(1));
    OK(filch_call_at(&first, when, note, &order_of[0]));
    OK(filch_call_at(&second, when, note, &order_of[1]));
    OK(filch_sleep(FILCH_MS(2)));
    for (int i = 0; i < 3; ++i)
        EQ(i + 1, order_of[i]);
    return arg != NULL;
}

TEST(what_a_callback_arms_comes_after_what_was_due_before_it_however_early)
{
    OK(filch_run(&(filch_config){.virtual_time = true}, arm_one_in_a_callback,
                 NULL));
}

/* While no timer is armed. */
static int
yield_until(void *arg)
{
    while (filch_now() < *(filch_time *)arg)
        filch_yield();
    return 0;
}

static int
yield_both(void *arg)
{
    filch_time when = filch_after(FILCH_MS(2));
    filch_task *other = spawn(yield_until, &when);
    EQ(0, yield_until(&when));
    EQ(0, join(other));
    when = filch_after(FILCH_MS(2));
    EQ(0, yield_until(&when));
    return arg != NULL;
}

TEST(who_yields_until_a_time_comes_to_it_though_no_timer_is_armed)
{
    OK(filch_run(&(filch_config){.virtual_time = true}, yield_both, NULL));
    OK(filch_run(&(filch_config){.seed = 7}, yield_both, NULL));
}

static atomic_bool woken_late;

static int
sleep_long(void *arg)
{
    OK(filch_sleep(FILCH_SEC(1000)));
    atomic_store(&woken_late, true);
    return arg != NULL;
}

static int
poll_for_it(void *arg)
{
    (void)arg;
    while (!atomic_load(&woken_late)) {
        (void)filch_event_is_set(&event); /* where it may be interrupted */
        filch_yield();
    }
    return 0;
}

static int
poll_both(void *arg)
{
    atomic_store(&woken_late, false);
    filch_task *sleeper = spawn(sleep_long, arg);
    filch_task *other = spawn(poll_for_it, arg);
    EQ(0, poll_for_it(arg));
    EQ(0, join(other));
    EQ(0, join(sleeper));
    return 0;
}

TEST(several_who_yield_and_are_interrupted_come_to_a_far_time)
{
    for (uint64_t seed = 1; seed < 9; ++seed)
        OK(filch_run(&(filch_config){.seed = seed}, poll_both, NULL));
}

static void
look_again(void *arg)
{
    if (!atomic_load(&woken_late))
        OK(filch_call_soon(look_again, arg));
}

static int
poll_by_callbacks(void *arg)
{
    atomic_store(&woken_late, false);
    OK(filch_call_soon(look_again, arg));
    OK(filch_sleep(FILCH_MS(2)));
    atomic_store(&woken_late, true);
    return 0;
}

TEST(callbacks_that_arm_themselves_for_now_do_not_stop_time)
{
    OK(filch_run(&(filch_config){.virtual_time = true}, poll_by_callbacks,
                 NULL));
    OK(filch_run(&(filch_config){.seed = 3}, poll_by_callbacks, NULL));
}

static filch_event opened;

static int
wait_for_long(void *arg)
{
    (void)arg;
    return filch_event_wait_until(&opened, filch_after(FILCH_SEC(1000)));
}

static int
be_busy(void *arg)
{
    filch_task *waiter = spawn(wait_for_long, arg);
    for (int i = 0; i < 5000; ++i)
        filch_yield();
    for (int i = 0; i < 15000; ++i)
        CHECK(!filch_event_is_set(&opened));
    filch_event_set(&opened);
    EQ(0, join(waiter));
    filch_event_clear(&opened);
    return 0;
}

TEST(no_far_deadline_passes_while_a_task_yields_or_calls_some_thousand_times)
{
    OK(filch_run(&(filch_config){.virtual_time = true}, be_busy, NULL));
    for (uint64_t seed = 1; seed < 5; ++seed)
        OK(filch_run(&(filch_config){.seed = seed}, be_busy, NULL));
}

/* Two who wake each other, and never yield. */
static filch_event ping, pong;

static int
answer(void *arg)
{
    for (int i = 0; i < 60000; ++i) {
        OK(filch_event_wait(&ping));
        filch_event_clear(&ping);
        filch_event_set(&pong);
    }
    return arg != NULL;
}

static int
ask(void *arg)
{
    filch_task *other = spawn(answer, arg);
    filch_time before = filch_now();
    for (int i = 0; i < 60000; ++i) {
        filch_event_set(&ping);
        OK(filch_event_wait(&pong));
        filch_event_clear(&pong);
    }
    EQ(0, join(other));
    CHECK(filch_now() > before);
    return 0;
}

TEST(time_passes_where_tasks_wake_each_other_without_end)
{
    OK(filch_run(&(filch_config){.virtual_time = true}, ask, NULL));
}

static int
look_at_the_clock(void *arg)
{
    *(filch_time *)arg = filch_now();
    return 0;
}

TEST(a_second_runtime_at_the_same_time_has_the_real_time)
{
    filch_runtime *runtime;
    filch_task *task;
    filch_time seen, before = filch_now();
    OK(filch_start(&runtime, &(filch_config){.workers = 1}));
    OK(filch_run(&(filch_config){.virtual_time = true}, measure, NULL));
    OK(filch_submit(runtime, &task, look_at_the_clock, &seen));
    EQ(0, join(task));
    CHECK(seen >= before && seen <= filch_now());
    OK(filch_stop(runtime));
}

static int
sleep_for_thirty_years(void *arg)
{
    OK(filch_sleep(FILCH_SEC(1000000000)));
    return arg != NULL;
}

/* A look behind the scenes, so not for the sanitizer. */
static __attribute__((no_sanitize("thread"))) int
find_timers_in_the_present(void *arg)
{
    CHECK(fl_me()->worker->timers->round_at <= filch_now());
    return arg != NULL;
}

TEST(timers_that_are_used_again_know_nothing_of_a_time_that_was_virtual)
{
    OK(filch_run(&(filch_config){.virtual_time = true}, sleep_for_thirty_years,
                 NULL));
    OK(filch_run(&(filch_config){.workers = 1}, find_timers_in_the_present,
                 NULL));
}
