/* Callbacks at a time. */
#include "../harness/harness.h"

static filch_event called;
static atomic_int calls;
static int order[100];
static atomic_int noted;

static void
count(void *arg)
{
    (void)arg;
    atomic_fetch_add(&calls, 1);
    filch_event_set(&called);
}

static void
note(void *arg)
{
    order[atomic_fetch_add(&noted, 1)] = (int)(intptr_t)arg;
}

/* --- When they run ------------------------------------------------------- */

TASK_TEST(call_later_runs_the_callback_once_after_the_delay)
{
    filch_timer timer = FILCH_TIMER_INIT;
    filch_time end = filch_after(FILCH_MS(3));
    OK(filch_call_later(&timer, FILCH_MS(3), count, NULL));
    OK(filch_event_wait(&called));
    CHECK(filch_now() >= end);
    OK(filch_sleep(FILCH_MS(5)));
    EQ(1, atomic_load(&calls));
}

TASK_TEST(call_at_runs_the_callback_at_its_time)
{
    filch_timer timer;
    memset(&timer, 0xff, sizeof timer);
    OK(filch_timer_init(&timer));
    filch_time end = filch_after(FILCH_MS(3));
    OK(filch_call_at(&timer, end, count, NULL));
    OK(filch_event_wait(&called));
    CHECK(filch_now() >= end);
}

TASK_TEST(call_later_with_no_delay_and_call_at_a_time_that_passed_run_soon)
{
    OK(filch_call_later(NULL, 0, count, NULL));
    OK(filch_call_later(NULL, -7, count, NULL));
    OK(filch_call_at(NULL, past(), count, NULL));
    OK(filch_call_at(NULL, INT64_MIN, count, NULL));
    UNTIL(atomic_load(&calls) == 4);
}

ONE_WORKER_TEST(call_soon_runs_after_the_caller)
{
    OK(filch_call_soon(count, NULL));
    EQ(0, atomic_load(&calls));
    OK(filch_event_wait(&called));
    EQ(1, atomic_load(&calls));
}

ONE_WORKER_TEST(call_soon_runs_callbacks_in_the_order_of_the_calls)
{
    for (intptr_t i = 0; i < 100; ++i)
        OK(filch_call_soon(note, (void *)i));
    OK(filch_call_soon(count, NULL));
    OK(filch_event_wait(&called));
    for (int i = 0; i < 100; ++i)
        EQ(i, order[i]);
}

ONE_WORKER_TEST(callbacks_run_by_deadline_and_then_in_the_order_of_arming)
{
    static filch_timer timers[90];
    filch_time start = filch_after(FILCH_MS(5));
    for (intptr_t i = 0; i < 90; ++i) /* 30 times, three callbacks each */
        OK(filch_call_at(&timers[i], start + i * 7 % 30 * 100, note,
                         (void *)(i * 7 % 30 * 3 + i / 30)));
    OK(filch_call_at(NULL, start + FILCH_MS(1), count, NULL));
    OK(filch_event_wait(&called));
    for (int i = 0; i < 90; ++i)
        EQ(i, order[i]);
}

/* --- Where they run ------------------------------------------------------ */

static filch_runtime *runtime;

static void
look_around(void *arg)
{
    CHECK(filch_current() == NULL);
    CHECK(filch_runtime_current() == runtime);
    CHECK(!filch_cancelled());
    filch_yield();
    filch_event_set(arg);
}

TASK_TEST(callback_runs_on_its_runtime_but_in_no_task)
{
    runtime = filch_runtime_current();
    OK(filch_call_later(NULL, FILCH_MS(1), look_around, &called));
    OK(filch_event_wait(&called));
}

TEST(timers_cannot_be_armed_on_a_plain_thread)
{
    filch_timer timer = FILCH_TIMER_INIT;
    FAILS(EPERM, filch_call_later(&timer, 0, count, NULL));
    FAILS(EPERM, filch_call_at(NULL, 0, count, NULL));
    FAILS(EPERM, filch_call_soon(count, NULL));
    CHECK(!filch_timer_cancel(&timer));
}

TASK_TEST(timers_without_a_function_are_EINVAL)
{
    filch_timer timer = FILCH_TIMER_INIT;
    FAILS(EINVAL, filch_call_later(&timer, 0, NULL, NULL));
    FAILS(EINVAL, filch_call_at(NULL, 0, NULL, NULL));
    FAILS(EINVAL, filch_call_soon(NULL, NULL));
    CHECK(!filch_timer_cancel(&timer));
}

static void
arm_another(void *arg)
{
    OK(filch_call_later(NULL, 0, count, arg));
    OK(filch_call_soon(count, arg));
}

