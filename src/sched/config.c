#include "sched/config.h"

#include "base/number.h"
#include "fiber/stack.h"
#include "os/chaos.h"
#include "sched/point.h"
#include "sched/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS_MOST 1024

#if defined(FILCH_TSAN_) || defined(FILCH_ASAN_)
#define STACK_DEFAULT ((size_t)256 << 10)
#else
#define STACK_DEFAULT ((size_t)64 << 10)
#endif

static int
bad_variable(const char *name, const char *text, const char *expected)
{
    fl_warn("bad value '%.200s' of the environment variable %s: expected %s",
            text, name, expected);
    return EINVAL;
}

/* Digits, and with `suffixes` a K, M or G behind them. */
static bool
parse(const char *text, bool suffixes, uint64_t *value)
{
    uint64_t n;
    unsigned shift = 0;
    if (!fl_number_read(&text, &n)) {
        return false;
    }
    if (suffixes && *text) {
        static const char letters[] = "KMGkmg";
        const char *found = strchr(letters, *text++);
        shift = found ? 10 * (unsigned)((found - letters) % 3 + 1) : 64;
    }
    if (shift == 64 || *text || (n << shift) >> shift != n) {
        return false;
    }
    *value = n << shift;
    return true;
}

/* The number in a variable, into *value, which is left alone if it is unset. */
static int
from_environment(const char *name, uint64_t most, bool suffixes,
                 const char *expected, uint64_t *value)
{
    const char *text = getenv(name);
    uint64_t n;
    if (!text) {
        return 0;
    }
    if (!parse(text, suffixes, &n) || n > most) {
        return bad_variable(name, text, expected);
    }
    *value = n;
    return 0;
}

/* seeded.c uses it; a bad one is an error also where it would not. */
static int
check_policy(void)
{
    fl_policy policy;
    const char *text = getenv("FILCH_POLICY");
    if (text && !fl_policy_parse(&policy, text)) {
        return bad_variable(
            "FILCH_POLICY", text,
            "random, pct, pct:DEPTH, pct:DEPTH:LENGTH or round-robin, with a "
            "DEPTH from 1 to 64");
    }
    return 0;
}

static int
fill_from_environment(filch_config *config, uint64_t *chaos)
{
    uint64_t workers = config->workers, stack = config->stack_size;
    uint64_t seed = config->seed, virtual_time = config->virtual_time;
    uint64_t pin = config->pin_workers;
    int error = 0;
    if (!workers) {
        error = from_environment("FILCH_WORKERS", WORKERS_MOST, false,
                                 "a number from 0 to 1024", &workers);
    }
    if (!error && !stack) {
        error = from_environment("FILCH_STACK_SIZE", (uint64_t)1 << 40, true,
                                 "bytes, or a number with K, M or G", &stack);
        if (!error && stack && (stack < FL_STACK_MIN || stack > FL_STACK_MAX)) {
            error = bad_variable("FILCH_STACK_SIZE", getenv("FILCH_STACK_SIZE"),
                                 "16K to 1G");
        }
    }
    if (!error && !seed) {
        error = from_environment("FILCH_SEED", UINT64_MAX, false, "a number",
                                 &seed);
    }
    if (!error && !virtual_time) {
        error = from_environment("FILCH_VIRTUAL_TIME", 1, false, "0 or 1",
                                 &virtual_time);
    }
    if (!error && !pin) {
        error = from_environment("FILCH_PIN_WORKERS", 1, false, "0 or 1", &pin);
    }
    if (!error) {
        error = check_policy();
    }
    if (!error) {
        error = from_environment("FILCH_CHAOS", UINT64_MAX, false, "a number",
                                 chaos);
    }
    config->workers = (unsigned)workers;
    config->stack_size = (size_t)stack;
    config->seed = seed;
    config->virtual_time = virtual_time || getenv("FILCH_REPLAY");
    config->pin_workers = pin;
    return error;
}

int
fl_config_resolve(filch_config *config, const filch_config *given)
{
    uint64_t chaos = 0;
    *config = given ? *given : (filch_config){0};
    int error = fill_from_environment(config, &chaos);
    if (error) {
        return error;
    }
    if (config->workers > WORKERS_MOST ||
        (config->stack_size && (config->stack_size < FL_STACK_MIN ||
                                config->stack_size > FL_STACK_MAX))) {
        return EINVAL;
    }
    if (config->seed || config->virtual_time) {
        if (config->workers > 1) {
            fl_warn("a deterministic run (a seed, virtual time, or a schedule "
                    "to follow) has one worker, not %u",
                    config->workers);
            return EINVAL;
        }
        config->workers = 1;
    }
    unsigned cpus = fl_os_cpus();
    config->workers = config->workers ? config->workers : cpus;
    config->stack_size =
        config->stack_size ? config->stack_size : STACK_DEFAULT;
    config->name = config->name ? config->name : "filch";
    if (fl_chaos_begin(chaos)) {
        fl_points_begin(FL_POINTS_CHAOS);
    }
    return 0;
}
