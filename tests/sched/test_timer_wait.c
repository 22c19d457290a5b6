/* filch_timer_cancel_wait: until the callback does not run any more. */
#include "../harness/harness.h"

static filch_timer timer;
static atomic_bool begun, may_end, ended;

static void
count(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void
run_until_told(void *arg)
{
    (void)arg;
    atomic_store(&begun, true);
    while (!atomic_load(&may_end))
        sched_yield();
    atomic_store(&ended, true);
}

TASK_TEST(timer_cancel_wait_disarms_a_timer_that_is_not_due)
{
    static atomic_int calls;
    OK(filch_timer_cancel_wait(&timer)); /* one that never was armed */
    OK(filch_call_later(&timer, FILCH_SEC(3600), count, &calls));
    OK(filch_timer_cancel_wait(&timer));
    OK(filch_call_later(&timer, FILCH_SEC(3600), count, &calls));
    OK(filch_timer_cancel_wait_until(&timer, past()));
    OK(filch_call_later(&timer, FILCH_MS(5), count, &calls));
    OK(filch_timer_cancel_wait(&timer));
    int ran = atomic_load(&calls); /* if 5 ms had passed */
    OK(filch_sleep(FILCH_MS(10)));
    EQ(ran, atomic_load(&calls));
}

static void *
wait_in_thread(void *arg)
{
    (void)arg;
    UNTIL(atomic_load(&begun));
    FAILS(ETIMEDOUT, filch_timer_cancel_wait_until(&timer, past()));
    FAILS(ETIMEDOUT,
          filch_timer_cancel_wait_until(&timer, filch_after(FILCH_MS(1))));
    CHECK(!atomic_load(&ended));
    atomic_store(&may_end, true);
    OK(filch_timer_cancel_wait(&timer));
    CHECK(atomic_load(&ended));
    return NULL;
}

/* The only worker is busy with the callback meanwhile. */
ONE_WORKER_TEST(timer_cancel_wait_on_a_plain_thread_waits_for_the_callback)
{
    OK(filch_call_later(&timer, 0, run_until_told, NULL));
    pthread_t thread = thread_start(wait_in_thread, NULL);
    while (!atomic_load(&ended))
        OK(filch_sleep(FILCH_US(100)));
    thread_join(thread);
}

static int
wait_in_task(void *arg)
{
    (void)arg;
    return filch_timer_cancel_wait(&timer);
}

/* With a worker for the callback and one for the rest. */
TASK_TEST(timer_cancel_wait_waits_for_a_callback_that_runs)
{
    if (test_workers() < 2)
        skip("it takes two workers");
    OK(filch_call_later(&timer, 0, run_until_told, NULL));
    UNTIL(atomic_load(&begun));
    CHECK(!filch_timer_cancel(&timer));
    FAILS(ETIMEDOUT, filch_timer_cancel_wait_until(&timer, past()));
    FAILS(ETIMEDOUT,
          filch_timer_cancel_wait_until(&timer, filch_after(FILCH_MS(2))));
    filch_task *cancelled = park(wait_in_task, NULL);
    OK(filch_cancel(cancelled));
    EQ(ECANCELED, join(cancelled));
    filch_task *task = park(wait_in_task, NULL);
    CHECK(!filch_task_done(task));
    atomic_store(&may_end, true);
    EQ(0, join(task));
    CHECK(atomic_load(&ended));
}

static void
wait_for_oneself(void *arg)
{
    FAILS(EDEADLK, filch_timer_cancel_wait(&timer));
    FAILS(EDEADLK, filch_timer_cancel_wait_until(&timer, past()));
    CHECK(!filch_timer_cancel(&timer));
    filch_event_set(arg);
}

TASK_TEST(timer_cancel_wait_inside_its_callback_is_EDEADLK)
{
    static filch_event called;
    OK(filch_call_later(&timer, 0, wait_for_oneself, &called));
    OK(filch_event_wait(&called));
    OK(filch_timer_cancel_wait(&timer));
}

static void
wait_for_another(void *arg)
{
    FAILS(EDEADLK, filch_timer_cancel_wait(&timer));
    FAILS(EDEADLK, filch_timer_cancel_wait_until(&timer, past()));
    filch_event_set(arg);
}

TASK_TEST(timer_cancel_wait_inside_any_callback_is_EDEADLK)
{
    static atomic_int calls;
    static filch_event called;
    OK(filch_call_later(&timer, FILCH_SEC(3600), count, &calls));
    OK(filch_call_soon(wait_for_another, &called));
    OK(filch_event_wait(&called));
    CHECK(filch_timer_cancel(&timer)); /* it had no effect */
}

static int
wait_cancelled(void *arg)
{
    (void)arg;
    OK(filch_cancel(filch_current()));
    FAILS(ECANCELED, filch_timer_cancel_wait(&timer));
    return 0;
}

TASK_TEST(timer_cancel_wait_looks_at_a_pending_cancel_first)
{
    static atomic_int calls;
    OK(filch_call_later(&timer, FILCH_SEC(3600), count, &calls));
    EQ(0, join(spawn(wait_cancelled, NULL)));
    CHECK(filch_timer_cancel(&timer)); /* it had no effect */
}

/* The point of it: afterwards the timer and the argument may be freed. */
struct job {
    filch_timer timer;
    atomic_int calls;
};

TASK_TEST(timer_and_what_its_callback_uses_may_be_freed_after_cancel_wait)
{
    uint64_t state = test_seed();
    for (int i = 0; i < (UNDER_SANITIZER ? 300 : 2000); ++i) {
        struct job *job = calloc(1, sizeof *job);
        filch_time wait = FILCH_US(chance(&state, 20));
        OK(filch_call_later(&job->timer, wait, count, &job->calls));
        if (i % 2)
            OK(filch_sleep(FILCH_US(chance(&state, 20))));
        OK(filch_timer_cancel_wait(&job->timer));
        CHECK(atomic_load(&job->calls) <= 1);
        free(job);
    }
}
