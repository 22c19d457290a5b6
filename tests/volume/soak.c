/*
 * All scenes at once, for long:
 *
 *     soak SECONDS WORKERS [FAULT]
 *
 * on two runtimes, with a third that comes and goes. Each scene opens and
 * closes time and again, with pauses; now and then all pause. When one closes
 * all must come out even. Each second, no more may have come out than went in,
 * nor less than what may be under way; and after a warm-up, memory, threads and
 * mappings must keep below a bound. Where the time is long, its second half must
 * not take more memory than the first.
 *
 * A fault of planted.h happens each second after the warm-up.
 *
 * The last line is the sum, over all closings: N passed, M failed.
 */
#include "kit.h"
#include "planted.h"
#include "vitals.h"

#include <unistd.h>

/* Those of the program, and the most that the scenes have at once: plain
 * threads in their troupes, one for each that cancels, and the visitors. */
enum { MOST_THREADS = 3 + 38 };
enum { MOST_WARM_UP = 60, LONG = 60 }; /* seconds */

static struct scene *const scenes[] = {
    &scene_queue, &scene_lock, &scene_event, &scene_condition, &scene_semaphore,
    &scene_join,  &scene_wait, &scene_group, &scene_rest,      &scene_visit,
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

static unsigned long
counted(enum count what)
{
    unsigned long sum = 0;
    for (unsigned i = 0; i < SCENES; ++i)
        sum += atomic_load(&scenes[i]->tally.counts[what]);
    return sum;
}

static void
show(unsigned second, const struct vitals *now)
{
    bool in_place = isatty(STDOUT_FILENO);
    if (!in_place && second % 10 != 0)
        return;
    printf("%s%5u s %11lu operations %9lu cancels %9lu timeouts %7lu closings "
           "%7lu KiB %3lu threads %4lu mappings%s",
           in_place ? "\r" : "", second, counted(OPERATIONS), counted(CANCELS),
           counted(TIMEOUTS), atomic_load(&closings), now->rss, now->threads,
           now->mappings, in_place ? " " : "\n");
    fflush(stdout);
}

static void
show_table(void)
{
    printf("\n%-10s %11s %10s %10s %10s %12s in and out\n", "object",
           "operations", "cancels", "timeouts", "refusals", "");
    for (unsigned i = 0; i < SCENES; ++i) {
        const atomic_ulong *counts = scenes[i]->tally.counts;
        printf("%-10s %11lu %10lu %10lu %10lu %12lu %s\n", scenes[i]->name,
               atomic_load(&counts[OPERATIONS]), atomic_load(&counts[CANCELS]),
               atomic_load(&counts[TIMEOUTS]), atomic_load(&counts[REFUSALS]),
               atomic_load(&scenes[i]->flow.in), scenes[i]->flow.what);
    }
}

/* --- The run ------------------------------------------------------------- */

/* Now and then all pause. */
static void
pause_now_and_then(uint64_t *state)
{
    static unsigned seconds;
    if (seconds > 0 && --seconds == 0)
        filch_event_set(&play);
    else if (seconds == 0 && chance(state, 20) == 0) {
        seconds = 1 + chance(state, 3);
        filch_event_clear(&play);
    }
}

static bool
counts_hold(void)
{
    bool good = true;
    for (unsigned i = 0; i < SCENES; ++i)
        good &= flow_holds(&scenes[i]->flow);
    return good;
}

/* Looks second by second; false as soon as something is wrong. */
static bool
look_on(unsigned seconds, unsigned workers, planted_fault *fault)
{
    struct vitals half[2] = {{0, 0, 0}, {0, 0, 0}}, bound;
    unsigned warm_up = 1 + seconds / 4;
    if (warm_up > MOST_WARM_UP)
        warm_up = MOST_WARM_UP;
    uint64_t state = test_seed() + 42;
    for (unsigned second = 1; second <= seconds; ++second) {
        OK(filch_sleep(FILCH_SEC(1)));
        if (fault && second > warm_up)
            fault();
        struct vitals now = vitals_read();
        show(second, &now);
        if (!counts_hold() || (second > warm_up && !vitals_hold(&now, &bound)))
            return false;
        vitals_raise(&half[second > (seconds + 1) / 2], &now);
        if (second <= warm_up)
            bound = vitals_bound(&half[0], MOST_THREADS + 2 * workers);
        pause_now_and_then(&state);
    }
    return !vitals_grow(half) || seconds < LONG;
}

int
main(int argc, char **argv)
{
    unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 10;
    unsigned workers = argc > 2 ? (unsigned)atoi(argv[2]) : 2;
    planted_fault *fault = argc > 3 ? planted_find(argv[3]) : NULL;
    filch_task *directors[SCENES];
    printf("seed %llu\n", (unsigned long long)test_seed_begin());
    watch_begin();
    begin(workers, directors);
    bool good = look_on(seconds, workers, fault);
    if (good)
        end(directors);
    show_table();
    printf("%lu passed, %d failed\n", atomic_load(&closings) + good, !good);
    fflush(stdout);
    if (!good)
        _exit(1); /* in the midst of it all */
    watch_end();
    return 0;
}
