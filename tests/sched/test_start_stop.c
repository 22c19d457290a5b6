/* filch_start, filch_submit, filch_stop: a runtime beside one's own thread. */
#include "../harness/harness.h"

static filch_event gate;
static atomic_int ran, cancelled;

static filch_runtime *
start(void)
{
    filch_runtime *runtime = NULL;
    filch_config config = {.workers = test_workers()};
    OK(filch_start(&runtime, &config));
    CHECK(runtime != NULL);
    return runtime;
}

static int
give(void *arg)
{
    atomic_fetch_add(&ran, 1);
    return (int)(intptr_t)arg;
}

static int
wait_at_gate(void *arg)
{
    int status = filch_event_wait(&gate);
    if (status == ECANCELED)
        atomic_fetch_add(&cancelled, 1);
    return arg ? (int)(intptr_t)arg : status;
}

/* --- Submitting ---------------------------------------------------------- */

TEST(submit_runs_a_task_on_that_runtime)
{
    filch_runtime *runtime = start();
    filch_task *task;
    OK(filch_submit(runtime, &task, give, (void *)42));
    EQ(42, join(task));
    OK(filch_stop(runtime));
}

TEST(submit_without_a_handle_detaches_the_task)
{
    filch_runtime *runtime = start();
    for (int i = 0; i < 1000; ++i)
        OK(filch_submit(runtime, NULL, give, NULL));
    UNTIL(atomic_load(&ran) == 1000);
    OK(filch_stop(runtime));
}

static atomic_bool held_up;
static atomic_int first_look;

static int
hold_up(void *arg)
{
    (void)arg;
    while (atomic_load(&held_up))
        sched_yield();
    return 0;
}

static int
look(void *arg)
{
    atomic_store(&first_look, atomic_load(&ran));
    return arg != NULL;
}

static int
give_and_spawn(void *arg)
{
    if (atomic_fetch_add(&ran, 1) == 1000)
        OK(filch_spawn(NULL, look, arg));
    return 0;
}

TEST(task_that_is_spawned_while_many_are_submitted_need_not_wait_for_all)
{
    filch_config config = {.workers = 1};
    filch_runtime *runtime;
    OK(filch_start(&runtime, &config));
    atomic_store(&held_up, true);
    OK(filch_submit(runtime, NULL, hold_up, NULL));
    for (int i = 0; i < 20000; ++i)
        OK(filch_submit(runtime, NULL, give_and_spawn, NULL));
    atomic_store(&held_up, false);
    UNTIL(atomic_load(&ran) == 20000);
    CHECK(atomic_load(&first_look) > 0 && atomic_load(&first_look) < 2000);
    OK(filch_stop(runtime));
}

static void *
submit_in_thread(void *arg)
{
    for (intptr_t i = 0; i < 200; ++i) {
        filch_task *task;
        OK(filch_submit(arg, &task, give, (void *)i));
        if (i % 2)
            EQ(i, join(task));
        else
            filch_task_release(task);
    }
    return NULL;
}

TEST(submit_may_be_called_by_many_threads_at_once)
{
    filch_runtime *runtime = start();
    pthread_t threads[6];
    for (int i = 0; i < 6; ++i)
        threads[i] = thread_start(submit_in_thread, runtime);
    for (int i = 0; i < 6; ++i)
        thread_join(threads[i]);
    UNTIL(atomic_load(&ran) == 1200);
    OK(filch_stop(runtime));
}

static int
submit_to_own(void *arg)
{
    filch_task *task;
    CHECK(filch_runtime_current() == arg);
    OK(filch_submit(arg, &task, give, (void *)3));
    EQ(3, join(task));
    return 0;
}

TEST(submit_may_be_called_by_a_task_of_that_runtime)
{
    filch_runtime *runtime = start();
    filch_task *task;
    OK(filch_submit(runtime, &task, submit_to_own, runtime));
    EQ(0, join(task));
    OK(filch_stop(runtime));
}

static filch_runtime *stopping;

static int
submit_when_cancelled(void *arg)
{
    filch_task *task;
    FAILS(ECANCELED, filch_event_wait(&gate));
    FAILS(ESHUTDOWN, filch_submit(stopping, &task, give, NULL));
    FAILS(ESHUTDOWN, filch_submit(stopping, NULL, give, NULL));
    OK(filch_spawn(NULL, wait_at_gate, arg)); /* which starts cancelled */
    return 0;
}

TEST(submit_to_a_runtime_that_is_being_stopped_is_ESHUTDOWN)
{
    stopping = start();
    OK(filch_submit(stopping, NULL, submit_when_cancelled, NULL));
    OK(filch_stop(stopping));
    EQ(0, atomic_load(&ran));
    EQ(1, atomic_load(&cancelled));
}

/* --- Stopping ------------------------------------------------------------ */

TEST(stop_cancels_what_is_alive_and_waits_until_it_has_ended)
{
    filch_runtime *runtime = start();
    filch_task *task;
    for (int i = 0; i < 100; ++i)
        OK(filch_submit(runtime, NULL, wait_at_gate, NULL));
    OK(filch_submit(runtime, &task, wait_at_gate, (void *)9));
    OK(filch_stop(runtime));
    EQ(101, atomic_load(&cancelled));
    EQ(9, join(task));
}

TEST(stop_of_a_runtime_that_never_ran_a_task_works)
{
    for (int i = 0; i < 20; ++i)
        OK(filch_stop(start()));
}

static int
stop_own(void *arg)
{
    (void)arg;
    return filch_stop(filch_runtime_current());
}

static void
stop_in_callback(void *arg)
{
    FAILS(EDEADLK, filch_stop(filch_runtime_current()));
    filch_event_set(arg);
}

