/* From where a suspending call may be made, and what it then does. */
#include "../harness/calls.h"
#include <signal.h>

/* --- In callbacks, predicates and compare functions ---------------------- */

static filch_event finished;

/* What is not in the table, since it never times out. */
static void
others_give_EDEADLK(void)
{
    static filch_timer timer;
    FAILS(EDEADLK, filch_sleep(0));
    FAILS(EDEADLK, filch_sleep_until(0));
    FAILS(EDEADLK, filch_timer_cancel_wait(&timer));
    FAILS(EDEADLK, filch_timer_cancel_wait_until(&timer, FILCH_NEVER));
    FAILS(EDEADLK, filch_wait(NULL, 0, FILCH_ALL_COMPLETED, NULL));
    FAILS(EDEADLK, filch_wait_until(NULL, 0, FILCH_ALL_COMPLETED, NULL, 0));
}

static void
call_in_callback(void *arg)
{
    const struct call *call = arg;
    FAILS(EDEADLK, call->run(PLAIN));
    FAILS(EDEADLK, call->run(past()));
    FAILS(EDEADLK, call->run(FILCH_NEVER));
    UNTOUCHED(call);
    others_give_EDEADLK();
    filch_event_set(&finished);
}

TASK_TEST(
    a_suspending_call_in_a_callback_gives_EDEADLK_even_where_it_could_succeed)
{
    EACH_CALL(call)
    {
        if (!call->ready)
            continue;
        call->ready();
        filch_event_clear(&finished);
        OK(filch_call_soon(call_in_callback, (void *)call));
        OK(filch_event_wait(&finished));
    }
}

TASK_TEST(a_suspending_call_in_a_callback_gives_EDEADLK_where_it_would_wait)
{
    EACH_CALL(call)
    {
        call->blocked();
        filch_event_clear(&finished);
        OK(filch_call_later(NULL, 0, call_in_callback, (void *)call));
        OK(filch_event_wait(&finished));
    }
}

static int looks;

static bool
call_in_predicate(void *arg)
{
    const struct call *call = arg;
    FAILS(EDEADLK, call->run(PLAIN));
    FAILS(EDEADLK, call->run(past()));
    UNTOUCHED(call);
    others_give_EDEADLK();
    ++looks;
    return true;
}

TASK_TEST(a_suspending_call_in_a_predicate_gives_EDEADLK)
{
    static filch_condition condition;
    EACH_CALL(call)
    {
        if (!call->ready)
            continue;
        call->ready();
        OK(filch_condition_acquire(&condition));
        OK(filch_condition_wait_for(&condition, call_in_predicate,
                                    (void *)call));
        OK(filch_condition_release(&condition));
    }
    CHECK(looks > 0);
    OK(filch_sleep(0)); /* here again it may */
}

static int
call_in_compare(const void *left, const void *right)
{
    EACH_CALL(call)
    {
        if (!call->ready)
            continue;
        FAILS(EDEADLK, call->run(PLAIN));
        ++looks;
    }
    others_give_EDEADLK();
    return left != right;
}

TASK_TEST(a_suspending_call_in_a_compare_function_gives_EDEADLK)
{
    static filch_queue queue;
    EACH_CALL(call)
    if (call->ready)
        call->ready();
    OK(filch_queue_init_priority(&queue, 0, call_in_compare));
    OK(filch_queue_put(&queue, (void *)&looks));
    OK(filch_queue_put(&queue, (void *)&looks));
    CHECK(looks > 0);
    OK(filch_queue_destroy(&queue));
}

/* --- On plain threads ---------------------------------------------------- */

static void *
ready_thread(void *arg)
{
    const struct call *call = arg;
    OK(call->run(PLAIN));
    return NULL;
}

TASK_TEST(a_plain_thread_gets_at_once_what_is_there)
{
    EACH_CALL(call)
    {
        if (!call->ready)
            continue;
        call->ready();
        thread_join(thread_start(ready_thread, (void *)call));
    }
}

static void *
timeout_thread(void *arg)
{
    const struct call *call = arg;
    filch_time deadline = filch_after(FILCH_MS(2));
    FAILS(ETIMEDOUT, call->run(past()));
    FAILS(ETIMEDOUT, call->run(deadline));
    CHECK(filch_now() >= deadline);
    UNTOUCHED(call);
    return NULL;
}

TASK_TEST(a_plain_thread_that_waits_times_out)
{
    EACH_CALL(call)
    {
        call->blocked();
        thread_join(thread_start(timeout_thread, (void *)call));
    }
}

static atomic_bool begun, ended;
static atomic_int result;

static void *
blocked_thread(void *arg)
{
    const struct call *call = arg;
    atomic_store(&begun, true);
    atomic_store(&result, call->run(PLAIN));
    atomic_store(&ended, true);
    return NULL;
}

static pthread_t
start_blocked(const struct call *call)
{
    pthread_t thread;
    atomic_store(&begun, false);
    atomic_store(&ended, false);
    atomic_store(&result, -1);
    thread = thread_start(blocked_thread, (void *)call);
    UNTIL(atomic_load(&begun));
    return thread;
}

/* Without holding up a worker, which may have to end what it waits for. */
static void
end_blocked(pthread_t thread)
{
    UNTIL(atomic_load(&ended));
    thread_join(thread);
    EQ(0, atomic_load(&result));
}

TASK_TEST(a_suspending_call_on_a_plain_thread_blocks_it_until_it_is_let_go_on)
{
    EACH_CALL(call)
    {
        call->blocked();
        pthread_t thread = start_blocked(call);
        call->wake();
        end_blocked(thread);
    }
}

static void
on_signal(int signal)
{
    (void)signal;
}

TASK_TEST(no_suspending_call_returns_EINTR)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */
    sigaction(SIGUSR1, &action, NULL);
    EACH_CALL(call)
    {
        call->blocked();
        pthread_t thread = start_blocked(call);
        for (int i = 0; i < 50; ++i) {
            OK(pthread_kill(thread, SIGUSR1));
            let_others_run();
        }
        CHECK(!atomic_load(&ended));
        call->wake();
        end_blocked(thread);
    }
}

TASK_TEST(no_suspending_call_is_a_pthread_cancellation_point)
{
    EACH_CALL(call)
    {
        call->blocked();
        pthread_t thread = start_blocked(call);
        OK(pthread_cancel(thread));
        for (int i = 0; i < 50; ++i)
            let_others_run();
        call->wake();
        end_blocked(thread);
    }
}

/* --- Memory -------------------------------------------------------------- */

#if !UNDER_SANITIZER
#include <malloc.h>

static filch_event warm;
static bool is_timed;

static int
waits_twice(void *arg)
{
    const struct call *call = arg;
    OK(filch_event_wait(&warm)); /* from here on the task has its stack */
    atomic_store(&begun, true);
    return call->run(is_timed ? filch_after(FILCH_SEC(3600)) : PLAIN);
}

static void
heap_grows_by_nothing(const struct call *call)
{
    call->blocked();
    filch_event_clear(&warm);
    atomic_store(&begun, false);
    filch_task *task = park(waits_twice, (void *)call);
    size_t before = mallinfo2().uordblks;
    filch_event_set(&warm);
    UNTIL(atomic_load(&begun));
    EQ(before, mallinfo2().uordblks);
    call->wake();
    EQ(0, join(task));
}

ONE_WORKER_TEST(waiting_costs_no_heap_memory)
{
    for (int i = 0; i < 2; ++i, is_timed = true)
        EACH_CALL(call)
    heap_grows_by_nothing(call);
}
#endif
