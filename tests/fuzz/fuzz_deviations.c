/*
 * filch-stress --replay: any bytes as the schedule of a failure, as the tool
 * reads it. What it writes it reads again as the same, whole or a part.
 */
#include "fuzz.h"

#include "../../tools/stress/schedule.c"

#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

/* Memory does not run out here, and what is written can be. */
void
die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    abort();
}

/* A file in memory, by its name. */
static const char *
file(char name[40], int *fd)
{
    if (*fd < 0)
        *fd = memfd_create("schedule", MFD_CLOEXEC);
    MUST(*fd >= 0 && ftruncate(*fd, 0) == 0);
    snprintf(name, 40, "/proc/self/fd/%d", *fd);
    return name;
}

/* The deviations at even places alone, where `half`. */
static void
write_and_read(const struct schedule *schedule, const char *name, bool half)
{
    struct schedule again;
    bool *keep = calloc(schedule->count + 1, sizeof *keep);
    MUST(keep);
    for (size_t i = 0; i < schedule->count; i += 2)
        keep[i] = true;
    schedule_write(schedule, name, half ? keep : NULL);
    free(keep);
    size_t step = half ? 2 : 1;
    MUST(schedule_read(&again, name));
    MUST(again.count == (schedule->count + step - 1) / step);
    for (size_t i = 0; i < again.count; i++) {
        const struct deviation *one = &schedule->deviations[i * step];
        MUST(again.deviations[i].decision == one->decision);
        MUST(again.deviations[i].task == one->task);
        MUST(!again.deviations[i].comment == !one->comment);
        MUST(!one->comment ||
             !strcmp(again.deviations[i].comment, one->comment));
    }
    MUST(!strcmp(again.head, schedule->head));
    schedule_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int in = -1, out = -1;
    char name[40];
    struct schedule schedule;
    file(name, &in);
    MUST(pwrite(in, data, size, 0) == (ssize_t)size);
    if (schedule_read(&schedule, name)) {
        MUST(schedule.head && strstr(schedule.head, "filch-schedule 1\n"));
        file(name, &out);
        write_and_read(&schedule, name, false);
        write_and_read(&schedule, name, true);
    }
    schedule_free(&schedule);
    return 0;
}
