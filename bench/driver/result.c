#include "result.h"

#include <stdlib.h>

static struct result *results;
static size_t result_count;

void
result_keep(const struct result *result)
{
    results = realloc(results, (result_count + 1) * sizeof *results);
    if (!results)
        abort();
    results[result_count++] = *result;
}

const struct result *
result_at(size_t index)
{
    return index < result_count ? &results[index] : NULL;
}

const struct outcome *
result_find(const struct row *row, unsigned workers, enum which program)
{
    for (size_t i = 0; i < result_count; ++i) {
        const struct result *one = &results[i];
        if (one->row == row && one->workers == workers)
            return one->of[program].runs > 0 ? &one->of[program] : NULL;
    }
    return NULL;
}

void
outcome_take(struct outcome *outcome, const struct row *row,
             const struct samples *samples)
{
    const char *figure = row->figure ? row->figure : "wall";

    outcome->figure = samples_spread(samples, figure);
    outcome->cpu = samples_spread(samples, "cpu").median;
    outcome->peak = samples_spread(samples, "peak").median;
    outcome->failure = samples->failure;
    outcome->runs = samples->failure ? 0 : samples->count;
}