TASK_TEST(callback_may_arm_timers)
{
    OK(filch_call_soon(arm_another, NULL));
    UNTIL(atomic_load(&calls) == 2);
}

/* --- The timer's memory -------------------------------------------------- */

TASK_TEST(timer_that_is_armed_cannot_be_armed_again)
{
    filch_timer timer = FILCH_TIMER_INIT;
    OK(filch_call_later(&timer, FILCH_SEC(3600), count, NULL));
    FAILS(EBUSY, filch_call_later(&timer, 0, count, NULL));
    FAILS(EBUSY, filch_call_at(&timer, 0, count, NULL));
    CHECK(filch_timer_cancel(&timer));
    OK(filch_call_later(&timer, 0, count, NULL));
    OK(filch_event_wait(&called));
    EQ(1, atomic_load(&calls));
}

static filch_timer again;

static void
arm_again(void *arg)
{
    if (atomic_fetch_add(&calls, 1) < 9)
        OK(filch_call_later(&again, FILCH_US(10), arm_again, arg));
    else
        filch_event_set(&called);
}

TASK_TEST(timer_may_be_armed_again_by_its_own_callback)
{
    OK(filch_call_later(&again, 0, arm_again, NULL));
    OK(filch_event_wait(&called));
    EQ(10, atomic_load(&calls));
}

static void
free_own_timer(void *arg)
{
    free(arg);
    atomic_fetch_add(&calls, 1);
}

TASK_TEST(timer_may_be_freed_by_its_own_callback)
{
    for (int i = 0; i < 500; ++i) {
        filch_timer *timer = calloc(1, sizeof *timer);
        OK(filch_call_later(timer, FILCH_US(i % 20), free_own_timer, timer));
    }
    UNTIL(atomic_load(&calls) == 500);
}

/* --- Cancelling ---------------------------------------------------------- */

TASK_TEST(timer_cancel_keeps_the_callback_from_running)
{
    filch_timer timer = FILCH_TIMER_INIT;
    OK(filch_call_later(&timer, FILCH_SEC(3600), count, NULL));
    CHECK(filch_timer_cancel(&timer));
    CHECK(!filch_timer_cancel(&timer));
    OK(filch_call_later(&timer, FILCH_MS(5), count, NULL));
    bool kept = filch_timer_cancel(&timer); /* unless 5 ms have passed */
    OK(filch_sleep(FILCH_MS(10)));
    EQ(!kept, atomic_load(&calls));
}

TASK_TEST(timer_cancel_of_one_that_is_not_armed_or_has_run_is_false)
{
    filch_timer timer = FILCH_TIMER_INIT;
    CHECK(!filch_timer_cancel(&timer));
    OK(filch_call_later(&timer, 0, count, NULL));
    OK(filch_event_wait(&called));
    CHECK(!filch_timer_cancel(&timer));
}

static void *
cancel_in_thread(void *arg)
{
    CHECK(filch_timer_cancel(arg));
    return NULL;
}

TASK_TEST(timer_may_be_cancelled_by_a_plain_thread)
{
    filch_timer timer = FILCH_TIMER_INIT;
    OK(filch_call_later(&timer, FILCH_SEC(3600), count, NULL));
    thread_join(thread_start(cancel_in_thread, &timer));
    OK(filch_call_later(&timer, 0, count, NULL));
    OK(filch_event_wait(&called));
}

static void
cancel_in_callback(void *arg)
{
    CHECK(filch_timer_cancel(arg));
    filch_event_set(&called);
}

TASK_TEST(timer_may_be_cancelled_in_a_callback)
{
    filch_timer timer = FILCH_TIMER_INIT;
    OK(filch_call_later(&timer, FILCH_SEC(3600), count, NULL));
    OK(filch_call_soon(cancel_in_callback, &timer));
    OK(filch_event_wait(&called));
    CHECK(!filch_timer_cancel(&timer));
}

TASK_TEST(timer_that_is_not_due_at_the_end_is_dropped)
{
    static filch_timer dropped[3];
    for (int i = 0; i < 3; ++i)
        OK(filch_call_later(&dropped[i], FILCH_SEC(3600 + i), count, NULL));
    OK(filch_call_later(NULL, FILCH_SEC(3600), count, NULL));
}

static filch_timer dropped_timer;

static int
arm_for_later(void *arg)
{
    (void)arg;
    return filch_call_later(&dropped_timer, FILCH_SEC(3600), count, NULL);
}

TEST(timer_that_was_dropped_may_be_armed_in_the_next_run)
{
    for (int i = 0; i < 3; ++i)
        run_on(test_workers(), arm_for_later, NULL);
    EQ(0, atomic_load(&calls));
}