static int
call_stopper(void *arg)
{
    static filch_event done;
    (void)arg;
    OK(filch_call_soon(stop_in_callback, &done));
    return filch_event_wait(&done);
}

TEST(stop_of_no_runtime_is_EINVAL)
{
    FAILS(EINVAL, filch_stop(NULL));
}

TEST(stop_in_a_task_or_callback_of_that_runtime_is_EDEADLK)
{
    filch_runtime *runtime = start();
    filch_task *task;
    OK(filch_submit(runtime, &task, stop_own, NULL));
    EQ(EDEADLK, join(task));
    OK(filch_submit(runtime, &task, call_stopper, NULL));
    EQ(0, join(task));
    OK(filch_stop(runtime));
}

static int
stop_other(void *arg)
{
    return filch_stop(arg);
}

TEST(stop_may_be_called_by_another_runtimes_task)
{
    filch_runtime *one = start(), *two = start();
    filch_task *task;
    OK(filch_submit(two, NULL, wait_at_gate, NULL));
    OK(filch_submit(one, &task, stop_other, two));
    EQ(0, join(task));
    EQ(1, atomic_load(&cancelled));
    OK(filch_stop(one));
}

/* --- Several at once ----------------------------------------------------- */

static filch_queue ping, pong;

static int
echo(void *arg)
{
    void *item;
    (void)arg;
    while (filch_queue_get(&ping, &item) == 0)
        OK(filch_queue_put(&pong, item));
    return filch_queue_shutdown(&pong, false);
}

static int
call_out(void *arg)
{
    void *item;
    for (intptr_t i = 0; i < 1000; ++i) {
        OK(filch_queue_put(&ping, (void *)i));
        OK(filch_queue_get(&pong, &item));
        EQ(i, (intptr_t)item);
    }
    OK(filch_queue_shutdown(&ping, false));
    FAILS(ESHUTDOWN, filch_queue_get(&pong, &item));
    return arg != NULL;
}

TEST(runtimes_live_beside_each_other_and_share_primitives)
{
    filch_runtime *one = start(), *two = start();
    filch_task *caller, *echoer;
    OK(filch_queue_init(&ping, 1));
    OK(filch_queue_init(&pong, 1));
    OK(filch_submit(one, &echoer, echo, NULL));
    OK(filch_submit(two, &caller, call_out, NULL));
    EQ(0, join(caller));
    EQ(0, join(echoer));
    OK(filch_stop(one));
    OK(filch_stop(two));
    OK(filch_queue_destroy(&ping));
    OK(filch_queue_destroy(&pong));
}

static int
join_foreign(void *arg)
{
    return join(arg);
}

TEST(task_may_join_a_task_of_another_runtime)
{
    filch_runtime *one = start(), *two = start();
    filch_task *child, *joiner;
    OK(filch_submit(one, &child, wait_at_gate, (void *)8));
    OK(filch_submit(two, &joiner, join_foreign, child));
    filch_event_set(&gate);
    EQ(8, join(joiner));
    OK(filch_stop(one));
    OK(filch_stop(two));
}

static void *
run_in_thread(void *arg)
{
    filch_config config = {.workers = test_workers()};
    for (intptr_t i = 0; i < 10; ++i)
        EQ(i, filch_run(&config, give, (void *)i));
    return arg;
}

TEST(run_may_be_called_by_several_threads_at_once)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; ++i)
        threads[i] = thread_start(run_in_thread, NULL);
    for (int i = 0; i < 4; ++i)
        thread_join(threads[i]);
    EQ(40, atomic_load(&ran));
}

/* --- Callbacks at the end ------------------------------------------------- */

enum { CALLBACKS = 8 };

static void
take_time_and_come_again(void *arg)
{
    compute_until(filch_after(FILCH_US(500)));
    OK(filch_call_soon(take_time_and_come_again, arg));
}

static int
arm_all(void *arg)
{
    for (int i = 0; i < CALLBACKS; ++i)
        OK(filch_call_soon(take_time_and_come_again, NULL));
    return arg != NULL;
}

/* Most of the time one of them runs, on one worker or another. */
TEST(stop_returns_although_callbacks_come_again_and_again)
{
    for (int round = 0; round < 5; ++round) {
        filch_runtime *runtime = start();
        filch_task *task;
        OK(filch_submit(runtime, &task, arm_all, NULL));
        EQ(0, join(task));
        OK(filch_stop(runtime));
    }
}

/* --- Threads that go on submitting ----------------------------------------- */

static atomic_int refused;

static void *
submit_until_refused_often(void *arg)
{
    int mine = 0;
    while (mine < 200000) {
        int error = filch_submit(arg, NULL, give, NULL);
        CHECK(error == 0 || error == ESHUTDOWN || error == ENOMEM);
        mine += error == ESHUTDOWN;
        atomic_fetch_add(&refused, error == ESHUTDOWN);
    }
    return NULL;
}

/* Stops it while they are at it; they end before it is gone. */
static int
stop_then_end(void *arg)
{
    (void)arg;
    int status = filch_event_wait(&gate);
    filch_shield_begin();
    while (atomic_load(&refused) < 8 * 200000)
        OK(filch_sleep(FILCH_MS(1)));
    filch_shield_end();
    return status;
}

TEST(stop_cancels_although_threads_go_on_submitting)
{
    filch_runtime *runtime = start();
    filch_task *task;
    pthread_t threads[8];
    OK(filch_submit(runtime, &task, stop_then_end, NULL));
    for (int i = 0; i < 8; ++i)
        threads[i] = thread_start(submit_until_refused_often, runtime);
    OK(filch_stop(runtime));
    for (int i = 0; i < 8; ++i)
        thread_join(threads[i]);
    EQ(ECANCELED, join(task));
}
