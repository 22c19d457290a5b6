/*
 * FILCH_REPLAY: any bytes as a schedule; after them, cut off by a zero, the
 * text of FILCH_POLICY. What was read is asked for, decision after decision.
 */
#include "fuzz.h"
#include "sched/schedule.c" /* what reads it is static */

#include <sys/mman.h>
#include <unistd.h>

static int in = -1;

static void
parse_policy(const uint8_t *data, size_t size)
{
    fl_policy policy = {0}, again = {0};
    char text[100], said[64];
    if (!fuzz_piece(&data, &size, '\n', text, sizeof text) ||
        !fl_policy_parse(&policy, text))
        return;
    fl_policy_format(&policy, said);
    MUST(strlen(said) < sizeof said);
    MUST(fl_policy_parse(&again, said)); /* what it writes it can read */
    MUST(again.kind == policy.kind && again.depth == policy.depth);
    MUST(again.length == policy.length);
}

static void
follow(fl_schedule *schedule)
{
    uint64_t last = 0, found = 0;
    for (size_t i = 0; i < schedule->n; ++i) {
        uint32_t number = 0;
        uint64_t decision = schedule->deviations[i].decision;
        MUST(i == 0 || decision > last);
        last = decision;
        found += fl_schedule_lists(schedule, decision, &number);
        MUST(number == schedule->deviations[i].number);
    }
    MUST(found == schedule->n && schedule->passed_over == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fl_schedule schedule = {0};
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    size_t length = zero ? (size_t)(zero - data) : size;
    char name[40];
    if (in < 0)
        in = memfd_create("schedule", MFD_CLOEXEC);
    MUST(in >= 0 && ftruncate(in, 0) == 0);
    MUST(pwrite(in, data, length, 0) == (ssize_t)length);
    snprintf(name, sizeof name, "/proc/self/fd/%d", in);

    int error = read_schedule(&schedule, name);
    MUST(error == 0 || error == EINVAL);
    MUST(schedule.follows == !error);
    if (!error)
        follow(&schedule);
    free(schedule.deviations);
    if (zero)
        parse_policy(zero + 1, size - length - 1);
    return 0;
}
