#include "vitals.h"
#include "../harness/harness.h"

/* Memory grows by little still when all scenes have been played: where more of
 * them meet than before, or a cache fills, malloc's first of all: after twenty
 * minutes its arenas had 10 MB, of which half a megabyte was in use. */
enum { ROOM_PERCENT = 100, ROOM_KB = 8192, ROOM_MAPPINGS = 64 };
enum { LEEWAY_PERCENT = 5, LEEWAY_KB = 2048 };

struct vitals
vitals_read(void)
{
    struct vitals now = {0, 0, 0};
    char line[512];
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file)) {
        sscanf(line, "VmRSS: %lu", &now.rss);
        sscanf(line, "Threads: %lu", &now.threads);
    }
    if (file)
        fclose(file);
    file = fopen("/proc/self/maps", "r");
    while (file && fgets(line, sizeof line, file))
        ++now.mappings;
    if (file)
        fclose(file);
    return now;
}

static void
at_most(unsigned long *most, unsigned long value)
{
    if (value > *most)
        *most = value;
}

void
vitals_raise(struct vitals *most, const struct vitals *now)
{
    at_most(&most->rss, now->rss);
    at_most(&most->threads, now->threads);
    at_most(&most->mappings, now->mappings);
}

struct vitals
vitals_bound(const struct vitals *warm, unsigned long threads)
{
    return (struct vitals){
        warm->rss + warm->rss * ROOM_PERCENT / 100 + ROOM_KB, threads,
        warm->mappings + warm->mappings * ROOM_PERCENT / 100 + ROOM_MAPPINGS};
}

static bool
holds(const char *what, unsigned long value, unsigned long bound)
{
    if (value <= bound)
        return true;
    printf("\n%lu %s, and %lu at most were expected\n", value, what, bound);
    return false;
}

bool
vitals_hold(const struct vitals *now, const struct vitals *bound)
{
    bool good = holds("threads", now->threads, bound->threads);
    if (!UNDER_SANITIZER) {
        good &= holds("KiB", now->rss, bound->rss);
        good &= holds("mappings", now->mappings, bound->mappings);
    }
    return good;
}

bool
vitals_grow(const struct vitals half[2])
{
    printf("the most memory: %lu KiB and %lu mappings in the first half, "
           "%lu KiB and %lu mappings in the second\n",
           half[0].rss, half[0].mappings, half[1].rss, half[1].mappings);
    return !UNDER_SANITIZER &&
           half[1].rss >
               half[0].rss + half[0].rss * LEEWAY_PERCENT / 100 + LEEWAY_KB;
}
