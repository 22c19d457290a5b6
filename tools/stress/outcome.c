#include "outcome.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { LINES = 30 };

/* What tells that a run is bad, even if its exit status does not. */
static const struct mark {
    const char *text, *what;
    enum kind kind;
} marks[] = {
    {"WARNING: ThreadSanitizer", "a report of the ThreadSanitizer", REPORTED},
    {"ERROR: ThreadSanitizer", "an error of the ThreadSanitizer", REPORTED},
    {"ERROR: AddressSanitizer", "a report of the AddressSanitizer", REPORTED},
    {"ERROR: LeakSanitizer", "a report of the LeakSanitizer", REPORTED},
    {": runtime error: ", "a report of the UndefinedBehaviorSanitizer",
     REPORTED},
    {" has stalled: no task can run", "a stall", STALLED},
};

enum { MARKS = sizeof marks / sizeof *marks };

static char *
read_file(const char *name)
{
    FILE *file = fopen(name, "r");
    struct stat about;
    char *text = NULL;
    size_t n;

    if (!file)
        return NULL;
    if (!fstat(fileno(file), &about) &&
        (text = malloc((size_t)about.st_size + 1))) {
        n = fread(text, 1, (size_t)about.st_size, file);
        for (size_t i = 0; i < n; i++)
            if (!text[i])
                text[i] = '?';
        text[n] = 0;
    }
    fclose(file);
    return text;
}

int
outcome_mark(const char *output)
{
    char *text = read_file(output);
    int found = -1;

    for (int i = 0; text && found < 0 && i < MARKS; i++)
        if (strstr(text, marks[i].text))
            found = i;
    free(text);
    return found;
}

struct outcome
outcome_of(bool late, int status, const char *output, int mark)
{
    if (late)
        return (struct outcome){HUNG, 0};
    if (mark < 0)
        mark = outcome_mark(output);
    if (mark >= 0)
        return (struct outcome){marks[mark].kind, mark};
    if (WIFSIGNALED(status))
        return (struct outcome){SIGNALLED, WTERMSIG(status)};
    if (WEXITSTATUS(status))
        return (struct outcome){EXITED, WEXITSTATUS(status)};
    return (struct outcome){PASSED, 0};
}

bool
outcome_same(struct outcome a, struct outcome b)
{
    return a.kind == b.kind && a.code == b.code;
}

const char *
outcome_text(struct outcome outcome)
{
    static char text[128];
    const char *name;

    switch (outcome.kind) {
    case PASSED:
        return "it passed";
    case EXITED:
        snprintf(text, sizeof text, "exit status %d", outcome.code);
        return text;
    case SIGNALLED:
        name = sigabbrev_np(outcome.code);
        snprintf(text, sizeof text, "signal %s%s", name ? "SIG" : "unknown",
                 name ? name : "");
        return text;
    case HUNG:
        return "it hangs";
    default:
        return marks[outcome.code].what;
    }
}

bool
outcome_has_complaint(const char *output)
{
    static const char complaint[] = "filch: ";
    char *text = read_file(output);
    bool found = text && (!strncmp(text, complaint, strlen(complaint)) ||
                          strstr(text, "\nfilch: "));

    free(text);
    return found;
}

void
outcome_show_output(const char *output)
{
    char *text = read_file(output), *line, *rest;
    int lines = 0;

    for (const char *at = text; at && *at; at++)
        lines += *at == '\n';
    if (lines > LINES)
        printf("    ... (%d lines before)\n", lines - LINES);
    rest = text;
    while (text && (line = strsep(&rest, "\n")) && (rest || *line))
        if (lines-- <= LINES)
            printf("    %s\n", line);
    free(text);
}
