#include "harness.h"
#include <check.h>
#include <time.h>
#include <unistd.h>

static struct test *first, **last = &first;
static uint64_t seed;
static const char *context;

void
test_register(struct test *test)
{
    *last = test;
    last = &test->next;
}

/* --- Checks -------------------------------------------------------------- */

/*
 * Check's own asserts end the process by exit(), whose handlers must not run
 * on a worker's thread while the other workers go on.
 */
_Noreturn static void
end_test(const char *file, int line, const char *text)
{
    dprintf(STDERR_FILENO, "%s:%d: %s%s%s%s (FILCH_TEST_SEED=%llu)\n", file,
            line, text, context ? " [" : "", context ? context : "",
            context ? "]" : "", (unsigned long long)seed);
    _exit(1);
}

void
check_failed(const char *file, int line, const char *what)
{
    char text[512];
    snprintf(text, sizeof text, "not true: %s", what);
    end_test(file, line, text);
}

void
check_equal(const char *file, int line, const char *what, long long expected,
            long long actual)
{
    char text[512];
    if (expected == actual)
        return;
    snprintf(text, sizeof text, "%s is %lld, not %lld", what, actual, expected);
    end_test(file, line, text);
}

void
check_status(const char *file, int line, const char *what, int expected,
             int actual)
{
    char text[512];
    if (expected == actual)
        return;
    snprintf(text, sizeof text, "%s gives %d (%s), not %d (%s)", what, actual,
             strerror(actual), expected, strerror(expected));
    end_test(file, line, text);
}

void
check_context(const char *what)
{
    context = what;
}

void
skip(const char *why)
{
    dprintf(STDERR_FILENO, "skipped: %s\n", why);
    _exit(0);
}

/* --- Chance -------------------------------------------------------------- */

uint64_t
test_seed(void)
{
    return seed;
}

uint64_t
test_seed_begin(void)
{
    const char *text = getenv("FILCH_TEST_SEED");
    seed = text ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);
    return seed;
}

uint32_t
chance(uint64_t *state, uint32_t n)
{
    /* splitmix64 */
    uint64_t z = (*state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (uint32_t)((z ^ (z >> 31)) >> 32) % n;
}

/* --- Running ------------------------------------------------------------- */

static int
task_body(void *arg)
{
    const struct test *test = arg;
    test->body();
    return 0;
}

static void
run_test(int index)
{
    struct test *test = first;
    while (index-- > 0)
        test = test->next;
    if (test->workers == ON_PLAIN_THREAD)
        test->body();
    else if (test->workers == ON_TEST_WORKERS)
        run_on(test_workers(), task_body, test);
    else
        run_on((unsigned)test->workers, task_body, test);
}

static bool
is_selected(const struct test *test, int argc, char **argv)
{
    for (int i = 1; i < argc; ++i)
        if (strstr(test->name, argv[i]))
            return true;
    return argc == 1;
}

/* Weak, since a test may bring a main of its own. */
__attribute__((weak)) int
main(int argc, char **argv)
{
    Suite *suite = suite_create(argv[0]);
    SRunner *runner = srunner_create(suite);
    TTest *tests;
    int n = 0, failed;

    test_seed_begin();
    for (struct test *test = first; test; test = test->next)
        ++n;
    tests = calloc((size_t)n + 1, sizeof *tests);
    n = 0;
    for (struct test *test = first; test; test = test->next, ++n) {
        TCase *tcase = tcase_create(test->name);
        tests[n] = (TTest){test->name, run_test, test->file, test->line};
        if (!is_selected(test, argc, argv))
            tcase_set_tags(tcase, "unwanted");
        /* A limit for what hangs; nothing may come near it. */
        tcase_set_timeout(tcase, UNDER_SANITIZER ? 120 : 30);
        _tcase_add_test(tcase, &tests[n], 0, 0, n, n + 1);
        suite_add_tcase(suite, tcase);
    }
    srunner_run_tagged(runner, NULL, NULL, NULL, "unwanted", CK_ENV);
    failed = srunner_ntests_failed(runner) + (srunner_ntests_run(runner) == 0);
    srunner_free(runner);
    free(tests);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
