/*
 * Runs the tests of plain threads without Check, which is installed for the
 * machine that compiles: for those that an emulator runs. See context.sh.
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

unsigned
test_workers(void)
{
    return 2;
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
    (void)why;
    _exit(0);
}

void
check_failed(const char *file, int line, const char *what)
{
    printf("    %s:%d: not true: %s\n", file, line, what);
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

int
main(void)
{
    int failed = 0, status;
    for (struct test *test = first; test; test = test->next) {
        fflush(stdout);
        if (fork() == 0) {
            test->body();
            _exit(0);
        }
        wait(&status);
        printf("%s - %s\n", status ? "not ok" : "ok", test->name);
        failed += status != 0;
    }
    return failed != 0;
}
