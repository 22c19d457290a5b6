/*
 * Runs tests without Check, which is installed for the machine that compiles:
 * those that an emulator runs, in the flavour aarch64.
 */
#include "../harness/harness.h"
#include <sys/wait.h>
#include <unistd.h>

static struct test *first;

void
test_register(struct test *test)
{
    test->next = first;
    first = test;
}

uint64_t
test_seed(void)
{
    return 1;
}

uint32_t
chance(uint64_t *state, uint32_t n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % n;
}

void
skip(const char *why)
{
    printf("skipped: %s\n", why);
    fflush(stdout);
    _exit(0);
}

static const char *context = "";

void
check_context(const char *what)
{
    context = what;
}

void
check_failed(const char *file, int line, const char *what)
{
    printf("    %s:%d: not true: %s %s\n", file, line, what, context);
    fflush(stdout);
    _exit(1);
}

void
check_equal(const char *file, int line, const char *what, long long expected,
            long long actual)
{
    if (expected != actual)
        check_failed(file, line, what);
}

void
check_status(const char *file, int line, const char *what, int expected,
             int actual)
{
    if (expected != actual)
        check_failed(file, line, what);
}

static int
task_body(void *arg)
{
    ((const struct test *)arg)->body();
    return 0;
}

/* In a process of its own; whether it passed. */
static bool
run_test(struct test *test)
{
    int status;
    fflush(stdout);
    if (fork() == 0) {
        if (test->workers == ON_PLAIN_THREAD)
            test->body();
        else if (test->workers == ON_TEST_WORKERS)
            run_on(test_workers(), task_body, test);
        else
            run_on((unsigned)test->workers, task_body, test);
        _exit(0);
    }
    wait(&status);
    printf("%s - %s\n", status ? "not ok" : "ok", test->name);
    return status == 0;
}

/* The arguments select tests by a part of their names. */
static bool
is_selected(const struct test *test, int argc, char **argv)
{
    for (int i = 1; i < argc; ++i)
        if (strstr(test->name, argv[i]))
            return true;
    return argc == 1;
}

int
main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    for (struct test *test = first; test; test = test->next) {
        if (!is_selected(test, argc, argv))
            continue;
        if (run_test(test))
            passed++;
        else
            failed++;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
