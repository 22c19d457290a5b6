/* Sleeping, and time. */
#include "../harness/harness.h"

static int order[100];
static atomic_int woken;

/* --- Time ---------------------------------------------------------------- */

TEST(now_never_goes_back)
{
    filch_time last = filch_now();
    for (int i = 0; i < 100000; ++i) {
        filch_time now = filch_now();
        CHECK(now >= last);
        last = now;
    }
}

static filch_time
monotonic(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return FILCH_SEC(time.tv_sec) + time.tv_nsec;
}

TEST(now_is_the_monotonic_clock_in_nanoseconds)
{
    if (test_clock_jumps())
        skip("the library's clock is made to run ahead");
    for (int i = 0; i < 1000; ++i) {
        filch_time before = monotonic(), now = filch_now();
        CHECK(before <= now && now <= monotonic());
    }
}

TEST(after_is_a_deadline_that_far_from_now)
{
    filch_time before = filch_now(), deadline = filch_after(FILCH_SEC(5));
    CHECK(deadline >= before + FILCH_SEC(5));
    CHECK(deadline <= filch_now() + FILCH_SEC(5));
    CHECK(filch_after(-1) < filch_now());
    CHECK(filch_after(0) <= filch_now());
}

TEST(after_never_overflows)
{
    CHECK(filch_after(FILCH_NEVER) == FILCH_NEVER);
    CHECK(filch_after(FILCH_NEVER - 1) == FILCH_NEVER);
    CHECK(filch_after(FILCH_NEVER - filch_now() / 2) == FILCH_NEVER);
    CHECK(filch_after(INT64_MIN) < filch_now());
}

TEST(units_are_nanoseconds)
{
    CHECK(FILCH_US(3) == 3000);
    CHECK(FILCH_MS(3) == 3000000);
    CHECK(FILCH_SEC(3) == 3000000000);
}

/* --- Sleeping ------------------------------------------------------------ */

TASK_TEST(sleep_lasts_at_least_as_long_as_asked)
{
    for (int us = 1; us <= 10000; us *= 10) {
        filch_time end = filch_after(FILCH_US(us));
        OK(filch_sleep(FILCH_US(us)));
        CHECK(filch_now() >= end);
    }
}

TASK_TEST(sleep_until_returns_0_when_its_time_has_come)
{
    filch_time end = filch_after(FILCH_MS(2));
    OK(filch_sleep_until(end));
    CHECK(filch_now() >= end);
    OK(filch_sleep_until(end)); /* and where it has passed */
    OK(filch_sleep_until(0));
    OK(filch_sleep_until(INT64_MIN));
}

static int
count(void *arg)
{
    (void)arg;
    atomic_fetch_add(&woken, 1);
    return 0;
}

ONE_WORKER_TEST(sleep_that_is_over_at_once_lets_others_run)
{
    OK(filch_spawn(NULL, count, NULL));
    OK(filch_sleep(0));
    EQ(1, atomic_load(&woken));
    OK(filch_spawn(NULL, count, NULL));
    OK(filch_sleep(-5));
    EQ(2, atomic_load(&woken));
    OK(filch_spawn(NULL, count, NULL));
    OK(filch_sleep_until(past()));
    EQ(3, atomic_load(&woken));
}

static int
sleep_until_and_note(void *arg)
{
    const filch_time *when = arg;
    OK(filch_sleep_until(*when));
    order[atomic_fetch_add(&woken, 1)] = (int)(*when % 1000);
    return 0;
}

/* Has tasks sleep until times that begin then; whether all did, in time. */
static bool
sleep_in_a_row(filch_time start)
{
    static filch_time times[100];
    filch_task *tasks[100];
    atomic_store(&woken, 0);
    for (int i = 0; i < 100; ++i) {
        times[i] = start / 1000 * 1000 + i * 37 % 100;
        tasks[i] = park(sleep_until_and_note, &times[i]);
    }
    bool in_time = filch_now() < start / 1000 * 1000;
    for (int i = 0; i < 100; ++i)
        EQ(0, join(tasks[i]));
    return in_time;
}

/* However late the worker is: by their times, then in the order of coming. */
ONE_WORKER_TEST(sleepers_wake_in_the_order_of_their_times)
{
    filch_time lead = FILCH_MS(20);
    while (!sleep_in_a_row(filch_after(lead)))
        lead *= 2; /* a slow machine: some came when it was their time */
    for (int i = 0; i < 100; ++i)
        EQ(i, order[i]);
}

