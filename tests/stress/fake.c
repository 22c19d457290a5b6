/*
 * Stands for a program on filch in the tests of filch-stress: it reads and
 * writes schedules as filch does, but has no tasks. Each run makes the
 * deviations of its schedule, or 40 that its seed draws.
 *
 *     fake pair N STATUS  fails where both decision 7 and decision 23 deviate,
 *                         to a task whose number is a multiple of N
 *     fake seed N SIGNAL  ends by that signal where the seed is N
 *     fake hang N         hangs where the seed is N
 *     fake say N TEXT     prints the text where the seed is N, and succeeds
 *     fake flood N TEXT   the same, and prints on until that has been cut off
 *     fake random         fails or not whatever the schedule is
 *     fake silent         writes no schedule
 *     fake own N          has the seed N, whichever it is given
 *     fake complain       is not begun by filch
 *     fake pass           succeeds
 */
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DECISIONS = 40, TASKS = 10 };

static uint64_t seed;
static char policy[32] = "random";
static unsigned deviations[DECISIONS]; /* to which task; 0: none */

static void
draw(void)
{
    uint64_t state = seed;

    for (int i = 0; i < DECISIONS; i++) {
        state = state * 6364136223846793005 + 1442695040888963407;
        deviations[i] = (unsigned)(state >> 33) % (TASKS + 1);
    }
}

static void
read_schedule(const char *name)
{
    FILE *file = fopen(name, "r");
    char line[128];
    unsigned decision, task;

    if (!file || !fgets(line, sizeof line, file) ||
        strcmp(line, "filch-schedule 1\n")) {
        fprintf(stderr, "fake: %s is no schedule\n", name);
        exit(22);
    }
    while (fgets(line, sizeof line, file)) {
        sscanf(line, "seed %" SCNu64, &seed);
        sscanf(line, "policy %31s", policy);
        if (sscanf(line, "%u %u", &decision, &task) == 2 &&
            decision < DECISIONS)
            deviations[decision] = task;
    }
    fclose(file);
}

static void
write_schedule(const char *name)
{
    FILE *file = fopen(name, "w");

    if (!file)
        exit(22);
    fprintf(file, "filch-schedule 1\nseed %" PRIu64 "\npolicy %s\n", seed,
            policy);
    for (int i = 0; i < DECISIONS; i++)
        if (deviations[i])
            fprintf(file, "# %d point: task %u goes on\n%d %u\n", i,
                    deviations[i], i, deviations[i]);
    fprintf(file, "end %d\n", DECISIONS);
    fclose(file);
}

static bool
deviates(int decision, unsigned n)
{
    return deviations[decision] && deviations[decision] % n == 0;
}

static off_t
printed(void)
{
    struct stat file;

    return fstat(STDOUT_FILENO, &file) ? 0 : file.st_size;
}

/* More than filch-stress keeps, and no more until it has cut that off. */
static void
flood(void)
{
    static char noise[1 << 20];
    struct timespec pause = {0, 1000000};

    memset(noise, '.', sizeof noise);
    for (int i = 0; i < 20; i++)
        if (write(STDOUT_FILENO, noise, sizeof noise) < 0)
            exit(22);
    while (printed() > 0)
        nanosleep(&pause, NULL);
}

static int
behave(char **arguments)
{
    const char *how = *arguments, *what = how ? arguments[1] : NULL;
    bool chosen = what && strtoull(what, NULL, 10) == seed;

    if (!strcmp(how, "pair") && deviates(7, (unsigned)atoi(what)) &&
        deviates(23, (unsigned)atoi(what))) {
        printf("it has failed\n");
        return atoi(arguments[2]);
    }
    if (!strcmp(how, "seed") && chosen)
        raise(atoi(arguments[2]));
    if (!strcmp(how, "say") && chosen)
        puts(arguments[2]);
    if (!strcmp(how, "flood") && chosen) {
        puts(arguments[2]);
        fflush(stdout);
        flood();
    }
    while (!strcmp(how, "hang") && chosen)
        pause();
    if (!strcmp(how, "random")) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_nsec / 1000 % 3 == 0;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    const char *replay = getenv("FILCH_REPLAY"), *given = getenv("FILCH_SEED");
    const char *name = getenv("FILCH_POLICY");
    const char *schedule = getenv("FILCH_SCHEDULE");

    if (argc < 2 || (!replay && !given) || getenv("FILCH_WORKERS"))
        return 22;
    if (!strcmp(argv[1], "complain")) {
        fprintf(stderr, "filch: bad value '%s'\n", name);
        return 22;
    }
    if (name)
        snprintf(policy, sizeof policy, "%s", name);
    if (replay)
        read_schedule(replay);
    else {
        seed = strtoull(strcmp(argv[1], "own") ? given : argv[2], NULL, 10);
        draw();
    }
    if (schedule && strcmp(argv[1], "silent"))
        write_schedule(schedule);
    return behave(argv + 1);
}
