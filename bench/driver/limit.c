#include "limit.h"

#include <math.h>
#include <string.h>

#define MS 1e6
#define PAGE 4096.0

static const struct limit {
    const char *row;
    double most;
    unsigned workers; /* 0: any number */
} limits[] = {
    {"wait-bytes", 4300, 0},         {"held-bytes", 4300, 0},
    {"million-bytes", 4300, 0},      {"unstarted-bytes", 192, 0},
    {"million-fresh", 2000, 0},      {"million-recycled", 400, 0},
    {"third-worst", 10 * MS, 0},     {"beside-deque-worst", 10 * MS, 0},
    {"migrate-grown", 16 * PAGE, 2}, /* one here and there */
};

double
limit_of(const struct row *row, unsigned workers)
{
    for (size_t i = 0; i < sizeof limits / sizeof *limits; ++i)
        if (strcmp(limits[i].row, row->name) == 0 &&
            (limits[i].workers == 0 || limits[i].workers == workers))
            return limits[i].most;
    return NAN;
}

bool
limit_met(const struct result *result, double limit)
{
    return result->of[FILCH].figure.maximum <= limit;
}

void
limits_count(struct tally *tally)
{
    const struct result *result;

    for (size_t i = 0; (result = result_at(i)); ++i) {
        double limit = limit_of(result->row, result->workers);
        bool met = limit_met(result, limit);
        if (!isnan(limit) && result->of[FILCH].runs > 0)
            tally_add(tally, met, met);
    }
}
