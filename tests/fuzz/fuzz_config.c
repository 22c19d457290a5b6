/* The environment: a line of the input for each variable, then a byte whose
 * bits say which fields the program has filled itself. */
#include "fiber/stack.h"
#include "fuzz.h"
#include "os/chaos.h"
#include "sched/config.h"

#include <errno.h>
#include <string.h>

static const char *const names[] = {
    "FILCH_WORKERS",     "FILCH_STACK_SIZE", "FILCH_SEED", "FILCH_VIRTUAL_TIME",
    "FILCH_PIN_WORKERS", "FILCH_POLICY",     "FILCH_CHAOS"};
enum { NAMES = sizeof names / sizeof *names };

/* Chaos, which never ends, begins just where a number other than 0 was said. */
static void
check_chaos(bool before, int error)
{
    const char *text = getenv("FILCH_CHAOS");
    bool said = !error && text && strtoull(text, NULL, 10) != 0;
    MUST(fl_chaos_on == (before || said));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    filch_config given, config;
    char text[200];
    for (int i = 0; i < NAMES; ++i)
        if (fuzz_piece(&data, &size, '\n', text, sizeof text) && *text)
            setenv(names[i], text, 1);
        else
            unsetenv(names[i]);
    unsigned bits = size ? *data : 0;
    memset(&given, 0, sizeof given);
    given.workers = bits & 1 ? bits * 7 : 0;
    given.stack_size = bits & 2 ? (size_t)bits << (bits >> 3) : 0;
    given.pin_workers = bits & 4;

    errno = 4711;
    bool chaos = fl_chaos_on;
    int error = fl_config_resolve(&config, &given);
    MUST(error == 0 || error == EINVAL || error == ENOTSUP);
    MUST(errno == 4711);
    check_chaos(chaos, error);
    if (error == 0) {
        MUST(config.workers >= 1 && config.workers <= 1024);
        MUST(config.stack_size >= FL_STACK_MIN);
        MUST(config.stack_size <= FL_STACK_MAX);
        MUST(!given.workers || config.workers == given.workers);
        MUST(!given.stack_size || config.stack_size == given.stack_size);
        MUST(config.name && *config.name);
    }
    return 0;
}
