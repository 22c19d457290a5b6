#include "scale.h"

#include "result.h"
#include <math.h>
#include <stdio.h>

/* With so many workers an operation takes at most so many times as long as
 * with fewer. */
static const struct scale {
    unsigned workers, fewer;
    double most;
} scales[] = {
    {2, 1, 1.3},
    {4, 2, 2.0},
    {16, 2, 2.0},
    {64, 2, 2.0},
};

/* Only what is a time an operation; and with many workers only what is marked
 * so. */
static bool
is_about(const struct scale *scale, const struct result *result)
{
    const struct row *row = result->row;

    return result->workers == scale->workers && row->family != SWEEP &&
           !row->figure && !row->alone && (scale->workers <= 2 || row->many) &&
           result_find(row, scale->fewer, FILCH);
}

/* NAN: it has failed with so many. */
static double
ratio(const struct scale *scale, const struct result *result)
{
    const struct outcome *one = &result->of[FILCH];
    const struct outcome *fewer = result_find(result->row, scale->fewer, FILCH);

    return one->runs > 0 ? one->figure.median / fewer->figure.median : NAN;
}

static double
quiet_ratio(const struct scale *scale, const struct result *result)
{
    const struct outcome *one = &result->of[FILCH];
    const struct outcome *fewer = result_find(result->row, scale->fewer, FILCH);

    return one->runs > 0 ? one->figure.minimum / fewer->figure.minimum : NAN;
}

static void
name(const struct result *result, double times, bool first)
{
    printf("%s%s ", first ? "; not in " : ", ", result->row->name);
    if (isnan(times))
        printf("(%s)", result->of[FILCH].failure);
    else
        printf("(%.2f)", times);
}

static void
name_missed(const struct scale *scale)
{
    const struct result *result;
    bool first = true;

    for (size_t i = 0; (result = result_at(i)); ++i)
        if (is_about(scale, result) && !(ratio(scale, result) <= scale->most)) {
            name(result, ratio(scale, result), first);
            first = false;
        }
}

static struct tally
count(const struct scale *scale)
{
    const struct result *result;
    struct tally own = {0, 0, 0};

    for (size_t i = 0; (result = result_at(i)); ++i)
        if (is_about(scale, result))
            tally_add(&own, ratio(scale, result) <= scale->most,
                      quiet_ratio(scale, result) <= scale->most);
    return own;
}

void
scales_print(struct tally *tally)
{
    for (size_t i = 0; i < sizeof scales / sizeof *scales; ++i) {
        const struct scale *scale = &scales[i];
        struct tally own = count(scale);
        if (own.measured == 0)
            continue;
        printf("%u workers take at most %.1f times the time of %u in %zu of "
               "%zu rows",
               scale->workers, scale->most, scale->fewer, own.met,
               own.measured);
        name_missed(scale);
        printf(": %s", own.met == own.measured ? "met" : "missed");
        if (own.met < own.measured)
            printf(" (by the quietest runs in %zu)", own.quiet);
        printf("\n");
        tally_add(tally, own.met == own.measured, own.quiet == own.measured);
    }
}
