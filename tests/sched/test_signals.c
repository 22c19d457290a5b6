/* Signals, masks and affinity: what a runtime does to the rest of a program. */
#include "../harness/harness.h"
#include <signal.h>
#include <unistd.h>

static int
nothing(void *arg)
{
    (void)arg;
    return 0;
}

/* --- The caller is left as it was ---------------------------------------- */

TEST(run_leaves_the_callers_signal_mask_and_affinity_alone)
{
    sigset_t mask, after;
    cpu_set_t cpus, cpus_after;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    OK(pthread_sigmask(SIG_SETMASK, &mask, NULL));
    CHECK(sched_getaffinity(0, sizeof cpus, &cpus) == 0);
    for (int i = 0; i < 2; ++i) {
        filch_config config = {.workers = test_workers(),
                               .pin_workers = i == 1};
        OK(filch_run(&config, nothing, NULL));
        OK(pthread_sigmask(SIG_SETMASK, NULL, &after));
        for (int s = 1; s < 32; ++s)
            EQ(s == SIGUSR2, sigismember(&after, s));
        CHECK(sched_getaffinity(0, sizeof cpus_after, &cpus_after) == 0);
        CHECK(CPU_EQUAL(&cpus, &cpus_after));
    }
}

static int
same_cpus(void *arg)
{
    cpu_set_t cpus;
    CHECK(sched_getaffinity(0, sizeof cpus, &cpus) == 0);
    return CPU_EQUAL(&cpus, (cpu_set_t *)arg) ? 0 : EIO;
}

static int
until_same_cpus(void *arg)
{
    UNTIL(same_cpus(arg) == 0);
    return 0;
}

TEST(workers_that_are_not_pinned_may_move_after_their_start)
{
    cpu_set_t cpus;
    CHECK(sched_getaffinity(0, sizeof cpus, &cpus) == 0);
    run_on(test_workers(), until_same_cpus, &cpus);
}

static int
has_one_cpu(void *arg)
{
    cpu_set_t cpus;
    CHECK(sched_getaffinity(0, sizeof cpus, &cpus) == 0);
    EQ(1, CPU_COUNT(&cpus));
    return arg != NULL;
}

static void
run_on_cpu(int cpu)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
}

/* Who starts one runtime here and one there, as for each part of a machine. */
TEST(workers_stay_on_the_cpus_that_their_starter_was_allowed)
{
    cpu_set_t all;
    int cpus[2], n = 0;
    CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
    for (int cpu = 0; cpu < CPU_SETSIZE && n < 2; ++cpu)
        if (CPU_ISSET(cpu, &all))
            cpus[n++] = cpu;
    if (n < 2)
        skip("it takes two CPUs");
    for (int round = 0; round < 20; ++round) {
        filch_runtime *runtimes[2];
        filch_config config = {.workers = test_workers()};
        for (int i = 0; i < 2; ++i) {
            run_on_cpu(cpus[i]);
            OK(filch_start(&runtimes[i], &config));
        }
        for (int i = 0; i < 2; ++i) {
            filch_task *task;
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(cpus[i], &one);
            OK(filch_submit(runtimes[i], &task, same_cpus, &one));
            EQ(0, join(task));
            OK(filch_stop(runtimes[i]));
        }
    }
}

TEST(workers_that_are_pinned_stay_on_one_cpu)
{
    filch_config config = {.workers = test_workers(), .pin_workers = true};
    OK(filch_run(&config, has_one_cpu, NULL));
}

/* --- Workers take no signals --------------------------------------------- */

static int
blocks_async_signals(void *arg)
{
    static const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT,  SIGUSR1,
                                  SIGUSR2, SIGPIPE, SIGALRM,  SIGTERM,
                                  SIGCHLD, SIGTSTP, SIGWINCH, SIGIO};
    sigset_t mask;
    OK(pthread_sigmask(SIG_SETMASK, NULL, &mask));
    for (size_t i = 0; i < sizeof signals / sizeof *signals; ++i)
        EQ(1, sigismember(&mask, signals[i]));
    EQ(0, sigismember(&mask, SIGSEGV)); /* these are the thread's own doing */
    EQ(0, sigismember(&mask, SIGBUS));
    EQ(0, sigismember(&mask, SIGFPE));
    EQ(0, sigismember(&mask, SIGILL));
    return arg != NULL;
}

TASK_TEST(workers_block_asynchronous_signals)
{
    for (int i = 0; i < 20; ++i)
        EQ(0, join(spawn(blocks_async_signals, NULL)));
}

