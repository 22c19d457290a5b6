/*
 * Signals all the time, to every thread, whose handler does not have system
 * calls restarted: no call gives EINTR, and nothing is lost.
 */
#include "inject.h"
#include "mill.h"
#include "os/os.h"
#include "system.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROUNDS = UNDER_SANITIZER ? 200 : 1000 };

static atomic_long handled;
static atomic_bool over;

static void
count(int signal)
{
    (void)signal;
    atomic_fetch_add(&handled, 1);
}

/* --- The storm ----------------------------------------------------------- */

/* One signal to each thread of the process but the caller. */
static void
signal_all(DIR *threads)
{
    pid_t process = getpid(), me = (pid_t)syscall(SYS_gettid);
    struct dirent *entry;
    rewinddir(threads);
    while ((entry = readdir(threads))) {
        pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        if (thread > 0 && thread != me)
            syscall(SYS_tgkill, process, thread, SIGUSR1);
    }
}

static void *
storm(void *arg)
{
    DIR *threads = opendir("/proc/self/task");
    CHECK(threads != NULL);
    while (!atomic_load(&over)) {
        signal_all(threads);
        usleep(50);
    }
    closedir(threads);
    return arg;
}

static pthread_t
storm_begin(void)
{
    struct sigaction action = {.sa_handler = count}; /* no SA_RESTART */
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    return thread_start(storm, NULL);
}

static void
storm_end(pthread_t thread)
{
    atomic_store(&over, true);
    thread_join(thread);
    CHECK(atomic_load(&handled) > 0);
}

/* --- Workers that take signals ------------------------------------------- */

static atomic_uint opened;

/* On each worker once: none of these returns before all are there. */
static int
open_worker(void *arg)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    OK(pthread_sigmask(SIG_UNBLOCK, &set, NULL));
    atomic_fetch_add(&opened, 1);
    while (atomic_load(&opened) < test_workers())
        sched_yield();
    return arg != NULL;
}

static int
open_workers_and_mill(void *mill)
{
    filch_task *tasks[64];
    unsigned n = test_workers();
    CHECK(n <= 64);
    for (unsigned i = 0; i < n; ++i)
        tasks[i] = spawn(open_worker, NULL);
    for (unsigned i = 0; i < n; ++i)
        EQ(0, join(tasks[i]));
    return mill_run(mill);
}

TEST(nothing_is_lost_in_a_storm_of_signals_to_workers_and_plain_threads)
{
    struct mill mill = {.tasks = 8, .rounds = ROUNDS};
    pthread_t thread = storm_begin();
    run_on(test_workers(), open_workers_and_mill, &mill);
    storm_end(thread);
}

TEST(nothing_is_lost_in_a_storm_where_memory_is_short_and_waits_are_late)
{
    skip_where_stacks_may_run_out();
    struct mill mill = {.tasks = 8, .rounds = ROUNDS, .short_of_memory = true};
    pthread_t thread = storm_begin();
    disturb_begin(FILCH_MS(5));
    run_on(test_workers(), open_workers_and_mill, &mill);
    storm_end(thread);
}

TEST(runtimes_start_and_stop_in_a_storm_of_signals)
{
    struct mill mill = {.tasks = 20, .rounds = ROUNDS / 10};
    pthread_t thread = storm_begin();
    mill_run_beside(&mill);
    storm_end(thread);
}

/* --- What is said on standard error -------------------------------------- */

TEST(message_is_written_whole_where_signals_interrupt_it)
{
    char text[20] = "";
    int ends[2];
    CHECK(pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) >= 0);
    signals_begin();
    errno = 4711;
    fl_os_write_error("a message", 9);
    signals_end();
    EQ(4711, errno);
    EQ(2, signals_in(CALL_write));
    CHECK(read(ends[0], text, sizeof text) == 9);
    EQ(0, strcmp("a message", text));
}
