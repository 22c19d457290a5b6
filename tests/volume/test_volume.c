/*
 * Nothing is lost, however much goes through: each scene until it has seen as
 * many operations as FILCH_TEST_OPERATIONS says, by default few; see
 * `make nothing-lost`, which reads the line that is printed at the end.
 *
 * run-tests: long
 */
#include "kit.h"

#include <unistd.h>

static uint64_t
operations(void)
{
    const char *text = getenv("FILCH_TEST_OPERATIONS");
    if (text)
        return strtoull(text, NULL, 10);
    return UNDER_SANITIZER ? 2000 : 30000;
}

static void *
show_progress(void *arg)
{
    const struct scene *scene = arg;
    const struct timespec second = {1, 0};
    for (;;) {
        pthread_testcancel();
        nanosleep(&second, NULL);
        dprintf(STDERR_FILENO, "\r%-14s %2u workers %3.0f %% ", scene->name,
                test_workers(),
                100.0 * (double)atomic_load(&scene->tally.counts[OPERATIONS]) /
                    (double)operations());
    }
    return NULL;
}

static void
play(struct scene *scene)
{
    bool shown = getenv("FILCH_TEST_OPERATIONS") && isatty(STDERR_FILENO);
    filch_time begin = filch_now();
    pthread_t shower;
    watch_begin();
    if (shown)
        shower = thread_start(show_progress, scene);
    scene_play(scene, operations());
    if (shown) {
        pthread_cancel(shower);
        thread_join(shower);
    }
    watch_end();
    const atomic_ulong *counts = scene->tally.counts;
    dprintf(STDERR_FILENO, "%s%-14s %7u %11lu %10lu %10lu %10lu %8.1f\n",
            shown ? "\r" : "", scene->name, test_workers(),
            atomic_load(&counts[OPERATIONS]), atomic_load(&counts[CANCELS]),
            atomic_load(&counts[TIMEOUTS]), atomic_load(&counts[REFUSALS]),
            (double)(filch_now() - begin) / 1e9);
}

TASK_TEST(queue_of_any_kind_loses_no_item_and_no_wakeup)
{
    play(&scene_queue);
}

TASK_TEST(lock_is_never_lost_to_a_waiter_who_gave_up)
{
    play(&scene_lock);
}

TASK_TEST(event_lets_all_go_on_who_wait_and_nobody_else)
{
    play(&scene_event);
}

TASK_TEST(condition_wakes_one_for_each_notification)
{
    play(&scene_condition);
}

TASK_TEST(semaphore_has_all_its_permits_in_the_end)
{
    play(&scene_semaphore);
}

TASK_TEST(join_learns_of_every_end)
{
    play(&scene_join);
}

TASK_TEST(wait_for_several_learns_of_every_end)
{
    play(&scene_wait);
}

TASK_TEST(group_wait_returns_when_all_have_ended_and_tells_of_failures)
{
    play(&scene_group);
}

TASK_TEST(barriers_timers_and_jobs_come_out_even)
{
    play(&scene_rest);
}

TASK_TEST(runtime_that_comes_and_goes_takes_nothing_with_it)
{
    play(&scene_visit);
}
