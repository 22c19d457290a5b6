#include "report.h"
#include <inttypes.h>
#include <stdio.h>

/* What was listed so far. */
static unsigned listed;
static uint64_t all_raw;
static uint64_t all_packed;

/* How much smaller the file got, in per cent. */
static double
saved(uint64_t raw, uint64_t packed)
{
    return raw ? 100 - 100 * (double)packed / (double)raw : 0;
}

void
report_ratio(const char *name, uint64_t raw, uint64_t packed, const char *text)
{
    fprintf(stderr, "%s:\t%5.1f%%%s\n", name, saved(raw, packed), text);
}

void
report_text(const char *name, const char *text)
{
    fprintf(stderr, "%s:\t %s\n", name, text);
}

static void
print_line(uint64_t raw, uint64_t packed, const char *name)
{
    printf("%19" PRIu64 " %19" PRIu64 " %5.1f%% %s\n", packed, raw,
           saved(raw, packed), name);
}

void
report_list(const char *name, uint64_t raw, uint64_t packed)
{
    if (listed++ == 0)
        printf("%19s %19s  ratio uncompressed_name\n", "compressed",
               "uncompressed");
    print_line(raw, packed, name);
    all_raw += raw;
    all_packed += packed;
}

void
report_list_totals(void)
{
    if (listed > 1)
        print_line(all_raw, all_packed, "(totals)");
}
