/*
 * What a soak cannot be blamed for: whether the kernel lets one of two sessions
 * that both keep all CPUs busy wait for long. There is nothing of the library
 * in it. Sessions share the CPUs as such where sched_autogroup_enabled is 1.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SESSIONS = 2, THREADS = 20 };

static bool yields;
static double end;

/* The longest turn of each session, in seconds. */
static double *longest;

static double
now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Sleeps for up to 60 us, works for 50, or gives up the CPU up to 100 times. */
static void
take_turn(unsigned *state)
{
    int what = rand_r(state) % 4;
    if (what == 0)
        nanosleep(&(struct timespec){0, 1000L * (rand_r(state) % 60)}, NULL);
    else if (what == 1)
        for (double start = now(); now() - start < 50e-6;)
            ;
    else
        for (int n = yields ? rand_r(state) % 100 : 0; n > 0; --n)
            sched_yield();
}

static void *
take_turns(void *arg)
{
    static atomic_uint births;
    unsigned state = ++births;
    double *most = arg, last = now();
    while (last < end) {
        take_turn(&state);
        double time = now();
        if (time - last > *most)
            *most = time - last;
        last = time;
    }
    return NULL;
}

static void
live(double *most)
{
    pthread_t threads[THREADS];
    double each[THREADS] = {0};
    for (int i = 0; i < THREADS; ++i)
        if (pthread_create(&threads[i], NULL, take_turns, &each[i]))
            _exit(EXIT_FAILURE);
    for (int i = 0; i < THREADS; ++i) {
        pthread_join(threads[i], NULL);
        *most = each[i] > *most ? each[i] : *most;
    }
    _exit(EXIT_SUCCESS);
}

static void
play(const char *what, double seconds, bool apart, bool yielding)
{
    bool failed = false;
    yields = yielding;
    end = now() + seconds;
    fflush(stdout);
    for (int i = 0; i < SESSIONS; ++i) {
        longest[i] = 0;
        pid_t child = fork();
        failed = failed || child < 0;
        if (child == 0) {
            if (apart)
                setsid();
            live(&longest[i]);
        }
    }
    for (int status; wait(&status) > 0;)
        failed = failed || status != 0;
    if (failed)
        exit(EXIT_FAILURE);
    printf("%-40s %8.3f s  %8.3f s\n", what, longest[0], longest[1]);
}

int
main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 0;
    if (!(seconds > 0)) {
        fprintf(stderr, "usage: %s SECONDS\n", argv[0]);
        return EXIT_FAILURE;
    }
    longest = mmap(NULL, SESSIONS * sizeof *longest, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (longest == MAP_FAILED) {
        perror("mmap");
        return EXIT_FAILURE;
    }
    printf("the longest turn of %d threads, and of %d others beside them:\n",
           THREADS, THREADS);
    play("in one session", seconds / 4, false, true);
    play("in two", seconds / 4, true, false);
    play("in two, yielding", seconds / 2, true, true);
    return EXIT_SUCCESS;
}
