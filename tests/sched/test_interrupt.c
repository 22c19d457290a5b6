/*
 * Signals and pthread_cancel, which interrupt what a thread is at: no call
 * returns EINTR, and none is a cancellation point. (tests/sync/test_callers.c
 * has the suspending calls of the primitives.)
 */
#include "../harness/harness.h"
#include <signal.h>
#include <sys/time.h>

static filch_event gate;
static filch_timer timer;
static atomic_bool begun, may_end, ended;

static void
on_signal(int signal)
{
    (void)signal;
}

static int
nothing(void *arg)
{
    return arg != NULL;
}

static int
wait_at_gate(void *arg)
{
    (void)arg;
    return filch_event_wait(&gate);
}

static int
sleep_1_ms(void *arg)
{
    (void)arg;
    return filch_sleep(FILCH_MS(1));
}

/* --- Signals to a thread that waits -------------------------------------- */

static void (*calls)(void);

static void *
call_in_thread(void *arg)
{
    atomic_store(&begun, true);
    calls();
    atomic_store(&ended, true);
    return arg;
}

/* Runs that in a thread which gets signals as long as it lasts; after some of
 * them it is told that it may end. */
static void
disturb(void (*body)(void))
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    calls = body;
    atomic_store(&begun, false);
    atomic_store(&may_end, false);
    atomic_store(&ended, false);
    pthread_t thread = thread_start(call_in_thread, NULL);
    UNTIL(atomic_load(&begun));
    for (int i = 0; !atomic_load(&ended); ++i) {
        OK(pthread_kill(thread, SIGUSR1));
        if (i == 100) {
            atomic_store(&may_end, true);
            filch_event_set(&gate);
        }
        let_others_run();
    }
    thread_join(thread);
}

static void
sleep_some(void)
{
    filch_time until = filch_after(FILCH_MS(20));
    OK(filch_sleep(FILCH_MS(20)));
    CHECK(filch_now() >= until);
    until = filch_after(FILCH_MS(20));
    OK(filch_sleep_until(until));
    CHECK(filch_now() >= until);
}

TEST(sleep_that_signals_interrupt_lasts_as_long_as_asked)
{
    disturb(sleep_some);
}

static int
run_until_told(void *arg)
{
    (void)arg;
    filch_shield_begin();
    while (!atomic_load(&may_end))
        OK(filch_sleep(FILCH_US(100)));
    filch_shield_end();
    return 42;
}

/* Of many threads libc frees the stacks as they are joined; and the
 * ThreadSanitizer, which has the signal's handler called at once in pthread_join,
 * also within that free, then waits for itself. */
static unsigned
few_enough(unsigned workers)
{
    return UNDER_TSAN && workers > 4 ? 4 : workers;
}

static void
start_and_stop(void)
{
    filch_config config = {.workers = few_enough(test_workers())};
    filch_runtime *runtime;
    filch_task *task;
    for (int i = 0; i < 5; ++i) {
        OK(filch_start(&runtime, &config));
        OK(filch_submit(runtime, NULL, wait_at_gate, NULL));
        OK(filch_submit(runtime, &task, run_until_told, NULL));
        OK(filch_stop(runtime)); /* which waits for it */
        EQ(42, join(task));
    }
    EQ(42, filch_run(&config, run_until_told, NULL));
}

TEST(start_and_stop_and_run_take_no_notice_of_signals)
{
    disturb(start_and_stop);
}

static void
hold_worker(void *arg)
{
    (void)arg;
    filch_event_set(&gate);
    while (!atomic_load(&may_end))
        sched_yield();
}

static int
arm(void *arg)
{
    (void)arg;
    return filch_call_later(&timer, 0, hold_worker, NULL);
}

static void
wait_for_callback(void)
{
    OK(filch_timer_cancel_wait(&timer));
    CHECK(atomic_load(&may_end));
}

TEST(timer_cancel_wait_takes_no_notice_of_signals)
{
    filch_config config = {.workers = test_workers()};
    filch_runtime *runtime;
    OK(filch_start(&runtime, &config));
    OK(filch_submit(runtime, NULL, arm, NULL));
    OK(filch_event_wait(&gate));
    disturb(wait_for_callback);
    OK(filch_stop(runtime));
}

/* --- Signals to the process ---------------------------------------------- */

static int
wait_in_all_ways(void *arg)
{
    filch_task *tasks[20];
    (void)arg;
    filch_time end = filch_after(FILCH_MS(30));
    while (filch_now() < end) {
        for (int i = 0; i < 20; ++i)
            tasks[i] = spawn(sleep_1_ms, NULL);
        OK(filch_wait(tasks, 20, FILCH_FIRST_COMPLETED, NULL));
        for (int i = 0; i < 20; ++i)
            EQ(0, join(tasks[i]));
        FAILS(ETIMEDOUT,
              filch_event_wait_until(&gate, filch_after(FILCH_US(200))));
    }
    return 0;
}

TEST(tasks_take_no_notice_of_signals_to_the_process)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    run_on(test_workers(), wait_in_all_ways, NULL);
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
}

/* --- pthread_cancel ------------------------------------------------------ */

static void
do_nothing(void *arg)
{
    (void)arg;
}

/* All that waits or calls the system; a cancel is pending meanwhile. */
static void
call_everything(FILE *out)
{
    filch_config config = {.workers = test_workers()};
    filch_runtime *runtime;
    filch_stats stats;
    filch_task *task;
    OK(filch_start(&runtime, &config));
    OK(filch_submit(runtime, &task, sleep_1_ms, NULL));
    OK(filch_task_set_name(task, "a name"));
    filch_dump(out);
    OK(filch_stats_read(runtime, &stats, 1, NULL));
    OK(filch_sleep(FILCH_MS(1)));
    OK(filch_sleep_until(filch_after(FILCH_MS(1))));
    filch_yield();
    FAILS(EPERM, filch_call_later(NULL, 0, do_nothing, NULL));
    OK(filch_timer_cancel_wait(&timer));
    EQ(0, join(task));
    OK(filch_submit(runtime, NULL, wait_at_gate, NULL));
    OK(filch_stop(runtime));
    OK(filch_run(&config, nothing, NULL));
    OK(filch_run(NULL, nothing, NULL));
}

/* The same of what is said on standard error. */
static void
call_what_complains(void)
{
    filch_runtime *runtime;
    CHECK(setenv("FILCH_WORKERS", "many", 1) == 0);
    FAILS(EINVAL, filch_start(&runtime, NULL));
    FAILS(EINVAL, filch_run(NULL, nothing, NULL));
    CHECK(unsetenv("FILCH_WORKERS") == 0);
}

/* A deterministic run says so when it is disturbed. */
static void
disturb_a_deterministic_run(void)
{
    filch_runtime *runtime;
    OK(filch_start(&runtime, &(filch_config){.seed = 1}));
    filch_event_set(&gate);
    CHECK(filch_event_is_set(&gate));
    OK(filch_stop(runtime));
}

static void *
call_with_a_cancel_pending(void *arg)
{
    OK(pthread_cancel(pthread_self()));
    call_everything(arg);
    call_what_complains();
    disturb_a_deterministic_run();
    atomic_store(&ended, true);
    pthread_testcancel(); /* here it may */
    return NULL;
}

TEST(no_call_is_a_pthread_cancellation_point)
{
    void *result;
    FILE *out = fopen("/dev/null", "w");
    CHECK(out != NULL);
    pthread_t thread = thread_start(call_with_a_cancel_pending, out);
    OK(pthread_join(thread, &result));
    CHECK(atomic_load(&ended));
    CHECK(result == PTHREAD_CANCELED);
    fclose(out);
}
