/* Cancelling tasks, and shielding from it. */
#include "../harness/harness.h"

static filch_event gate;
static atomic_int ran;

static int
wait_at_gate(void *arg)
{
    (void)arg;
    return filch_event_wait(&gate);
}

/* --- Requests ------------------------------------------------------------ */

static int
run_cancelled(void *arg)
{
    (void)arg;
    atomic_fetch_add(&ran, 1);
    CHECK(filch_cancelled());
    return filch_sleep(FILCH_SEC(3600));
}

/* On one worker, since the task must not start before it is cancelled. */
ONE_WORKER_TEST(cancel_of_a_task_that_has_not_started_lets_it_run_its_body)
{
    filch_task *task = spawn(run_cancelled, NULL);
    OK(filch_cancel(task));
    EQ(ECANCELED, join(task));
    EQ(1, atomic_load(&ran));
}

static int
try_again(void *arg)
{
    (void)arg;
    FAILS(ECANCELED, filch_event_wait(&gate));
    for (int i = 0; i < 10; ++i) {
        FAILS(ECANCELED, filch_sleep(0));
        FAILS(ECANCELED, filch_event_wait(&gate));
    }
    return 0;
}

TASK_TEST(cancel_makes_every_further_suspending_call_return_ECANCELED)
{
    filch_task *task = park(try_again, NULL);
    OK(filch_cancel(task));
    EQ(0, join(task));
}

static int
do_without_suspending(void *arg)
{
    static filch_queue queue;
    static filch_lock lock;
    void *item;
    (void)arg;
    OK(filch_cancel(filch_current()));
    OK(filch_queue_put_nowait(&queue, NULL));
    OK(filch_queue_get_nowait(&queue, &item));
    OK(filch_lock_try_acquire(&lock));
    OK(filch_lock_release(&lock));
    filch_yield();
    OK(filch_queue_destroy(&queue));
    return 0;
}

TASK_TEST(cancel_of_oneself_leaves_calls_that_do_not_suspend_alone)
{
    EQ(0, join(spawn(do_without_suspending, NULL)));
}

static int
give(void *arg)
{
    return (int)(intptr_t)arg;
}

TASK_TEST(cancel_of_a_task_that_has_ended_gives_0_and_changes_nothing)
{
    filch_task *task = spawn(give, (void *)7);
    UNTIL(filch_task_done(task));
    OK(filch_cancel(task));
    OK(filch_cancel(task));
    EQ(7, join(task));
}

TASK_TEST(cancel_twice_is_the_same_as_once)
{
    filch_task *task = park(try_again, NULL);
    OK(filch_cancel(task));
    OK(filch_cancel(task));
    EQ(0, join(task));
}

static int
compute(void *arg)
{
    UNTIL(filch_cancelled());
    return arg == NULL ? 5 : 6;
}

TASK_TEST(cancel_is_told_to_a_task_that_computes_and_its_status_is_its_own)
{
    filch_task *task = park(compute, NULL);
    OK(filch_cancel(task));
    EQ(5, join(task));
}

static filch_event callback_returned;

static void
cancel_in_callback(void *arg)
{
    OK(filch_cancel(arg));
    filch_event_set(&callback_returned);
}

static void *
cancel_in_thread(void *arg)
{
    OK(filch_cancel(arg));
    return NULL;
}

TASK_TEST(cancel_may_be_called_in_a_callback_and_on_a_plain_thread)
{
    filch_task *task = park(wait_at_gate, NULL);
    OK(filch_call_soon(cancel_in_callback, task));
    OK(filch_event_wait(&callback_returned));
    EQ(ECANCELED, join(task));

    task = park(wait_at_gate, NULL);
    pthread_t thread = thread_start(cancel_in_thread, task);
    thread_join(thread);
    EQ(ECANCELED, join(task));
}

TASK_TEST(cancel_of_a_parent_leaves_its_children_alone)
{
    filch_task *child = park(wait_at_gate, NULL);
    filch_shield_begin();
    OK(filch_cancel(filch_current()));
    CHECK(!filch_task_done(child));
    filch_event_set(&gate);
    EQ(0, join(child));
    filch_shield_end();
}

