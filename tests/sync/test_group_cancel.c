/* Groups that are cancelled, and waits that are given up. */
#include "../harness/harness.h"

static filch_group group;
static filch_event gate;
static atomic_int begun, cancelled, ended;

/* Waits for the gate, and cleans up shielded when it is cancelled instead. */
static int
work(void *arg)
{
    atomic_fetch_add(&begun, 1);
    int status = filch_event_wait(&gate);
    if (status == ECANCELED) {
        atomic_fetch_add(&cancelled, 1);
        filch_shield_begin();
        OK(filch_sleep(FILCH_MS(1)));
        filch_shield_end();
    }
    atomic_fetch_add(&ended, 1);
    return arg ? (int)(intptr_t)arg : status;
}

static void
spawn_work(filch_group *in, int n, int status)
{
    int before = atomic_load(&begun);
    for (int i = 0; i < n; ++i)
        OK(filch_group_spawn(in, work, (void *)(intptr_t)status));
    UNTIL(atomic_load(&begun) >= before + n);
}

/* --- Cancelling a group -------------------------------------------------- */

TASK_TEST(group_cancel_cancels_all_tasks_and_is_no_failure)
{
    spawn_work(&group, 20, 0);
    OK(filch_group_cancel(&group));
    OK(filch_group_wait(&group));
    EQ(20, atomic_load(&cancelled));
    EQ(20, atomic_load(&ended));
    OK(filch_group_destroy(&group));
}

TASK_TEST(group_cancel_lets_a_task_fail_nevertheless)
{
    spawn_work(&group, 5, EIO);
    OK(filch_group_cancel(&group));
    EQ(EIO, filch_group_wait(&group));
    EQ(5, atomic_load(&ended));
}

TASK_TEST(group_that_was_cancelled_takes_no_tasks_until_a_wait_has_returned)
{
    OK(filch_group_cancel(&group));
    OK(filch_group_cancel(&group));
    FAILS(ECANCELED, filch_group_spawn(&group, work, NULL));
    OK(filch_group_destroy(&group));
    FAILS(ECANCELED, filch_group_spawn(&group, work, NULL));
    OK(filch_group_wait(&group));
    spawn_work(&group, 1, 0);
    filch_event_set(&gate);
    OK(filch_group_wait(&group));
    EQ(0, atomic_load(&cancelled));
}

ONE_WORKER_TEST(group_cancel_reaches_tasks_that_have_not_started)
{
    for (int i = 0; i < 5; ++i)
        OK(filch_group_spawn(&group, work, NULL));
    EQ(0, atomic_load(&begun));
    OK(filch_group_cancel(&group));
    OK(filch_group_wait(&group));
    EQ(5, atomic_load(&cancelled));
}

static int
cancel_own_group(void *arg)
{
    OK(filch_group_cancel(arg));
    CHECK(filch_cancelled());
    return filch_sleep(0);
}

TASK_TEST(group_may_be_cancelled_by_one_of_its_tasks)
{
    spawn_work(&group, 3, 0);
    OK(filch_group_spawn(&group, cancel_own_group, &group));
    OK(filch_group_wait(&group));
    EQ(3, atomic_load(&cancelled));
}

static void
cancel_in_callback(void *arg)
{
    OK(filch_group_cancel(arg));
}

static void *
cancel_in_thread(void *arg)
{
    OK(filch_group_cancel(arg));
    return NULL;
}

TASK_TEST(group_may_be_cancelled_in_a_callback_and_by_a_plain_thread)
{
    spawn_work(&group, 3, 0);
    OK(filch_call_soon(cancel_in_callback, &group));
    OK(filch_group_wait(&group));
    spawn_work(&group, 3, 0);
    pthread_t thread = thread_start(cancel_in_thread, &group);
    OK(filch_group_wait(&group));
    thread_join(thread);
    EQ(6, atomic_load(&cancelled));
}

/* --- A wait that is cancelled -------------------------------------------- */

/* Spawns 4 tasks that end with that status, and waits for them. */
static int
wait_for_work(void *arg)
{
    filch_group own = FILCH_GROUP_INIT;
    spawn_work(&own, 4, (int)(intptr_t)arg);
    int status = filch_group_wait(&own);
    EQ(4, atomic_load(&ended));
    CHECK(filch_cancelled());
    FAILS(ECANCELED, filch_sleep(0));
    OK(filch_group_destroy(&own));
    return status;
}

TASK_TEST(group_wait_that_is_cancelled_cancels_the_tasks_and_waits_for_them)
{
    filch_task *task = spawn(wait_for_work, NULL);
    UNTIL(atomic_load(&begun) == 4);
    OK(filch_cancel(task));
    EQ(ECANCELED, join(task));
    EQ(4, atomic_load(&cancelled));
}

