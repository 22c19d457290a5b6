/* Tasks that succeed or fail together. */
#include "../harness/harness.h"

static filch_group group;
static filch_event gate;
static atomic_int begun, ran, cancelled;

static int
give(void *arg)
{
    atomic_fetch_add(&ran, 1);
    return (int)(intptr_t)arg;
}

/* Waits for the gate; counts whether it was cancelled. */
static int
wait_at_gate(void *arg)
{
    (void)arg;
    atomic_fetch_add(&begun, 1);
    int status = filch_event_wait(&gate);
    atomic_fetch_add(status == ECANCELED ? &cancelled : &ran, 1);
    return status;
}

/* Spawns into the group, and returns once the tasks have begun. */
static void
spawn_at_gate(int n)
{
    int before = atomic_load(&begun);
    for (int i = 0; i < n; ++i)
        OK(filch_group_spawn(&group, wait_at_gate, NULL));
    UNTIL(atomic_load(&begun) >= before + n);
}

static int
wait_for_group(void *arg)
{
    return filch_group_wait(arg);
}

/* --- Succeeding ---------------------------------------------------------- */

TASK_TEST(group_wait_returns_0_when_all_tasks_have_ended_well)
{
    for (int i = 0; i < 100; ++i)
        OK(filch_group_spawn(&group, give, NULL));
    OK(filch_group_wait(&group));
    EQ(100, atomic_load(&ran));
    OK(filch_group_destroy(&group));
}

TASK_TEST(group_wait_waits_for_the_last_task)
{
    filch_task *waiter;
    spawn_at_gate(3);
    waiter = park(wait_for_group, &group);
    for (int i = 0; i < 20; ++i)
        let_others_run();
    CHECK(!filch_task_done(waiter));
    filch_event_set(&gate);
    EQ(0, join(waiter));
    EQ(3, atomic_load(&ran));
}

TASK_TEST(group_without_tasks_is_not_waited_for)
{
    OK(filch_group_wait(&group));
    OK(filch_group_wait_until(&group, past()));
    OK(filch_group_destroy(&group));
}

TASK_TEST(group_may_be_used_again_after_each_wait)
{
    OK(filch_group_init(&group));
    for (int i = 0; i < 100; ++i) {
        OK(filch_group_spawn(&group, give, NULL));
        OK(filch_group_spawn(&group, give, (void *)(intptr_t)(i % 3)));
        EQ(i % 3, filch_group_wait(&group));
    }
    EQ(200, atomic_load(&ran));
}

static int
spawn_two(void *arg)
{
    intptr_t depth = (intptr_t)arg;
    atomic_fetch_add(&ran, 1);
    for (int i = 0; i < 2 && depth > 0; ++i)
        OK(filch_group_spawn(&group, spawn_two, (void *)(depth - 1)));
    return 0;
}

TASK_TEST(group_is_waited_for_with_what_its_tasks_spawn_into_it)
{
    for (int i = 0; i < 5; ++i) {
        atomic_store(&ran, 0);
        OK(filch_group_spawn(&group, spawn_two, (void *)(intptr_t)9));
        OK(filch_group_wait(&group));
        EQ(1023, atomic_load(&ran));
    }
}

/* --- Failing ------------------------------------------------------------- */

TASK_TEST(group_task_that_fails_cancels_the_others_and_wait_returns_its_status)
{
    spawn_at_gate(10);
    OK(filch_group_spawn(&group, give, (void *)EIO));
    EQ(EIO, filch_group_wait(&group));
    EQ(10, atomic_load(&cancelled));
    EQ(1, atomic_load(&ran));
    OK(filch_group_destroy(&group));
}

static int
fail_when_cancelled(void *arg)
{
    atomic_fetch_add(&begun, 1);
    FAILS(ECANCELED, filch_event_wait(&gate));
    return (int)(intptr_t)arg;
}

TASK_TEST(group_wait_returns_the_first_failure_of_several)
{
    for (int i = 0; i < 10; ++i)
        OK(filch_group_spawn(&group, fail_when_cancelled, (void *)EPIPE));
    UNTIL(atomic_load(&begun) == 10);
    OK(filch_group_spawn(&group, give, (void *)EIO));
    EQ(EIO, filch_group_wait(&group));
}

