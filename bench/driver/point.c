/* From rows to points: a row has one, a sweep several. */
#include "measure.h"

#include <string.h>

static void
visit_row(const struct options *options, const struct row *row,
          void (*visit)(const struct options *, const struct point *))
{
    struct point point = {
        .row = row,
        .value = row->value > 0 ? (long)row->value : -1,
        .counts = options->counts,
    };

    memcpy(point.workers, options->workers, sizeof point.workers);
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