static pthread_t handled_by;
static atomic_bool handled;

static void
handle(int signal)
{
    (void)signal;
    handled_by = pthread_self();
    atomic_store(&handled, true);
}

static int
raise_in_process(void *arg)
{
    kill(getpid(), SIGUSR1);
    UNTIL(atomic_load(&handled));
    return arg != NULL;
}

TEST(signal_to_the_process_is_handled_on_the_callers_thread)
{
    struct sigaction action = {.sa_handler = handle};
    sigaction(SIGUSR1, &action, NULL);
    run_on(test_workers(), raise_in_process, NULL);
    CHECK(pthread_equal(pthread_self(), handled_by));
}

/* --- The handler of SIGSEGV ---------------------------------------------- */

static void
is_handler_back(int signal)
{
    struct sigaction before = {.sa_handler = handle}, after;
    OK(sigaction(signal, &before, NULL));
    run_on(test_workers(), nothing, NULL);
    OK(sigaction(signal, NULL, &after));
    CHECK(after.sa_handler == handle);
}

TEST(handlers_found_at_the_start_are_back_after_the_last_runtime)
{
    is_handler_back(SIGSEGV);
    is_handler_back(SIGBUS);
}

static bool
is_handler_there(int signal)
{
    struct sigaction now;
    OK(sigaction(signal, NULL, &now));
    return now.sa_handler == handle;
}

TEST(handlers_found_at_the_start_are_not_back_before_the_last_runtime_ends)
{
    static const int signals[] = {SIGSEGV, SIGBUS};
    struct sigaction before = {.sa_handler = handle};
    filch_config config = {.workers = test_workers()};
    filch_runtime *first, *second;
    for (int i = 0; i < 2; ++i)
        OK(sigaction(signals[i], &before, NULL));
    OK(filch_start(&first, &config));
    OK(filch_start(&second, &config));
    OK(filch_stop(first));
    for (int i = 0; i < 2; ++i)
        CHECK(!is_handler_there(signals[i]));
    OK(filch_stop(second));
    for (int i = 0; i < 2; ++i)
        CHECK(is_handler_there(signals[i]));
}

static void
end_well(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    static const char text[] = "the program's own handler\n";
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    _exit(info->si_addr == (void *)8 && written > 0 ? 33 : 34);
}

static int
touch_nowhere(void *arg)
{
    int volatile *volatile nowhere = (int *)8;
    *nowhere = 1;
    return arg != NULL;
}

static void
fault_with_handler(void)
{
    struct sigaction action = {.sa_sigaction = end_well,
                               .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    run_on(test_workers(), touch_nowhere, NULL);
}

TEST(fault_that_is_no_overflow_goes_to_the_handler_that_was_found)
{
    struct child child;
    child_run(&child, fault_with_handler);
    CHILD_EXITED(&child, 33);
    CHILD_SAID(&child, "the program's own handler");
    CHECK(strstr(child.output, "overflow") == NULL);
}

#if !UNDER_SANITIZER /* whose own handlers are found and end the program */
static void
fault_without_handler(void)
{
    run_on(test_workers(), touch_nowhere, NULL);
}

TEST(fault_that_is_no_overflow_ends_a_program_without_a_handler_by_SIGSEGV)
{
    struct child child;
    child_run(&child, fault_without_handler);
    CHILD_DIED(&child, SIGSEGV);
    CHECK(strstr(child.output, "overflow") == NULL);
}
#endif

static void
send_to_oneself(void)
{
    filch_runtime *runtime;
    filch_config config = {.workers = test_workers()};
    OK(filch_start(&runtime, &config));
    raise(SIGSEGV); /* not a fault, which would come again */
    OK(filch_stop(runtime));
}

TEST(fault_that_was_sent_ends_a_program_without_a_handler)
{
    struct child child;
    if (UNDER_SANITIZER)
        skip("a sanitizer has a handler");
    child_run(&child, send_to_oneself);
    CHILD_DIED(&child, SIGSEGV);
}

static void
send_ignored(void)
{
    CHECK(signal(SIGSEGV, SIG_IGN) != SIG_ERR);
    send_to_oneself();
    send_to_oneself();
}

TEST(fault_that_was_sent_and_is_ignored_leaves_a_program_alone)
{
    struct child child;
    if (UNDER_SANITIZER)
        skip("a sanitizer has a handler");
    child_run(&child, send_ignored);
    CHILD_EXITED(&child, 0);
}
