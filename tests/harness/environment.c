/* What the environment asks of the tests. */
#include "harness.h"

unsigned
test_workers(void)
{
    const char *text = getenv("FILCH_TEST_WORKERS");
    return text ? (unsigned)strtoul(text, NULL, 10) : 2;
}

static bool
is_on(const char *variable)
{
    const char *text = getenv(variable);
    return text && strcmp(text, "0") != 0;
}

bool
test_clock_jumps(void)
{
    return is_on("DISTURB_BY_US");
}

bool
in_chaos(void)
{
    return is_on("FILCH_CHAOS");
}
