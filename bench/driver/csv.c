#include "csv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static FILE *csv;

static _Noreturn void
give_up(const char *path)
{
    fprintf(stderr, "bench: %s: %s\n", path, strerror(errno));
    exit(1);
}

/* With the folders around it. */
static void
make_folder(const char *path)
{
    char *part = strdup(path);

    if (!part)
        give_up(path);
    for (char *at = strchr(part + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(part, 0777);
        *at = '/';
    }
    free(part);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        give_up(path);
}

void
csv_open(const char *folder)
{
    char path[4096];

    make_folder(folder);
    snprintf(path, sizeof path, "%s/bench.csv", folder);
    if (!(csv = fopen(path, "w")))
        give_up(path);
    fprintf(csv, "family,row,operation,program,workers,value,runs,median,"
                 "minimum,maximum,cpu_ns,peak_kib,title\n");
}

/* Only titles hold commas, and none of them quotes. */
static void
write_one(const struct result *result, int program)
{
    static const char *const families[] = {"waiting", "forkjoin", "own",
                                           "sweep"};
    const struct row *row = result->row;
    const struct outcome *one = &result->of[program];

    fprintf(csv, "%s,%s,%s,%s,%u,", families[row->family], row->name,
            row->operation, programs[program].name, result->workers);
    if (result->value >= 0)
        fprintf(csv, "%ld", result->value);
    fprintf(csv, ",%zu,%.2f,%.2f,%.2f,%.2f,%.0f,\"%s\"\n", one->runs,
            one->figure.median, one->figure.minimum, one->figure.maximum,
            one->cpu, one->peak, row->title);
}

void
csv_write(const struct result *result)
{
    for (int program = 0; program < PROGRAMS; ++program)
        if (result->of[program].runs > 0)
            write_one(result, program);
    fflush(csv);
}

bool
csv_close(void)
{
    bool well = !ferror(csv);

    return fclose(csv) == 0 && well;
}
