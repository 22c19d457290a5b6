/*
 * All scenes at once, for long:
 *
 *     soak SECONDS WORKERS
 *
 * on two runtimes, with a third that comes and goes. Each scene opens and
 * closes time and again, with pauses; now and then all pause. When one closes
 * all must come out even. Each second shows what was counted, and what memory
 * there is; in the second half of the time that must not be more than in the
 * first.
 *
 * The last line is the sum, over all closings: N passed, M failed.
 */
#include "kit.h"

#include <unistd.h>

enum { LEEWAY_PERCENT = 5, LEEWAY_KB = 2048 };

static struct scene *const scenes[] = {
    &scene_queue,     &scene_lock,      &scene_event,
    &scene_condition, &scene_semaphore, &scene_join,
    &scene_group,     &scene_rest,      &scene_visit,
};

enum { SCENES = sizeof scenes / sizeof *scenes };

static filch_runtime *runtimes[2];
static atomic_bool over;
static filch_event play; /* cleared where all pause */
static atomic_ulong closings;

/* --- Playing ------------------------------------------------------------- */

static int
direct(void *arg)
{
    struct scene *scene = arg;
    uint64_t state = test_seed() + (uintptr_t)arg;
    while (!atomic_load(&over)) {
        OK(filch_event_wait(&play));
        scene->open(&state);
        OK(filch_sleep(FILCH_MS(chance(&state, chance(&state, 4) ? 50 : 900))));
        scene->close(&state);
        atomic_fetch_add(&closings, 1);
        OK(filch_sleep(FILCH_MS(chance(&state, 4) ? 0 : chance(&state, 300))));
    }
    return 0;
}

static void
begin(unsigned workers, filch_task **directors)
{
    filch_config config = {.workers = workers, .name = "soak"};
    filch_config other = {.workers = (workers + 1) / 2, .name = "other"};
    OK(filch_start(&runtimes[0], &config));
    OK(filch_start(&runtimes[1], &other));
    troupes_live_in(runtimes, 2);
    filch_event_set(&play);
    for (unsigned i = 0; i < SCENES; ++i)
        OK(filch_submit(runtimes[i % 2], &directors[i], direct, scenes[i]));
}

static void
end(filch_task **directors)
{
    atomic_store(&over, true);
    filch_event_set(&play);
    for (unsigned i = 0; i < SCENES; ++i)
        EQ(0, join(directors[i]));
    OK(filch_stop(runtimes[0]));
    OK(filch_stop(runtimes[1]));
}

/* --- What there is ------------------------------------------------------- */

struct memory {
    unsigned long rss, threads, maps; /* in KiB; numbers */
};

static struct memory
read_memory(void)
{
    struct memory memory = {0, 0, 0};
    char line[512];
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file)) {
        sscanf(line, "VmRSS: %lu", &memory.rss);
        sscanf(line, "Threads: %lu", &memory.threads);
    }
    if (file)
        fclose(file);
    file = fopen("/proc/self/maps", "r");
    while (file && fgets(line, sizeof line, file))
        ++memory.maps;
    if (file)
        fclose(file);
    return memory;
}

static unsigned long
counted(enum count what)
{
    unsigned long sum = 0;
    for (unsigned i = 0; i < SCENES; ++i)
        sum += atomic_load(&scenes[i]->tally.counts[what]);
    return sum;
}

static void
show(unsigned second, const struct memory *memory)
{
    bool in_place = isatty(STDOUT_FILENO);
    if (!in_place && second % 10 != 0)
        return;
    printf("%s%5u s %11lu operations %9lu cancels %9lu timeouts %7lu closings "
           "%7lu KiB %3lu threads %4lu mappings%s",
           in_place ? "\r" : "", second, counted(OPERATIONS), counted(CANCELS),
           counted(TIMEOUTS), atomic_load(&closings), memory->rss,
           memory->threads, memory->maps, in_place ? " " : "\n");
    fflush(stdout);
}

static void
show_table(void)
{
    printf("\n%-14s %11s %10s %10s %10s\n", "object", "operations", "cancels",
           "timeouts", "refusals");
    for (unsigned i = 0; i < SCENES; ++i) {
        const atomic_ulong *counts = scenes[i]->tally.counts;
        printf("%-14s %11lu %10lu %10lu %10lu\n", scenes[i]->name,
               atomic_load(&counts[OPERATIONS]), atomic_load(&counts[CANCELS]),
               atomic_load(&counts[TIMEOUTS]), atomic_load(&counts[REFUSALS]));
    }
}

/* --- The run ------------------------------------------------------------- */

static void
at_most(unsigned long *most, unsigned long value)
{
    if (value > *most)
        *most = value;
}

/* Watches second by second; the most memory in each half of the time. */
static void
look_on(unsigned seconds, struct memory most[2])
{
    uint64_t state = test_seed() + 42;
    unsigned idle = 0;
    for (unsigned second = 1; second <= seconds; ++second) {
        OK(filch_sleep(FILCH_SEC(1)));
        struct memory memory = read_memory();
        struct memory *half = &most[second > (seconds + 1) / 2];
        at_most(&half->rss, memory.rss);
        at_most(&half->threads, memory.threads);
        at_most(&half->maps, memory.maps);
        show(second, &memory);
        if (idle > 0 && --idle == 0)
            filch_event_set(&play);
        else if (idle == 0 && chance(&state, 20) == 0) {
            idle = 1 + chance(&state, 3);
            filch_event_clear(&play);
        }
    }
}

/* Under a sanitizer memory is its own, and too short a time says nothing. */
static bool
has_grown(unsigned seconds, const struct memory most[2])
{
    printf("the most memory: %lu KiB and %lu mappings in the first half, "
           "%lu KiB and %lu mappings in the second\n",
           most[0].rss, most[0].maps, most[1].rss, most[1].maps);
    return !UNDER_SANITIZER && seconds >= 60 &&
           most[1].rss >
               most[0].rss + most[0].rss * LEEWAY_PERCENT / 100 + LEEWAY_KB;
}

int
main(int argc, char **argv)
{
    unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 10;
    unsigned workers = argc > 2 ? (unsigned)atoi(argv[2]) : 2;
    struct memory most[2] = {{0, 0, 0}, {0, 0, 0}};
    filch_task *directors[SCENES];
    printf("seed %llu\n", (unsigned long long)test_seed_begin());
    watch_begin();
    begin(workers, directors);
    look_on(seconds, most);
    end(directors);
    watch_end();
    show_table();
    bool grown = has_grown(seconds, most);
    printf("%lu passed, %d failed\n", atomic_load(&closings) + !grown, grown);
    return grown;
}