TEST(cancelled_is_false_on_a_plain_thread)
{
    CHECK(!filch_cancelled());
    filch_shield_begin(); /* outside a task these do nothing */
    filch_shield_end();
    filch_shield_end();
    CHECK(!filch_cancelled());
}

TASK_TEST(cancelled_is_false_until_the_request_and_true_ever_after)
{
    CHECK(!filch_cancelled());
    OK(filch_cancel(filch_current()));
    CHECK(filch_cancelled());
    FAILS(ECANCELED, filch_sleep(0));
    CHECK(filch_cancelled());
    filch_shield_begin();
    CHECK(filch_cancelled());
    filch_shield_end();
}

/* --- Shields ------------------------------------------------------------- */

TASK_TEST(shield_keeps_a_cancel_from_suspending_calls_while_it_lasts)
{
    OK(filch_cancel(filch_current()));
    FAILS(ECANCELED, filch_sleep(0));
    filch_shield_begin();
    OK(filch_sleep(0));
    OK(filch_sleep(FILCH_MS(1)));
    filch_shield_end();
    FAILS(ECANCELED, filch_sleep(0));
}

TASK_TEST(shields_nest)
{
    OK(filch_cancel(filch_current()));
    filch_shield_begin();
    filch_shield_begin();
    OK(filch_sleep(0));
    filch_shield_end();
    OK(filch_sleep(0));
    filch_shield_end();
    FAILS(ECANCELED, filch_sleep(0));
}

static filch_event done_with_shield;

static int
wait_shielded(void *arg)
{
    (void)arg;
    filch_shield_begin();
    OK(filch_event_wait(&gate));
    CHECK(filch_cancelled());
    filch_shield_end();
    filch_event_set(&done_with_shield);
    return filch_sleep(0);
}

TASK_TEST(shield_keeps_a_cancel_that_comes_during_a_wait_pending)
{
    filch_task *task = park(wait_shielded, NULL);
    OK(filch_cancel(task));
    for (int i = 0; i < 100; ++i)
        let_others_run();
    CHECK(!filch_task_done(task) && !filch_event_is_set(&done_with_shield));
    filch_event_set(&gate);
    EQ(ECANCELED, join(task));
}

/* --- Races --------------------------------------------------------------- */

/* Whoever is first, the task ends once, by the one or by the other. */
TASK_TEST(cancel_and_wake_at_the_same_time_end_the_wait_once)
{
    for (int i = 0; i < (UNDER_SANITIZER ? 500 : 5000); ++i) {
        filch_task *task;
        filch_event_clear(&gate);
        task = spawn(wait_at_gate, NULL);
        if (i % 3)
            filch_yield();
        if (i % 2)
            OK(filch_cancel(task));
        filch_event_set(&gate);
        if (i % 2 == 0)
            OK(filch_cancel(task));
        int status = join(task);
        CHECK(status == 0 || status == ECANCELED);
    }
}

static void *
cancel_all_in_thread(void *arg)
{
    filch_task **tasks = arg;
    for (int i = 0; i < 50; ++i)
        OK(filch_cancel(tasks[i]));
    return NULL;
}

static int
sleep_a_little(void *arg)
{
    int status = filch_sleep(FILCH_US((intptr_t)arg));
    CHECK(status == 0 || status == ECANCELED);
    return 0;
}

TASK_TEST(cancel_races_with_timers_and_with_the_end_of_tasks)
{
    for (int round = 0; round < 20; ++round) {
        filch_task *tasks[50];
        for (intptr_t i = 0; i < 50; ++i)
            tasks[i] = spawn(sleep_a_little, (void *)(i * 2));
        pthread_t thread = thread_start(cancel_all_in_thread, tasks);
        for (int i = 0; i < 50; ++i)
            OK(filch_cancel(tasks[49 - i]));
        thread_join(thread);
        for (int i = 0; i < 50; ++i)
            EQ(0, join(tasks[i]));
    }
}