static int
clean_up_when_cancelled(void *arg)
{
    atomic_fetch_add(&begun, 1);
    FAILS(ECANCELED, filch_event_wait(&gate));
    filch_shield_begin();
    for (int i = 0; i < 50; ++i)
        OK(filch_sleep(FILCH_US(20)));
    filch_shield_end();
    return give(arg);
}

TASK_TEST(group_wait_returns_a_failure_only_after_the_others_have_ended)
{
    for (int i = 0; i < 4; ++i)
        OK(filch_group_spawn(&group, clean_up_when_cancelled, NULL));
    UNTIL(atomic_load(&begun) == 4);
    OK(filch_group_spawn(&group, give, (void *)EIO));
    EQ(EIO, filch_group_wait(&group));
    EQ(5, atomic_load(&ran));
}

static int
tell_whether_cancelled(void *arg)
{
    (void)arg;
    atomic_fetch_add(&cancelled, filch_cancelled());
    return 0;
}

/* On one worker what was spawned last starts first. */
ONE_WORKER_TEST(
    group_task_that_has_not_started_starts_cancelled_after_a_failure)
{
    for (int i = 0; i < 5; ++i)
        OK(filch_group_spawn(&group, tell_whether_cancelled, NULL));
    OK(filch_group_spawn(&group, give, (void *)EIO));
    EQ(EIO, filch_group_wait(&group));
    EQ(5, atomic_load(&cancelled));
}

ONE_WORKER_TEST(group_keeps_a_failure_for_the_wait_and_refuses_tasks_until_then)
{
    OK(filch_group_spawn(&group, give, (void *)EIO));
    UNTIL(atomic_load(&ran) == 1);
    FAILS(ECANCELED, filch_group_spawn(&group, give, NULL));
    OK(filch_group_destroy(&group));
    FAILS(ECANCELED, filch_group_spawn(&group, give, NULL));
    EQ(EIO, filch_group_wait(&group));
    OK(filch_group_wait(&group));
    OK(filch_group_spawn(&group, give, NULL));
    OK(filch_group_wait(&group));
    EQ(2, atomic_load(&ran));
}

TASK_TEST(group_tells_all_who_wait_the_same_failure)
{
    struct crew crew;
    filch_task *tasks[6];
    spawn_at_gate(3);
    crew_start(&crew);
    for (int i = 0; i < 6; ++i)
        tasks[i] = crew_park(&crew, wait_for_group, &group);
    OK(filch_group_spawn(&group, give, (void *)EIO));
    for (int i = 0; i < 6; ++i)
        EQ(EIO, join(tasks[i]));
    crew_stop(&crew);
    OK(filch_group_wait(&group));
    OK(filch_group_spawn(&group, give, NULL));
    OK(filch_group_wait(&group));
}

static filch_task *held;

static int
lend_myself(void *arg)
{
    held = filch_task_hold(filch_current());
    return wait_at_gate(arg);
}

TASK_TEST(group_does_not_notice_that_one_of_its_tasks_was_cancelled)
{
    OK(filch_group_spawn(&group, lend_myself, NULL));
    spawn_at_gate(2);
    UNTIL(atomic_load(&begun) == 3);
    OK(filch_cancel(held));
    EQ(ECANCELED, join(held));
    EQ(1, atomic_load(&cancelled));
    OK(filch_group_spawn(&group, give, NULL));
    filch_event_set(&gate);
    OK(filch_group_wait(&group));
    EQ(1, atomic_load(&cancelled));
    EQ(3, atomic_load(&ran));
}

TASK_TEST(group_task_may_be_joined_as_well)
{
    OK(filch_group_spawn(&group, lend_myself, NULL));
    UNTIL(atomic_load(&begun) == 1);
    filch_event_set(&gate);
    OK(filch_group_wait(&group));
    EQ(0, join(held));
}

/* --- What is refused ----------------------------------------------------- */

TEST(group_spawn_on_a_plain_thread_is_EPERM)
{
    FAILS(EPERM, filch_group_spawn(&group, give, NULL));
    OK(filch_group_cancel(&group));
    FAILS(EPERM, filch_group_spawn(&group, give, NULL));
    OK(filch_group_wait(&group));
    OK(filch_group_destroy(&group));
}

