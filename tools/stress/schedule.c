#include "schedule.h"
#include "message.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char first_line[] = "filch-schedule 1\n";

/* --- Reading ------------------------------------------------------------- */

static void *
grown(void *memory, size_t size)
{
    memory = realloc(memory, size);
    if (!memory)
        die("out of memory");
    return memory;
}

/* A line that was cut off ends there, so that what is written after it is a line
 * of its own. */
static void
add_to_head(struct schedule *schedule, const char *line)
{
    size_t length = schedule->head ? strlen(schedule->head) : 0;
    size_t more = strcspn(line, "\n");

    schedule->head = grown(schedule->head, length + more + 2);
    memcpy(schedule->head + length, line, more);
    strcpy(schedule->head + length + more, "\n");
}

static void
add(struct schedule *schedule, const struct deviation *deviation)
{
    size_t n = schedule->count++;

    if ((n & (n - 1)) == 0) /* a power of two: it is full */
        schedule->deviations =
            grown(schedule->deviations, (n ? 2 * n : 1) * sizeof *deviation);
    schedule->deviations[n] = *deviation;
}

/* What a comment says, behind its "# ". */
static char *
copy_comment(const char *line)
{
    size_t length = strcspn(line + 1, "\n");
    const char *text = line + 1;

    if (length && *text == ' ') {
        text++;
        length--;
    }
    return strndup(text, length);
}

static void
read_line(struct schedule *schedule, const char *line, char **comment)
{
    struct deviation one = {0};

    if (*line == '#') {
        free(*comment);
        *comment = copy_comment(line);
    } else if (sscanf(line, "%" SCNu64 " %" SCNu64, &one.decision, &one.task) ==
               2) {
        one.comment = *comment;
        *comment = NULL;
        add(schedule, &one);
    } else if (sscanf(line, "end %" SCNu64, &schedule->decisions) != 1) {
        add_to_head(schedule, line);
    }
}

bool
schedule_read(struct schedule *schedule, const char *name)
{
    FILE *file = fopen(name, "r");
    char *line = NULL, *comment = NULL;
    size_t size = 0;
    bool good;

    *schedule = (struct schedule){0};
    good = file && getline(&line, &size, file) > 0 && !strcmp(line, first_line);
    if (good)
        add_to_head(schedule, line);
    while (good && getline(&line, &size, file) > 0)
        read_line(schedule, line, &comment);
    free(comment);
    free(line);
    if (file)
        fclose(file);
    return good;
}

uint64_t
schedule_seed(const struct schedule *schedule)
{
    const char *line = strstr(schedule->head, "\nseed ");

    return line ? strtoull(line + strlen("\nseed "), NULL, 10) : 0;
}

void
schedule_free(struct schedule *schedule)
{
    for (size_t i = 0; i < schedule->count; i++)
        free(schedule->deviations[i].comment);
    free(schedule->deviations);
    free(schedule->head);
    *schedule = (struct schedule){0};
}

/* --- Writing ------------------------------------------------------------- */

void
schedule_write(const struct schedule *schedule, const char *name,
               const bool *keep)
{
    FILE *file = fopen(name, "w");
    bool failed;

    if (!file)
        die("%s: %s", name, strerror(errno));
    if (schedule->head)
        fputs(schedule->head, file);
    for (size_t i = 0; i < schedule->count; i++) {
        const struct deviation *one = &schedule->deviations[i];
        if (keep && !keep[i])
            continue;
        if (one->comment)
            fprintf(file, "# %s\n", one->comment);
        fprintf(file, "%" PRIu64 " %" PRIu64 "\n", one->decision, one->task);
    }
    failed = ferror(file);
    if (fclose(file) || failed)
        die("%s: %s", name, strerror(errno));
}

void
schedule_show(const struct schedule *schedule)
{
    for (size_t i = 0; i < schedule->count; i++) {
        const struct deviation *one = &schedule->deviations[i];
        if (one->comment)
            printf("    %s\n", one->comment);
        else
            printf("    decision %" PRIu64 ": task %" PRIu64 " goes on\n",
                   one->decision, one->task);
    }
}