/* --- Stress -------------------------------------------------------------- */

enum { TIMERS = 300 };
static filch_timer timers[TIMERS];
static atomic_int kept, ran;

static void
run_one(void *arg)
{
    (void)arg;
    atomic_fetch_add(&ran, 1);
}

static int
arm_and_cancel(void *arg)
{
    uint64_t state = test_seed() + (uintptr_t)arg;
    for (int round = 0; round < 20; ++round) {
        filch_timer *mine = timers + (intptr_t)arg * 30;
        for (int i = 0; i < 30; ++i)
            OK(filch_call_later(&mine[i], FILCH_US(chance(&state, 200)),
                                run_one, NULL));
        filch_yield();
        for (int i = 0; i < 30; ++i) {
            if (filch_timer_cancel(&mine[i]))
                atomic_fetch_add(&kept, 1);
            else
                OK(filch_timer_cancel_wait(&mine[i]));
        }
    }
    return 0;
}

TASK_TEST(timer_either_runs_or_was_cancelled)
{
    filch_task *tasks[10];
    for (intptr_t i = 0; i < 10; ++i)
        tasks[i] = spawn(arm_and_cancel, (void *)i);
    for (int i = 0; i < 10; ++i)
        EQ(0, join(tasks[i]));
    EQ(10 * 20 * 30, atomic_load(&kept) + atomic_load(&ran));
}

static atomic_int soon_calls;
static atomic_bool soon_ends;

static void
call_again_soon(void *arg)
{
    atomic_fetch_add(&soon_calls, 1);
    if (!atomic_load(&soon_ends))
        OK(filch_call_soon(call_again_soon, arg));
}

static filch_timer eager = FILCH_TIMER_INIT;
static atomic_bool enough;

static void
arm_for_a_time_that_passed(void *arg)
{
    if (!atomic_load(&enough))
        OK(filch_call_at(&eager, 1, arm_for_a_time_that_passed, arg));
}

ONE_WORKER_TEST(callback_that_is_always_late_keeps_no_other_timer_waiting)
{
    arm_for_a_time_that_passed(NULL);
    OK(filch_call_later(NULL, FILCH_MS(1), count, NULL));
    OK(filch_sleep(FILCH_MS(5)));
    OK(filch_event_wait(&called));
    atomic_store(&enough, true);
    OK(filch_timer_cancel_wait(&eager));
}

ONE_WORKER_TEST(callback_that_calls_itself_again_soon_lets_tasks_run)
{
    OK(filch_call_soon(call_again_soon, NULL));
    UNTIL(atomic_load(&soon_calls) > 100);
    atomic_store(&soon_ends, true);
}

/* --- Among bursts of long tasks ------------------------------------------- */

enum { TINY = 100000, BURSTS = 30, LEARNING = 10, BURST = 50 };

static atomic_int ended, ended_before;

static int
do_nothing(void *arg)
{
    return arg != NULL;
}

/* 300 us of the CPU, whoever else has it meanwhile. */
static int
compute(void *arg)
{
    struct timespec time;
    long until, now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    until = time.tv_sec * 1000000000 + time.tv_nsec + 300000;
    do {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        now = time.tv_sec * 1000000000 + time.tv_nsec;
    } while (now < until);
    atomic_fetch_add(&ended, 1);
    return arg != NULL;
}

static void
note_ended(void *arg)
{
    (void)arg;
    atomic_store(&ended_before, atomic_load(&ended));
}

static void
play_burst(void)
{
    atomic_store(&ended, 0);
    OK(filch_call_later(NULL, FILCH_US(100), note_ended, NULL));
    for (int i = 0; i < BURST; ++i)
        OK(filch_spawn(NULL, compute, NULL));
    do
        OK(filch_sleep(FILCH_MS(2))); /* the worker idles at last */
    while (atomic_load(&ended) < BURST);
    OK(filch_sleep(FILCH_MS(2)));
}

/* A worker that has learnt that its turns are short learns the contrary also
 * where it idles in between. */
ONE_WORKER_TEST(timer_among_bursts_of_long_tasks_waits_for_few_of_them)
{
    int late = 0;
    if (in_chaos())
        skip("a worker's turns are not what they are in chaos");
    for (int i = 0; i < TINY; ++i) {
        OK(filch_spawn(NULL, do_nothing, NULL));
        if (i % 1000 == 999)
            filch_yield();
    }
    OK(filch_sleep(FILCH_MS(20)));
    for (int i = 0; i < BURSTS; ++i) {
        play_burst();
        if (i >= LEARNING)
            late += atomic_load(&ended_before) > BURST / 2;
    }
    CHECK(late <= 2);
}
