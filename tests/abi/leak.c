/* A user's program with blocks of which only a task's stack has the addresses:
 * `ended`, the task has, and they are lost; `waits`, it does, as the program exits,
 * and they are not. */
#include <filch.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS 100

static filch_event never = FILCH_EVENT_INIT, there = FILCH_EVENT_INIT;

static void
hold(bool waits)
{
    void *volatile blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; ++i)
        blocks[i] = malloc(24);
    filch_event_set(&there);
    if (waits)
        filch_event_wait(&never);
}

static int
ends(void *arg)
{
    (void)arg;
    hold(false);
    return 0;
}

static int
waits(void *arg)
{
    (void)arg;
    hold(true);
    return 0;
}

static int
run(void *arg)
{
    filch_task *task;
    bool exits = strcmp(arg, "waits") == 0;
    if (filch_spawn(&task, exits ? waits : ends, NULL) != 0)
        return 1;
    filch_event_wait(&there);
    if (exits)
        exit(0);
    return filch_join(task, NULL);
}

int
main(int argc, char **argv)
{
    return argc == 2 ? filch_run(NULL, run, argv[1]) : 2;
}
