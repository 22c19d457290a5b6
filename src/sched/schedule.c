#include "sched/schedule.h"

#include "base/number.h"
#include "os/guard.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "filch-schedule 1"

struct deviation {
    uint64_t decision;
    uint32_t number;
};

struct fl_schedule {
    uint64_t decisions; /* so far */
    FILE *out;          /* or NULL */
    char *out_name;     /* of the file that `out` is, or was */
    bool out_failed;

    bool follows;
    char *in_name; /* of the file that it follows, or NULL */
    uint64_t seed;
    fl_policy policy;
    struct deviation *deviations; /* in their order */
    size_t n, capacity, next;
    uint64_t passed_over;
};

static fl_atomic32 guard;
static bool taken; /* guard */
static fl_schedule of_process;

/* ---- writing ---- */

/* Has the last line on its way; what goes wrong is said once. */
static int
flush(fl_schedule *schedule)
{
    int saved = errno;
    bool failed = fflush(schedule->out) != 0 || ferror(schedule->out);
    if (failed && !schedule->out_failed) {
        fl_warn("cannot write the schedule to '%s': %s", schedule->out_name,
                strerror(errno));
        schedule->out_failed = true;
    }
    errno = saved;
    return failed ? EINVAL : 0;
}

static int
write_head(fl_schedule *schedule, uint64_t seed, const fl_policy *policy)
{
    char text[64];
    fl_policy_format(policy, text);
    fprintf(schedule->out, "%s\nseed %" PRIu64 "\npolicy %s\n", FIRST_LINE,
            seed, text);
    return flush(schedule);
}

static void
close_out(fl_schedule *schedule)
{
    if (schedule->out) {
        fclose(schedule->out);
        schedule->out = NULL;
    }
}

static int
open_out(fl_schedule *schedule, const char *name)
{
    free(schedule->out_name);
    schedule->out_name = strdup(name);
    if (!schedule->out_name) {
        return ENOMEM;
    }
    schedule->out_failed = false;
    schedule->out = fl_os_open(name, true);
    if (!schedule->out) {
        fl_warn("cannot write the schedule to '%s' (FILCH_SCHEDULE): %s", name,
                strerror(errno));
        return EINVAL;
    }
    return 0;
}

/* Begins the file, unless a former run of the process has. */
static int
begin_out(fl_schedule *schedule, uint64_t seed, const fl_policy *policy)
{
    const char *name = getenv("FILCH_SCHEDULE");
    bool same = name && schedule->out && !strcmp(name, schedule->out_name);
    if (same) {
        return 0;
    }
    close_out(schedule);
    int error = name ? open_out(schedule, name) : 0;
    if (!error && name) {
        error = write_head(schedule, seed, policy);
    }
    if (error) {
        close_out(schedule);
    }
    return error;
}

bool
fl_schedule_writes(const fl_schedule *schedule)
{
    return schedule->out;
}

void
fl_schedule_comment(fl_schedule *schedule, const char *text)
{
    if (schedule->out) {
        fprintf(schedule->out, "# %s\n", text);
        flush(schedule);
    }
}

void
fl_schedule_deviate(fl_schedule *schedule, uint64_t decision, uint32_t number)
{
    if (schedule->out) {
        fprintf(schedule->out, "%" PRIu64 " %" PRIu32 "\n", decision, number);
        flush(schedule);
    }
}

/* ---- reading ---- */

static int
add(fl_schedule *schedule, struct deviation deviation)
{
    if (schedule->n == schedule->capacity) {
        size_t capacity = schedule->capacity ? schedule->capacity * 2 : 256;
        struct deviation *more =
            realloc(schedule->deviations, capacity * sizeof *more);
        if (!more) {
            return ENOMEM;
        }
        schedule->deviations = more;
        schedule->capacity = capacity;
    }
    schedule->deviations[schedule->n++] = deviation;
    return 0;
}

/* The number at *text, which is moved behind it and one blank. */
static bool
parse_number(const char **text, uint64_t *number)
{
    bool read = fl_number_read(text, number);
    *text += **text == ' ';
    return read;
}

/* "17 3" */
static int
parse_deviation(fl_schedule *schedule, const char *line)
{
    uint64_t decision, number;
    if (!parse_number(&line, &decision) || !parse_number(&line, &number) ||
        *line || number > UINT32_MAX) {
        return EINVAL;
    }
    if (schedule->n &&
        schedule->deviations[schedule->n - 1].decision >= decision) {
        return EINVAL;
    }
    return add(schedule, (struct deviation){decision, (uint32_t)number});
}

static int
parse_line(fl_schedule *schedule, const char *line)
{
    uint64_t number = 0;
    if (*line == '#' || !*line) {
        return 0;
    }
    if (strncmp(line, "policy ", 7) == 0) {
        return fl_policy_parse(&schedule->policy, line + 7) ? 0 : EINVAL;
    }
    bool seed = strncmp(line, "seed ", 5) == 0;
    if (seed || strncmp(line, "end ", 4) == 0) {
        line += seed ? 5 : 4;
        bool good = parse_number(&line, &number) && !*line;
        schedule->seed = seed ? number : schedule->seed;
        return good ? 0 : EINVAL;
    }
    return parse_deviation(schedule, line);
}