TASK_TEST(group_spawn_without_a_function_is_EINVAL)
{
    FAILS(EINVAL, filch_group_spawn(&group, NULL, NULL));
    OK(filch_group_wait(&group));
}

static int
wait_for_own_group(void *arg)
{
    filch_job job;
    FAILS(EDEADLK, filch_group_wait(arg));
    FAILS(EDEADLK, filch_group_wait_until(arg, past()));
    filch_fork(&job, wait_for_group, arg);
    EQ(EDEADLK, filch_sync(&job));
    OK(filch_cancel(filch_current()));
    FAILS(EDEADLK, filch_group_wait(arg));
    return 0;
}

TASK_TEST(group_wait_in_a_task_of_the_group_is_EDEADLK)
{
    OK(filch_group_spawn(&group, wait_for_own_group, &group));
    OK(filch_group_wait(&group));
}

TASK_TEST(group_destroy_is_EBUSY_while_tasks_are_alive)
{
    spawn_at_gate(1);
    FAILS(EBUSY, filch_group_destroy(&group));
    filch_event_set(&gate);
    OK(filch_group_wait(&group));
    OK(filch_group_destroy(&group));
}

/* --- From elsewhere ------------------------------------------------------ */

static void
spawn_in_callback(void *arg)
{
    OK(filch_group_spawn(&group, give, NULL));
    FAILS(EDEADLK, filch_group_wait(&group));
    filch_event_set(arg);
}

TASK_TEST(group_takes_tasks_from_callbacks)
{
    OK(filch_call_soon(spawn_in_callback, &gate));
    OK(filch_event_wait(&gate));
    OK(filch_group_wait(&group));
    EQ(1, atomic_load(&ran));
}

static int
spawn_failing(void *arg)
{
    spawn_at_gate(3);
    return filch_group_spawn(&group, give, arg);
}

TEST(group_may_be_waited_for_by_a_plain_thread)
{
    filch_config config = {.workers = test_workers()};
    filch_runtime *runtime;
    filch_task *task;
    OK(filch_start(&runtime, &config));
    for (int i = 0; i < 100; ++i) {
        OK(filch_submit(runtime, &task, spawn_failing, (void *)EIO));
        EQ(0, join(task));
        EQ(EIO, filch_group_wait(&group));
        EQ((i + 1) * 3, atomic_load(&cancelled));
    }
    OK(filch_stop(runtime));
}

static int
spawn_one_at_gate(void *arg)
{
    (void)arg;
    spawn_at_gate(1);
    return 0;
}

TEST(group_may_have_tasks_of_several_runtimes)
{
    enum { TASKS = 12 };
    struct crew crew;
    crew_start(&crew);
    for (int i = 0; i < TASKS; ++i)
        EQ(0, join(crew_park(&crew, spawn_one_at_gate, NULL)));
    FAILS(ETIMEDOUT, filch_group_wait_until(&group, past()));
    OK(filch_group_cancel(&group));
    OK(filch_group_wait(&group));
    EQ(TASKS, atomic_load(&cancelled));
    crew_stop(&crew);
}

/* --- The end ------------------------------------------------------------- */

static int
leave_group_behind(void *arg)
{
    (void)arg;
    spawn_at_gate(5);
    return 0;
}

TEST(group_that_nobody_waits_for_ends_with_the_run)
{
    run_on(test_workers(), leave_group_behind, NULL);
    EQ(5, atomic_load(&cancelled));
    OK(filch_group_destroy(&group));
    OK(filch_group_wait(&group));
}

#if !UNDER_SANITIZER
#include <malloc.h>

ONE_WORKER_TEST(group_that_is_not_waited_for_does_not_grow)
{
    size_t before = 0;
    spawn_at_gate(1);
    for (int i = 1; i <= 20000; ++i) {
        OK(filch_group_spawn(&group, give, NULL));
        UNTIL(atomic_load(&ran) == i);
        if (i == 10000)
            before = mallinfo2().uordblks;
    }
    EQ(before, mallinfo2().uordblks);
    OK(filch_group_cancel(&group));
    OK(filch_group_wait(&group));
}
#endif
