/*
 * Measures filch beside its peers: the programs of build/plain/bench, each in
 * turn, again and again. `make bench BENCH=--help` says what can be asked for.
 */
#include "csv.h"
#include "goal.h"
#include "measure.h"
#include "options.h"
#include "table.h"
#include <stdio.h>
#include <stdlib.h>

static void
visit(const struct options *options, const struct point *point,
      const struct result results[COUNTS_MAX])
{
    table_rows(options, results, point->counts);
    for (size_t i = 0; i < point->counts; ++i) {
        csv_write(&results[i]);
        result_keep(&results[i]);
    }
}

static int
list(const struct options *options)
{
    for (const struct row *row = rows; row->name; ++row)
        if (options_want_row(options, row))
            printf("%-20s %s (a figure is for one %s)\n", row->name, row->title,
                   row->operation);
    return 0;
}

static bool
draw(const char *folder)
{
    char command[4200];

    snprintf(command, sizeof command, "bench/plot '%s/bench.csv' '%s'", folder,
             folder);
    fflush(stdout);
    return system(command) == 0;
}

static int
run(const struct options *options)
{
    bool well;

    programs_find(options->folder);
    programs_name_missing();
    csv_open(options->output);
    well = measure(options, visit);
    printf("\n");
    goals_print();
    if (!csv_close()) {
        fprintf(stderr, "bench: the figures could not all be written\n");
        return 1;
    }
    well &= draw(options->output);
    return well ? 0 : 1;
}

int
main(int argc, char **argv)
{
    struct options options;
    int status;

    options_read(&options, argc, argv);
    if (measure_plan(&options) == 0) {
        fprintf(stderr, "bench: no row has such a name; see --list\n");
        return 2;
    }
    status = options.list ? list(&options) : run(&options);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("bench: what it has to say could not be written");
        return 1;
    }
    return status;
}