static int
sleep_for(void *arg)
{
    return filch_sleep((filch_time)(intptr_t)arg);
}

TASK_TEST(sleep_for_ever_can_only_be_cancelled)
{
    filch_task *task = park(sleep_for, (void *)(intptr_t)FILCH_NEVER);
    CHECK(!filch_task_done(task));
    OK(filch_cancel(task));
    EQ(ECANCELED, join(task));
}

TASK_TEST(sleep_looks_at_a_pending_cancel_first)
{
    OK(filch_cancel(filch_current()));
    FAILS(ECANCELED, filch_sleep(0));
    FAILS(ECANCELED, filch_sleep(FILCH_SEC(3600)));
    FAILS(ECANCELED, filch_sleep_until(past()));
}

static void
sleep_in_callback(void *arg)
{
    FAILS(EDEADLK, filch_sleep(0));
    FAILS(EDEADLK, filch_sleep(FILCH_MS(1)));
    FAILS(EDEADLK, filch_sleep_until(past()));
    filch_yield(); /* does nothing here */
    filch_event_set(arg);
}

static filch_time due;

static int
sleep_then_cancel(void *arg)
{
    OK(filch_sleep_until(due));
    return filch_cancel(arg);
}

struct outcome {
    int slept, cancelled, next;
};

static int
sleep_and_look(void *arg)
{
    struct outcome *outcome = arg;
    outcome->slept = filch_sleep_until(due + 1);
    outcome->cancelled = filch_cancelled();
    outcome->next = filch_sleep(0);
    return 0;
}

/* Both times have come by the time the worker looks; the first then cancels
 * the second, which has its result but has not gone on. */
ONE_WORKER_TEST(sleep_that_is_over_wins_over_a_later_cancel)
{
    struct outcome outcome;
    due = filch_after(FILCH_MS(50));
    filch_task *second = park(sleep_and_look, &outcome);
    filch_task *first = park(sleep_then_cancel, second);
    bool slow = filch_now() > due; /* then they may not have slept at all */
    compute_until(due + FILCH_MS(1));
    EQ(0, join(first));
    EQ(0, join(second));
    if (slow)
        skip("it took 50 ms to start two tasks");
    EQ(0, outcome.slept);
    CHECK(outcome.cancelled);
    EQ(ECANCELED, outcome.next);
}

TASK_TEST(sleep_in_a_callback_is_EDEADLK)
{
    static filch_event done;
    OK(filch_call_soon(sleep_in_callback, &done));
    OK(filch_event_wait(&done));
}

TEST(sleep_on_a_plain_thread_blocks_it)
{
    filch_time end = filch_after(FILCH_MS(3));
    OK(filch_sleep(FILCH_MS(3)));
    CHECK(filch_now() >= end);
    OK(filch_sleep_until(end));
    OK(filch_sleep(0));
    OK(filch_sleep(-1));
}

static int
sleep_often(void *arg)
{
    uint64_t state = test_seed() + (uintptr_t)arg;
    for (int i = 0; i < 20; ++i) {
        filch_time end = filch_after(FILCH_US(chance(&state, 3000)));
        OK(filch_sleep_until(end));
        CHECK(filch_now() >= end);
    }
    return 0;
}

TASK_TEST(sleep_of_a_thousand_tasks_is_never_too_short)
{
    enum { TASKS = UNDER_SANITIZER ? 200 : 1000 };
    filch_task *tasks[TASKS];
    for (intptr_t i = 0; i < TASKS; ++i)
        tasks[i] = spawn(sleep_often, (void *)i);
    for (int i = 0; i < TASKS; ++i)
        EQ(0, join(tasks[i]));
}

#if !UNDER_SANITIZER
#include <malloc.h>

ONE_WORKER_TEST(sleep_costs_no_heap_memory)
{
    OK(filch_sleep(FILCH_US(1))); /* what the first one takes, if anything */
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 100; ++i) {
        OK(filch_sleep(FILCH_US(i)));
        OK(filch_sleep_until(filch_after(FILCH_US(i))));
    }
    EQ(before, mallinfo2().uordblks);
}
#endif
