/*
 * An event is like the gun shot at a running race: it lets all the runners off
 * the starting blocks at once.
 *
 * Several workers run the consumers in parallel, so which of them comes first
 * is open; with FILCH_WORKERS=1 in the environment it is the same every time.
 */
#include <filch.h>
#include <stdio.h>

static void
trigger(void *arg)
{
    filch_event *event = arg;
    printf("EVENT SET\n");
    filch_event_set(event);
}

static int
consumer_a(void *arg)
{
    filch_event *event = arg;
    printf("Consumer A waiting\n");
    int error = filch_event_wait(event);
    if (error)
        return error;
    printf("Consumer A triggered\n");
    return 0;
}

static int
consumer_b(void *arg)
{
    filch_event *event = arg;
    printf("Consumer B waiting\n");
    int error = filch_event_wait(event);
    if (error)
        return error;
    printf("Consumer B triggered\n");
    return 0;
}

/* Waits for all tasks to complete before finishing. */
static int
broom_wagon(filch_task **tasks, size_t n)
{
    int error = filch_wait(tasks, n, FILCH_ALL_COMPLETED, NULL);
    for (size_t i = 0; i < n; ++i)
        filch_task_release(tasks[i]);
    printf("ALL TASKS COMPLETED\n");
    return error;
}

static int
run(void *arg)
{
    static filch_event event = FILCH_EVENT_INIT;
    filch_task *tasks[2];
    int error;

    (void)arg;
    if ((error = filch_spawn(&tasks[0], consumer_a, &event)) ||
        (error = filch_spawn(&tasks[1], consumer_b, &event)) ||
        (error = filch_call_later(NULL, FILCH_MS(100), trigger, &event)))
        return error;
    return broom_wagon(tasks, 2);
}

int
main(void)
{
    return filch_run(NULL, run, NULL);
}
