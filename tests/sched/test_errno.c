/* errno survives every suspension. */
#include "../harness/calls.h"

static int
run_with_errno(void *arg)
{
    const struct call *call = arg;
    set_errno(1234);
    OK(call->run(PLAIN));
    EQ(1234, get_errno());
    return 0;
}

static int
spoil_errno(void *arg)
{
    set_errno((int)(intptr_t)arg);
    return 0;
}

TASK_TEST(errno_is_what_it_was_after_a_call_that_waited)
{
    EACH_CALL(call)
    {
        call->blocked();
        filch_task *task = park(run_with_errno, (void *)call);
        for (intptr_t i = 0; i < 10; ++i)
            EQ(0, join(spawn(spoil_errno, (void *)i)));
        set_errno(77);
        call->wake();
        EQ(0, join(task));
    }
}

TASK_TEST(errno_is_what_it_was_after_a_call_that_did_not_wait)
{
    EACH_CALL(call)
    {
        if (!call->ready)
            continue;
        call->ready();
        set_errno(4321);
        OK(call->run(PLAIN));
        EQ(4321, get_errno());
    }
}

static int
wander(void *arg)
{
    int mine = (int)(intptr_t)arg;
    filch_job job;
    for (int i = 0; i < 100; ++i) {
        set_errno(mine);
        filch_yield();
        EQ(mine, get_errno());
        OK(filch_sleep(FILCH_US(mine % 7)));
        EQ(mine, get_errno());
        EQ(0, join(spawn(spoil_errno, arg)));
        EQ(mine, get_errno());
        filch_fork(&job, spoil_errno, arg);
        filch_sync(&job);
    }
    return 0;
}

TASK_TEST(errno_stays_with_its_task_wherever_that_goes)
{
    filch_task *tasks[20];
    for (intptr_t i = 0; i < 20; ++i)
        tasks[i] = spawn(wander, (void *)(1000 + i));
    for (int i = 0; i < 20; ++i)
        EQ(0, join(tasks[i]));
}

static filch_event ended;

static void *
wait_in_thread(void *arg)
{
    const struct call *call = arg;
    set_errno(55);
    OK(call->run(PLAIN));
    EQ(55, get_errno());
    filch_event_set(&ended);
    return NULL;
}

TASK_TEST(errno_is_what_it_was_on_a_plain_thread_that_waited)
{
    EACH_CALL(call)
    {
        call->blocked();
        filch_event_clear(&ended);
        pthread_t thread = thread_start(wait_in_thread, (void *)call);
        for (int i = 0; i < 20; ++i)
            let_others_run();
        call->wake();
        OK(filch_event_wait(&ended)); /* the worker may have work for it */
        thread_join(thread);
    }
}