TASK_TEST(group_wait_that_is_cancelled_returns_a_failure_if_there_is_one)
{
    filch_task *task = spawn(wait_for_work, (void *)EIO);
    UNTIL(atomic_load(&begun) == 4);
    OK(filch_cancel(task));
    EQ(EIO, join(task));
    EQ(4, atomic_load(&cancelled));
}

TASK_TEST(group_wait_that_is_cancelled_has_no_deadline_for_the_end)
{
    spawn_work(&group, 4, 0);
    OK(filch_cancel(filch_current()));
    FAILS(ECANCELED, filch_group_wait_until(&group, past()));
    EQ(4, atomic_load(&ended));
}

TASK_TEST(group_wait_looks_at_a_pending_cancel_first_and_leaves_it_as_new)
{
    OK(filch_cancel(filch_current()));
    FAILS(ECANCELED, filch_group_wait(&group));
    OK(filch_group_spawn(&group, work, NULL));
    FAILS(ECANCELED, filch_group_wait(&group));
    OK(filch_group_destroy(&group));
    filch_shield_begin();
    spawn_work(&group, 2, 0);
    filch_event_set(&gate);
    OK(filch_group_wait(&group));
    filch_shield_end();
    EQ(1, atomic_load(&cancelled));
}

static int
wait_shielded(void *arg)
{
    filch_shield_begin();
    int status = filch_group_wait(arg);
    filch_shield_end();
    return status;
}

TASK_TEST(group_wait_under_a_shield_takes_no_notice_of_a_cancel)
{
    spawn_work(&group, 3, 0);
    filch_task *task = park(wait_shielded, &group);
    OK(filch_cancel(task));
    filch_event_set(&gate);
    EQ(0, join(task));
    EQ(0, atomic_load(&cancelled));
}

static int
wait_for_inner_group(void *arg)
{
    filch_group inner = FILCH_GROUP_INIT;
    spawn_work(&inner, 3, (int)(intptr_t)arg);
    int status = filch_group_wait(&inner);
    OK(filch_group_destroy(&inner));
    return status;
}

TASK_TEST(group_cancel_reaches_the_groups_that_its_tasks_wait_for)
{
    for (int i = 0; i < 3; ++i)
        OK(filch_group_spawn(&group, wait_for_inner_group, NULL));
    UNTIL(atomic_load(&begun) == 9);
    OK(filch_group_cancel(&group));
    OK(filch_group_wait(&group));
    EQ(9, atomic_load(&cancelled));
}

static int
fail(void *arg)
{
    return (int)(intptr_t)arg;
}

static int
have_inner_group_fail(void *arg)
{
    filch_group inner = FILCH_GROUP_INIT;
    spawn_work(&inner, 3, 0);
    OK(filch_group_spawn(&inner, fail, arg));
    return filch_group_wait(&inner);
}

TASK_TEST(group_fails_with_a_group_that_one_of_its_tasks_waits_for)
{
    spawn_work(&group, 3, 0);
    OK(filch_group_spawn(&group, have_inner_group_fail, (void *)EIO));
    EQ(EIO, filch_group_wait(&group));
    EQ(6, atomic_load(&cancelled));
}

/* --- A wait that times out ----------------------------------------------- */

TASK_TEST(group_wait_that_times_out_leaves_all_as_it_was)
{
    spawn_work(&group, 3, 0);
    FAILS(ETIMEDOUT, filch_group_wait_until(&group, past()));
    FAILS(ETIMEDOUT, filch_group_wait_until(&group, filch_after(FILCH_MS(2))));
    EQ(0, atomic_load(&cancelled));
    FAILS(EBUSY, filch_group_destroy(&group));
    spawn_work(&group, 3, 0);
    filch_event_set(&gate);
    OK(filch_group_wait(&group));
    EQ(0, atomic_load(&cancelled));
    EQ(6, atomic_load(&ended));
}

TASK_TEST(group_keeps_a_failure_for_a_wait_after_one_that_has_timed_out)
{
    spawn_work(&group, 1, EIO);
    FAILS(ETIMEDOUT, filch_group_wait_until(&group, filch_after(FILCH_MS(2))));
    filch_event_set(&gate);
    UNTIL(filch_group_destroy(&group) == 0);
    EQ(EIO, filch_group_wait_until(&group, past()));
}

TASK_TEST(group_destroy_tells_a_deadline_from_a_task_that_failed_with_ETIMEDOUT)
{
    spawn_work(&group, 1, ETIMEDOUT);
    FAILS(ETIMEDOUT, filch_group_wait_until(&group, past()));
    FAILS(EBUSY, filch_group_destroy(&group));
    filch_event_set(&gate);
    FAILS(ETIMEDOUT, filch_group_wait(&group));
    OK(filch_group_destroy(&group));
}
