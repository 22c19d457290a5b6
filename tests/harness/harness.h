/*
 * What every test stands on, over Check.
 *
 *     static filch_event event;
 *
 *     TASK_TEST(event_wait_returns_at_once_where_it_is_set)
 *     {
 *         filch_event_set(&event);
 *         OK(filch_event_wait(&event));
 *     }
 *
 * A test finds itself on the list by being written. Each runs in a process of
 * its own, so its file's statics are fresh, and what it leaves behind is gone.
 * A program's arguments select tests by a part of their names.
 */
#ifndef HARNESS_H
#define HARNESS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <filch.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(FILCH_TSAN_)
#define UNDER_TSAN 1
#else
#define UNDER_TSAN 0
#endif
#if defined(FILCH_ASAN_)
#define UNDER_ASAN 1
#else
#define UNDER_ASAN 0
#endif
#define UNDER_SANITIZER (UNDER_TSAN || UNDER_ASAN)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define UNDER_VALGRIND RUNNING_ON_VALGRIND
#else
#define UNDER_VALGRIND 0
#endif

/* --- Tests --------------------------------------------------------------- */

struct test {
    const char *name;
    const char *file;
    int line;
    int workers; /* of the runtime whose main it is; see the constants */
    void (*body)(void);
    struct test *next;
};

enum { ON_PLAIN_THREAD = -1, ON_TEST_WORKERS = 0 };

void test_register(struct test *test);

/* A test on a plain thread, without a runtime. */
#define TEST(name) TEST_(name, ON_PLAIN_THREAD)

/* A test that is the main task of a runtime of test_workers() workers. */
#define TASK_TEST(name) TEST_(name, ON_TEST_WORKERS)

/* The same on just one worker, where what runs next is known. */
#define ONE_WORKER_TEST(name) TEST_(name, 1)

#define TEST_(name, workers)                                                   \
    static void name(void);                                                    \
    static struct test name##_test = {#name,   __FILE__, __LINE__,             \
                                      workers, name,     NULL};                \
    __attribute__((constructor)) static void name##_register(void)             \
    {                                                                          \
        test_register(&name##_test);                                           \
    }                                                                          \
    static void name(void)

/* FILCH_TEST_WORKERS, else 2. */
unsigned test_workers(void);

/* Whether the library's clock jumps: see tests/fault/disturb.c. */
bool test_clock_jumps(void);

/* Whether FILCH_CHAOS is on: the watch takes what has not waited, and who is
 * oldest comes any time. */
bool in_chaos(void);

/* Runs `main(arg)` on that many workers; checks that the run itself works. */
void run_on(unsigned workers, filch_fn main, void *arg);

/* --- Checks: on any thread, task or callback ----------------------------- */

#define CHECK(condition)                                                       \
    ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))

/* Two integers are the same. */
#define EQ(expected, actual)                                                   \
    check_equal(__FILE__, __LINE__, #actual, (long long)(expected),            \
                (long long)(actual))

/* A call returns 0; a call returns that errno value. */
#define OK(call) check_status(__FILE__, __LINE__, #call, 0, (call))
#define FAILS(error, call)                                                     \
    check_status(__FILE__, __LINE__, #call, (error), (call))

_Noreturn void check_failed(const char *file, int line, const char *what);
void check_equal(const char *file, int line, const char *what,
                 long long expected, long long actual);
void check_status(const char *file, int line, const char *what, int expected,
                  int actual);

/* What a failure is to mention beside its line, such as a table's row. */
void check_context(const char *what);

/* Ends the test as passed, saying why it makes no sense here. */
_Noreturn void skip(const char *why);

/* --- Waiting for something to come true, and for nothing else ------------ */

/* Lets others run: the worker's other tasks, then the CPU's other threads. */
void let_others_run(void);

#define UNTIL(condition)                                                       \
    while (!(condition))                                                       \
    let_others_run()

/* How many threads of the process have a name that begins so. One that was
 * joined may be among them for another moment. */
int threads_named(const char *name);

/* A deadline that has passed. */
static inline filch_time
past(void)
{
    return filch_now() - 1;
}

/* Computes, without a suspension, until that point in time. */
void compute_until(filch_time when);

/* --- Tasks and threads --------------------------------------------------- */

/* Spawns a task; gives its handle. */
filch_task *spawn(filch_fn fn, void *arg);

/*
 * Spawns a task and returns once its body has begun. On one worker the body
 * has then ended, or is in a call that suspends it.
 */
filch_task *park(filch_fn fn, void *arg);

/* Joins, and gives the task's status. */
int join(filch_task *task);

pthread_t thread_start(void *(*fn)(void *), void *arg);
void thread_join(pthread_t thread);

/*
 * As many runtimes of one worker each as test_workers() says. So a plain
 * thread can have tasks wait on different worker threads, and know that they
 * wait, and in which order they began to.
 */
struct crew {
    filch_runtime *runtimes[64];
    unsigned n, next;
};

void crew_start(struct crew *crew);
void crew_stop(struct crew *crew);

/* Spawns on the next runtime; the body has then ended, or is suspended. */
filch_task *crew_park(struct crew *crew, filch_fn fn, void *arg);

/* errno of the thread that the caller is on now. */
void set_errno(int value);
int get_errno(void);

/* --- Child processes, for what ends a program ---------------------------- */

struct child {
    int exit_status; /* -1: ended by the signal */
    int signal;
    char output[16384]; /* its standard error, cut off at the end */
};

/*
 * Runs `body` in a child process, which ends with 0 when it returns. Not once
 * this process had a runtime, since its children can have none.
 */
void child_run(struct child *child, void (*body)(void));

/* Checks how it ended, and shows its output if that was not so. */
#define CHILD_EXITED(child, status)                                            \
    child_check(__FILE__, __LINE__, (child), (status), 0)
#define CHILD_DIED(child, signal)                                              \
    child_check(__FILE__, __LINE__, (child), -1, (signal))
void child_check(const char *file, int line, const struct child *child,
                 int exit_status, int signal);

/* Checks that its output has that in it. */
#define CHILD_SAID(child, text)                                                \
    child_check_said(__FILE__, __LINE__, (child), (text))
void child_check_said(const char *file, int line, const struct child *child,
                      const char *text);

/* --- Scratch files ------------------------------------------------------- */

/* The folder for them: TMPDIR, else /tmp. */
const char *scratch_folder(void);

/* --- Chance -------------------------------------------------------------- */

/* A seed that FILCH_TEST_SEED fixes; every failed check prints it. */
uint64_t test_seed(void);

/* Chooses it, and returns it; for a program with a main of its own. */
uint64_t test_seed_begin(void);

/* The next number of a sequence, below `n`. */
uint32_t chance(uint64_t *state, uint32_t n);

#endif
