/*
 * Does one thing so often, and nothing else, with one worker:
 *
 *     instructions WHAT TIMES
 *     instructions --list
 *
 * bench/count-instructions counts what that takes.
 */
#include <filch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t times;
static filch_queue there, back;
static filch_lock lock = FILCH_LOCK_INIT;

static int
nothing(void *arg)
{
    (void)arg;
    return 0;
}

static int
fork_and_sync(void *arg)
{
    int failed = 0;

    (void)arg;
    for (size_t i = 0; i < times; ++i) {
        filch_job job;
        filch_fork(&job, nothing, NULL);
        failed |= filch_sync(&job);
    }
    return failed;
}

static int
spawn_and_join(void *arg)
{
    filch_task *task;
    int failed = 0;

    (void)arg;
    for (size_t i = 0; i < times; ++i) {
        failed |= filch_spawn(&task, nothing, NULL);
        failed |= filch_join(task, NULL);
    }
    return failed;
}

static int
acquire_and_release(void *arg)
{
    int failed = 0;

    (void)arg;
    for (size_t i = 0; i < times; ++i) {
        failed |= filch_lock_acquire(&lock);
        failed |= filch_lock_release(&lock);
    }
    return failed;
}

static int
put_and_get(void *arg)
{
    void *item;
    int failed = filch_queue_init(&there, 8);

    (void)arg;
    for (size_t i = 0; i < times; ++i) {
        failed |= filch_queue_put(&there, NULL);
        failed |= filch_queue_get(&there, &item);
    }
    return failed;
}

/* --- Two tasks ------------------------------------------------------------ */

static int
both(filch_fn one, filch_fn other)
{
    filch_task *tasks[2];
    int failed = filch_spawn(&tasks[0], one, NULL);

    failed |= filch_spawn(&tasks[1], other, NULL);
    failed |= filch_join(tasks[0], NULL);
    return failed | filch_join(tasks[1], NULL);
}

static int
yield_half(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < times / 2; ++i)
        filch_yield();
    return 0;
}

static int
yield(void *arg)
{
    (void)arg;
    return both(yield_half, yield_half);
}

static int
ask(void *arg)
{
    void *item;
    int failed = 0;

    (void)arg;
    for (size_t i = 0; i < times; ++i) {
        failed |= filch_queue_put(&there, NULL);
        failed |= filch_queue_get(&back, &item);
    }
    return failed;
}

static int
answer(void *arg)
{
    void *item;
    int failed = 0;

    (void)arg;
    for (size_t i = 0; i < times; ++i) {
        failed |= filch_queue_get(&there, &item);
        failed |= filch_queue_put(&back, item);
    }
    return failed;
}

static int
ping_pong(void *arg)
{
    int failed = filch_queue_init(&there, 1) | filch_queue_init(&back, 1);

    (void)arg;
    return failed | both(ask, answer);
}

/* --- By name -------------------------------------------------------------- */

static const struct {
    const char *name;
    filch_fn run;
} known[] = {
    {"fork-sync", fork_and_sync},
    {"spawn-join", spawn_and_join},
    {"yield", yield},
    {"acquire-release", acquire_and_release},
    {"put-get", put_and_get},
    {"ping-pong", ping_pong},
};

enum { KNOWN = sizeof known / sizeof *known };

static int
list(void)
{
    for (int i = 0; i < KNOWN; ++i)
        puts(known[i].name);
    return 0;
}

int
main(int argc, char **argv)
{
    filch_config config = {.workers = 1};

    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list();
    times = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    for (int i = 0; i < KNOWN && times > 0; ++i)
        if (strcmp(known[i].name, argv[1]) == 0)
            return filch_run(&config, known[i].run, NULL);
    fprintf(stderr, "usage: %s --list | WHAT TIMES\n", argv[0]);
    return 2;
}
