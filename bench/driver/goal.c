#include "goal.h"

#include "limit.h"
#include "result.h"
#include "scale.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Against the peer, with one worker and with two. */
#define AGAINST(peer, row, one, two)                                           \
    {row, 1, one, peer, row, 1},                                               \
    {                                                                          \
        row, 2, two, peer, row, 2                                              \
    }

static const struct goal goals[] = {
    AGAINST(GO, "yield2", 0.20, 0.12),
    AGAINST(GO, "yield1000", 0.23, 0.10),
    AGAINST(GO, "pingpong", 0.20, 0.25),
    AGAINST(GO, "queue11", 0.32, 0.31),
    AGAINST(GO, "queue44", 0.32, 0.31),
    AGAINST(GO, "slot44", 0.53, 0.53),
    AGAINST(GO, "queue100", 0.50, 0.52),
    AGAINST(GO, "pipeline", 0.22, 0.25),
    AGAINST(GO, "lock8", 1.05, 0.40),
    AGAINST(GO, "condition", 0.19, 0.30),
    AGAINST(GO, "event", 0.15, 0.26),
    AGAINST(GO, "sleep-cpu", 0.50, 0.50),
    AGAINST(GO, "spawn-join", 0.065, 0.07),
    AGAINST(GO, "wait-fresh", 0.75, 1.0),
    AGAINST(TBB, "fib", 0.09, 0.09),
    AGAINST(TBB, "skynet", 0.19, 0.20),
    {"wave", 1, 0.40, TBB, "wave", 1},
    {"fork-sync", 1, 0.09, TBB, "fork-sync", 1},
    {"fork-sync", 2, 2.0, FILCH, "fork-sync", 1},
    AGAINST(TBB, "nqueens", 0.66, 0.66),
    {"fib-spawn", 1, 3.0, FILCH, "fib", 1},
    {"fib-spawn", 2, 3.0, FILCH, "fib", 2},
    {"work", 2, 1 / 1.8, FILCH, "work", 1},
    {"work3", 2, 1 / 1.8, FILCH, "work3", 1},
    {"work10", 2, 1 / 1.8, FILCH, "work10", 1},
    {"lock-work", 2, 1 / 1.8, FILCH, "lock-work", 1},
    {"lock-work10", 2, 1 / 1.8, FILCH, "lock-work10", 1},

    /* from ready to running; 1.25: two runs differ by so much */
    AGAINST(GO, "latency-median", 1.0, 1.0),
    AGAINST(GO, "latency-p99", 1.0, 1.0),
    AGAINST(GO, "latency-p999", 1.0, 1.0),
    AGAINST(GO, "long-short-median", 1.25, 1.25),
    AGAINST(GO, "long-short-p99", 1.25, 1.25),
    AGAINST(GO, "long-short-p999", 1.25, 1.25),
    AGAINST(GO, "outrun-median", 1.25, 1.25),
    AGAINST(GO, "outrun-p99", 1.25, 1.25),
    AGAINST(GO, "outrun-p999", 1.25, 1.25),
};

/* Against the family's reference, with one worker and with two. */
static const struct far {
    const char *row;
    double most;
} far[] = {
    {"queue11", 0.22},
    {"queue44", 0.22},
    {"spawn-join", 0.04},
    {"fib", 0.07},
};

enum {
    GOALS = sizeof goals / sizeof *goals,
    FAR = sizeof far / sizeof *far,
};

static bool
in_a_table(const struct goal *goal)
{
    const struct row *row = row_find(goal->row);

    return goal->against == family_reference(row->family) &&
           strcmp(goal->row, goal->against_row) == 0 &&
           goal->workers == goal->against_workers;
}

const struct goal *
goal_of(const struct row *row, unsigned workers)
{
    for (size_t i = 0; i < GOALS; ++i)
        if (strcmp(goals[i].row, row->name) == 0 &&
            goals[i].workers == workers && in_a_table(&goals[i]))
            return &goals[i];
    return NULL;
}

double
far_of(const struct row *row, unsigned workers)
{
    for (size_t i = 0; i < FAR; ++i)
        if (strcmp(far[i].row, row->name) == 0 && workers <= 2)
            return far[i].most;
    return NAN;
}

static struct spread
figure(const char *row, unsigned workers, enum which program)
{
    const struct outcome *outcome =
        result_find(row_find(row), workers, program);

    return outcome ? outcome->figure : (struct spread){NAN, NAN, NAN};
}

static double
median(const char *row, unsigned workers, enum which program)
{
    return figure(row, workers, program).median;
}

double
goal_ratio(const struct goal *goal)
{
    return median(goal->row, goal->workers, FILCH) /
           median(goal->against_row, goal->against_workers, goal->against);
}

double
goal_quiet_ratio(const struct goal *goal)
{
    return figure(goal->row, goal->workers, FILCH).minimum /
           figure(goal->against_row, goal->against_workers, goal->against)
               .minimum;
}

static void
print_figure(const char *name, unsigned workers, enum which program)
{
    printf("%s's %s with %u worker%s", programs[program].title,
           row_find(name)->title, workers, workers == 1 ? "" : "s");
}

/* The same of what is done by hand. */
static double
floor_ratio(const struct goal *goal)
{
    bool itself =
        goal->against == FILCH && strcmp(goal->row, goal->against_row) == 0;

    return median(goal->row, goal->workers, FLOOR) /
           median(goal->against_row, goal->against_workers,
                  itself ? FLOOR : goal->against);
}

static void
print(const struct goal *goal, double ratio)
{
    double floor = floor_ratio(goal);

    print_figure(goal->row, goal->workers, FILCH);
    printf(": %.2f of ", ratio);
    print_figure(goal->against_row, goal->against_workers, goal->against);
    printf(" (%.2f): %s", goal->most, ratio <= goal->most ? "met" : "missed");
    if (ratio > goal->most)
        printf(" (quietest runs: %.2f)", goal_quiet_ratio(goal));
    if (ratio > goal->most && !isnan(floor))
        printf("; the floor is %.2f", floor);
    putchar('\n');
}

static void
print_ratios(struct tally *tally)
{
    for (size_t i = 0; i < GOALS; ++i) {
        double ratio = goal_ratio(&goals[i]);
        if (isnan(ratio))
            continue;
        tally_add(tally, ratio <= goals[i].most,
                  goal_quiet_ratio(&goals[i]) <= goals[i].most);
        if (!in_a_table(&goals[i]))
            print(&goals[i], ratio);
    }
}

void
goals_print(void)
{
    struct tally tally = {0, 0, 0};

    print_ratios(&tally);
    scales_print(&tally);
    limits_count(&tally);
    if (tally.measured > 0)
        printf(
            "%zu of %zu goals met; %zu by the quietest run of each program.\n",
            tally.met, tally.measured, tally.quiet);
}
