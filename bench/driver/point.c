/* From rows to points: a row has one, a sweep several. */
#include "measure.h"

#include "memory.h"
#include <string.h>

/* What takes more memory than there is is left out. */
static void
visit_row(const struct options *options, const struct row *row,
          void (*visit)(const struct options *, const struct point *))
{
    struct point point = {
        .row = row,
        .value = row->value > 0 ? (long)row->value : -1,
        .counts = options->counts,
        .runs = options->runs,
    };

    memcpy(point.workers, options->workers, sizeof point.workers);
    if (row->alone)
        point.counts = point.workers[0] = 1;
    if (row->lasts && options->seconds > 0) {
        point.value = point.seconds = options->seconds;
        point.runs = 1;
    }
    if (row->mib > 0) {
        point.runs = options->runs < 3 ? options->runs : 3;
        if (memory_available_mib() < row->mib)
            return;
    }
    visit(options, &point);
}

static void
visit_sweep(const struct options *options, const struct row *row,
            void (*visit)(const struct options *, const struct point *))
{
    for (size_t i = 0; i < row->points; ++i) {
        struct point point = {
            .row = row,
            .value = (long)row->values[i],
            .workers = {row->workers[i]},
            .counts = 1,
            .runs = options->runs,
        };
        visit(options, &point);
    }
}

void
each_point(const struct options *options,
           void (*visit)(const struct options *, const struct point *))
{
    for (const struct row *row = rows; row->name; ++row) {
        if (!options_want_row(options, row))
            continue;
        if (row->family == SWEEP)
            visit_sweep(options, row, visit);
        else
            visit_row(options, row, visit);
    }
}
