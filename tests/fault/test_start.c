/*
 * Starts of which each step fails in turn: one fails alone, or all from it on.
 * In child processes, each as new as a program that has just begun.
 */
#include "inject.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the children report; shared with them. */
static struct report {
    bool failed;  /* there was a point that failed */
    int mappings; /* that there are in the end */
} * report;

static void (*fault)(unsigned n);
static unsigned at;

static int
answer(void *arg)
{
    return *(int *)arg;
}

static int
start_and_stop(int *status)
{
    filch_config config = {.workers = test_workers()};
    filch_runtime *runtime;
    filch_task *task;
    int error = filch_start(&runtime, &config);
    unsigned failed = fault_end();
    report->failed = report->failed || failed;
    if (error)
        return error;
    OK(filch_submit(runtime, &task, answer, status));
    EQ(*status, join(task));
    OK(filch_stop(runtime));
    return 0;
}

static bool
is_shortage(int error)
{
    return error == ENOMEM || error == EAGAIN || error == EINVAL;
}

/* Forked children know that they are some, whatever failed before. */
static void
fork_and_look(void)
{
    filch_runtime *runtime;
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        _exit(filch_start(&runtime, NULL) == ENOTSUP ? 0 : 1);
    CHECK(waitpid(pid, &status, 0) == pid);
    EQ(0, status);
}

static void
start_badly(void)
{
    int status = 42;
    fault(at);
    int error = start_and_stop(&status);
    CHECK(error == 0 || (report->failed && is_shortage(error)));
    OK(start_and_stop(&status)); /* and now there is enough */
    fork_and_look();
    report->mappings = fault_mappings();
}

static void
run_badly(void)
{
    filch_config config = {.workers = test_workers()};
    int status = 42;
    fault(at);
    int error = filch_run(&config, answer, &status);
    report->failed = fault_end() > 0;
    CHECK(error == 42 || (report->failed && is_shortage(error)));
    EQ(42, filch_run(&config, answer, &status));
    report->mappings = fault_mappings();
}

static void
child_of(void (*body)(void), unsigned n)
{
    struct child child;
    char text[80];
    at = n;
    *report = (struct report){0};
    snprintf(text, sizeof text, "point %u", n);
    check_context(text);
    child_run(&child, body);
    CHILD_EXITED(&child, 0);
}

enum { NO_POINT = 1000000 };

/* Until there is no further point that could fail. */
static void
each_point(void (*how)(unsigned n), void (*body)(void))
{
    report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(report != MAP_FAILED);
    fault = how;
    child_of(body, NO_POINT);
    int mappings = report->mappings;
    unsigned n = 0, shown = 0;
    do {
        child_of(body, n);
        shown++;
        n = fault_next(n);
        /* what a start that failed had mapped is gone, or used again */
        CHECK(report->mappings <= mappings);
    } while (report->failed);
    CHECK(n > 20 && shown > 3);
}

TEST(start_of_which_one_step_fails_is_an_error_or_works_and_leaves_nothing)
{
    each_point(fault_once, start_badly);
}

TEST(start_of_which_all_fails_from_some_step_on_is_an_error)
{
    each_point(fault_from, start_badly);
}

TEST(run_of_which_one_step_fails_is_an_error_or_works_and_leaves_nothing)
{
    each_point(fault_once, run_badly);
}

TEST(run_of_which_all_fails_from_some_step_on_is_an_error)
{
    each_point(fault_from, run_badly);
}

/* --- Old kernels --------------------------------------------------------- */

static int
nothing(void *arg)
{
    return arg != NULL;
}

static void
old_kernel(void)
{
    filch_config config = {.workers = test_workers()};
    fault_old_kernel(true);
    for (int i = 0; i < 3; ++i)
        OK(filch_run(&config, nothing, NULL));
}

TEST(kernel_without_membarrier_and_guards_of_its_own_will_do)
{
    struct child child;
    child_run(&child, old_kernel);
    CHILD_EXITED(&child, 0);
}