/* A line of any length without its end; false at the end of the file. */
static bool
read_line(FILE *in, char **line, size_t *size)
{
    ssize_t length = getline(line, size, in);
    if (length > 0 && (*line)[length - 1] == '\n') {
        (*line)[length - 1] = 0;
    }
    return length >= 0;
}

static int
read_lines(fl_schedule *schedule, const char *name, FILE *in)
{
    char *line = NULL;
    size_t size = 0;
    unsigned long n = 0;
    int error = 0;
    while (!error && read_line(in, &line, &size)) {
        n++;
        error = n == 1 ? (strcmp(line, FIRST_LINE) ? EINVAL : 0)
                       : parse_line(schedule, line);
    }
    free(line);
    if (!error && !feof(in) && !ferror(in)) {
        return ENOMEM; /* for the line */
    }
    if (ferror(in)) {
        fl_warn("cannot read the schedule '%s' (FILCH_REPLAY): %s", name,
                strerror(errno));
        return EINVAL;
    }
    if (!error && n == 0) {
        error = EINVAL;
    }
    if (error == EINVAL) {
        fl_warn("%s:%lu: this is not a schedule (FILCH_REPLAY): expected %s",
                name, n ? n : 1,
                n <= 1 ? "'" FIRST_LINE "'"
                       : "'seed', 'policy', 'end', or two numbers, the first "
                         "of them growing");
    }
    return error;
}

static int
read_schedule(fl_schedule *schedule, const char *name)
{
    FILE *in = fl_os_open(name, false);
    if (!in) {
        fl_warn("cannot read the schedule '%s' (FILCH_REPLAY): %s", name,
                strerror(errno));
        return EINVAL;
    }
    schedule->n = schedule->next = 0;
    schedule->seed = 0;
    schedule->policy = (fl_policy){0};
    int error = read_lines(schedule, name, in);
    fclose(in);
    schedule->follows = !error;
    return error;
}

/* Reads the file, unless a former run of the process has. */
static int
begin_in(fl_schedule *schedule)
{
    const char *name = getenv("FILCH_REPLAY");
    bool same = name && schedule->in_name && !strcmp(name, schedule->in_name);
    if (same) {
        return 0;
    }
    free(schedule->in_name);
    schedule->in_name = NULL;
    schedule->follows = false;
    int error = name ? read_schedule(schedule, name) : 0;
    if (!error && name) {
        schedule->in_name = strdup(name);
        error = schedule->in_name ? 0 : ENOMEM;
    }
    return error;
}

bool
fl_schedule_follows(const fl_schedule *schedule)
{
    return schedule->follows;
}

/* Those before that decision were none of this run. */
static void
pass_over_until(fl_schedule *schedule, uint64_t decision)
{
    while (schedule->next < schedule->n &&
           schedule->deviations[schedule->next].decision < decision) {
        schedule->next++;
        schedule->passed_over++;
    }
}

bool
fl_schedule_lists(fl_schedule *schedule, uint64_t decision, uint32_t *number)
{
    pass_over_until(schedule, decision);
    size_t at = schedule->next;
    bool listed =
        at < schedule->n && schedule->deviations[at].decision == decision;
    if (listed) {
        *number = schedule->deviations[at].number;
        schedule->next++;
    }
    return listed;
}

void
fl_schedule_pass_over(fl_schedule *schedule)
{
    schedule->passed_over++;
}

/* ---- a run ---- */

uint64_t
fl_schedule_count(fl_schedule *schedule)
{
    return schedule->decisions++;
}

/* The process's own, unless another run has it. */
static fl_schedule *
take(void)
{
    fl_guard_lock(&guard);
    bool mine = !taken;
    taken = true;
    fl_guard_unlock(&guard);
    return mine ? &of_process : calloc(1, sizeof(fl_schedule));
}

static void
give_back(fl_schedule *schedule)
{
    if (schedule != &of_process) {
        free(schedule);
        return;
    }
    fl_guard_lock(&guard);
    taken = false;
    fl_guard_unlock(&guard);
}

static int
begin(fl_schedule *schedule, uint64_t *seed, fl_policy *policy)
{
    int error = begin_in(schedule);
    if (error) {
        return error;
    }
    if (schedule->follows) {
        *seed = schedule->seed;
        *policy = schedule->policy;
    }
    return begin_out(schedule, *seed, policy);
}

int
fl_schedule_begin(fl_schedule **schedule, uint64_t *seed, fl_policy *policy)
{
    fl_schedule *mine = take();
    if (!mine) {
        return ENOMEM;
    }
    int error = 0;
    if (mine == &of_process) {
        error = begin(mine, seed, policy);
    } else if (getenv("FILCH_SCHEDULE") || getenv("FILCH_REPLAY")) {
        fl_warn("the schedule of a second run at the same time is neither "
                "written nor followed");
    }
    if (error) {
        give_back(mine);
        return error;
    }
    *schedule = mine;
    return 0;
}

void
fl_schedule_end(fl_schedule *schedule)
{
    pass_over_until(schedule, schedule->decisions);
    if (schedule->out) {
        size_t left = schedule->n - schedule->next;
        if (schedule->passed_over) {
            fprintf(schedule->out, "# %" PRIu64 " lines were passed over\n",
                    schedule->passed_over);
        }
        if (left) {
            fprintf(schedule->out, "# %zu lines are left for a next run\n",
                    left);
        }
        fprintf(schedule->out, "end %" PRIu64 "\n", schedule->decisions);
        flush(schedule);
    }
    give_back(schedule);
}
