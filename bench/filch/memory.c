/* What tasks keep in memory: before they start, and after they have ended. */
#include "../kit/spin.h"
#include "groups.h"
#include <filch.h>
#include <stdatomic.h>
#include <stdio.h>

static filch_event go;
static atomic_size_t left, waiting;

static int
end_one(void *arg)
{
    (void)arg;
    --left;
    return 0;
}

static int
wait_and_end(void *arg)
{
    ++waiting;
    REQUIRE(filch_event_wait(&go) == 0);
    return end_one(arg);
}

static void
spawn_all(filch_fn fn, size_t tasks)
{
    left = tasks;
    for (size_t i = 0; i < tasks; ++i)
        REQUIRE(filch_spawn(NULL, fn, NULL) == 0);
}

static void
sleep_until(const atomic_size_t *number, size_t is)
{
    while (*number != is)
        REQUIRE(filch_sleep(FILCH_MS(1)) == 0);
}

static double
growth(size_t before)
{
    return (double)resident() - (double)before;
}

/* With one worker none of them starts before all are there. */
static void
unstarted(size_t n, size_t tasks)
{
    size_t before = resident();

    (void)n;
    watch_start();
    spawn_all(end_one, tasks);
    watch_stop(tasks);
    figure("bytes", growth(before) / (double)tasks);
    sleep_until(&left, 0);
}

/* After a peak of tasks that waited, and a little while. */
static void
given_back(size_t n, size_t tasks)
{
    size_t before = resident();

    (void)n;
    REQUIRE(filch_event_init(&go) == 0);
    waiting = 0;
    watch_start();
    spawn_all(wait_and_end, tasks);
    sleep_until(&waiting, tasks);
    figure("held", growth(before) / (double)tasks);
    filch_event_set(&go);
    sleep_until(&left, 0);
    watch_stop(tasks);
    REQUIRE(filch_sleep(FILCH_MS(200)) == 0);
    figure("kept", growth(before) / (double)tasks);
}

/* --- Made on one worker, ended on another --------------------------------- */

enum { AHEAD = 256, KEPT = 256 };

static filch_semaphore gate;
static atomic_bool stop;

static int
end_elsewhere(void *arg)
{
    ++waiting;
    REQUIRE(filch_semaphore_acquire(&gate) == 0);
    return end_one(arg);
}

/* Whom it wakes run, and end, on its worker. Neither it nor the maker ever
 * waits, so that with two workers each has one of its own. */
static int
open_gate(void *arg)
{
    (void)arg;
    for (; !stop; filch_yield())
        if (waiting > 0) {
            --waiting;
            REQUIRE(filch_semaphore_release(&gate, 1) == 0);
        }
    return 0;
}

static size_t
make_for(filch_time duration)
{
    filch_time end = filch_after(duration);
    size_t made = 0;

    while (filch_now() < end) {
        if (left < AHEAD) {
            ++left;
            ++made;
            REQUIRE(filch_spawn(NULL, end_elsewhere, NULL) == 0);
        }
        filch_yield();
    }
    return made;
}

static size_t
larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* As many wait at once, before one is let go, as there ever are, and as each
 * worker may keep aside besides: what that takes is no growth. */
static void
make_all_wait(void)
{
    spawn_all(end_elsewhere, AHEAD + KEPT);
    sleep_until(&waiting, AHEAD + KEPT);
}

/* How far a run has come that takes a while. */
static void
tell(size_t made, size_t tenths, size_t seconds, size_t before)
{
    if (seconds >= 10)
        fprintf(stderr, "%zu tasks in %zu of %zu s: %.0f bytes more\n", made,
                tenths * seconds / 10, seconds, growth(before));
}

static size_t
make_and_tell(size_t seconds, size_t before)
{
    size_t made = 0;

    for (size_t tenths = 1; tenths <= 10; ++tenths) {
        made += make_for(FILCH_SEC(seconds) / 10);
        tell(made, tenths, seconds, before);
    }
    return made;
}

/* Since the run has begun. */
static double
tasks_moved(void)
{
    filch_stats stats[64];
    size_t workers;
    double moved = 0;

    REQUIRE(filch_stats_read(NULL, stats, 64, &workers) == 0);
    for (size_t i = 0; i < workers && i < 64; ++i)
        if (stats[i].tasks > stats[i].spawned)
            moved += (double)(stats[i].tasks - stats[i].spawned);
    return moved;
}

static void
migrate(size_t n, size_t seconds)
{
    filch_task *opener;
    size_t made, peak, before;
    double moved;

    (void)n;
    REQUIRE(filch_semaphore_init(&gate, 0) == 0);
    make_all_wait();
    peak = resident();
    REQUIRE(filch_spawn(&opener, open_gate, NULL) == 0);
    spin(10000000); /* another worker takes it meanwhile */
    make_for(FILCH_MS(300) + FILCH_SEC(seconds) / 10);
    tell(0, 0, seconds, resident()); /* what that touches is no growth */
    before = larger(peak, resident());
    moved = tasks_moved();
    watch_start();
    made = make_and_tell(seconds, before);
    watch_stop(made);
    figure("grown", growth(before));
    figure("moved", (tasks_moved() - moved) / (double)made);
    sleep_until(&left, 0);
    stop = true;
    REQUIRE(filch_join(opener, NULL) == 0);
}

const struct workload memory_workloads[] = {
    {"unstarted", 0, 1000000, unstarted, 0},
    {"given-back", 0, 100000, given_back, 0},
    {"migrate", 0, 1, migrate, 0},
    {.name = NULL},
};
