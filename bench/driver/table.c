#include "table.h"

#include "goal.h"
#include "limit.h"
#include <math.h>
#include <stdio.h>

/* Whether the family's table has a column for the program. */
static bool
has_column(const struct options *options, enum family family, int program)
{
    return family_has(family, program) && programs[program].path &&
           options_want_program(options, program);
}

#define EACH_COLUMN(program, options, family)                                  \
    for (int program = 0; program < PROGRAMS; ++program)                       \
        if (has_column(options, family, program))

/* Above the first row of each family. */
static void
head(const struct options *options, enum family family)
{
    static int last = -1;

    if (last == (int)family)
        return;
    printf("%s%s: ns an operation, unless said otherwise; medians of %zu\n",
           last < 0 ? "" : "\n", family_titles[family], options->runs);
    last = (int)family;
    printf("%-36s %2s", "", "W");
    EACH_COLUMN(program, options, family)
    printf(program == FILCH ? " %8s %17s" : " %9s", programs[program].title,
           "min - max");
    if (has_column(options, family, FILCH) &&
        has_column(options, family, family_reference(family)))
        printf("  of %s (goal)", programs[family_reference(family)].title);
    printf("\n");
}

/* Some 4 digits, whatever its size; thousands and millions by a letter. */
static const char *
digits(char text[24], double value)
{
    if (isnan(value))
        return "-";
    if (value >= 1e6)
        snprintf(text, 24, "%.1fM", value / 1e6);
    else if (value >= 1e5)
        snprintf(text, 24, "%.0fk", value / 1e3);
    else
        snprintf(text, 24, "%.*f",
                 value < 9.995   ? 2
                 : value < 999.5 ? 1
                                 : 0,
                 value);
    return text;
}

static void
cell(const struct outcome *outcome, int program)
{
    char median[24], least[24], most[24], range[56];

    printf(program == FILCH ? " %8s" : " %9s",
           outcome->failure ? outcome->failure
                            : digits(median, outcome->figure.median));
    if (program != FILCH)
        return;
    snprintf(range, sizeof range, "%s - %s",
             digits(least, outcome->figure.minimum),
             digits(most, outcome->figure.maximum));
    printf(" %17s", outcome->runs ? range : "");
}

static const char *
word(bool met)
{
    return met ? "met" : "missed";
}

static void
ratio(const struct result *result)
{
    const struct goal *goal = goal_of(result->row, result->workers);
    enum which peer = family_reference(result->row->family);
    double far = far_of(result->row, result->workers);
    double value =
        result->of[FILCH].figure.median / result->of[peer].figure.median;

    if (isnan(value) || result->of[FILCH].failure || result->of[peer].failure)
        return;
    printf("  %6.3f", value);
    if (goal)
        printf(" (%.3g) %s", goal->most, word(value <= goal->most));
    if (goal && value > goal->most)
        printf(" (quietest runs: %.3f)", result->of[FILCH].figure.minimum /
                                             result->of[peer].figure.minimum);
    if (!isnan(far))
        printf(", far (%.3g) %s", far, value <= far ? "met" : "not yet");
}

static void
limit(const struct result *result)
{
    double most = limit_of(result->row, result->workers);
    char text[24];

    if (!isnan(most) && result->of[FILCH].runs > 0)
        printf("  (at most %s) %s", digits(text, most),
               word(limit_met(result, most)));
}

static bool
varies_workers(const struct row *row)
{
    return row->workers[0] != row->workers[1];
}

/* A sweep's line says what varies; others name the row on its first line. */
static void
title(const struct result *result, bool first)
{
    char text[64];

    if (result->row->family == SWEEP) {
        snprintf(text, sizeof text, "%s: %ld", result->row->title,
                 varies_workers(result->row) ? (long)result->workers
                                             : result->value);
        printf("%-36.36s", text);
    } else {
        printf("%-36.36s", first ? result->row->title : "");
    }
    printf(" %2u", result->workers);
}

void
table_rows(const struct options *options, const struct result *results,
           size_t count)
{
    enum family family = results[0].row->family;

    head(options, family);
    for (size_t i = 0; i < count; ++i) {
        title(&results[i], i == 0);
        EACH_COLUMN(program, options, family)
        cell(&results[i].of[program], program);
        ratio(&results[i]);
        limit(&results[i]);
        printf("\n");
    }
    fflush(stdout);
}
