/*
 * A condition lets tasks wait until another task notifies them: one, some, or
 * all that are left.
 *
 * With FILCH_WORKERS=1 in the environment the output is the same every time.
 */
#include <filch.h>
#include <stdint.h>
#include <stdio.h>

enum { CONSUMERS = 5 };

static filch_condition condition = FILCH_CONDITION_INIT;

static int
manipulate(void *arg)
{
    (void)arg;
    printf("START MANIPULATION\n");

    /* Pause to let the consumers start. */
    filch_sleep(FILCH_MS(100));

    /* Notify 1 consumer, then notify 2 consumers. */
    for (int i = 1; i < 3; ++i) {
        filch_condition_acquire(&condition);
        printf("NOTIFY %d CONSUMERS\n", i);
        filch_condition_notify(&condition, (size_t)i);
        filch_condition_release(&condition);
        filch_sleep(FILCH_MS(100));
    }

    /* Notify the remaining consumers. */
    filch_condition_acquire(&condition);
    printf("NOTIFY REMAINING\n");
    filch_condition_notify_all(&condition);
    filch_condition_release(&condition);

    printf("END MANIPULATION\n");
    return 0;
}

static int
consumer(void *arg)
{
    int n = (int)(intptr_t)arg;

    filch_condition_acquire(&condition);
    printf("Consumer %d waiting\n", n);
    filch_condition_wait(&condition); /* the lock is free meanwhile */
    printf("Consumer %d triggered\n", n);
    filch_condition_release(&condition);

    printf("Consumer %d done\n", n);
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
    filch_task *consumers[CONSUMERS];
    int error;

    (void)arg;
    if ((error = filch_spawn(NULL, manipulate, NULL)))
        return error;
    filch_yield(); /* to it: a worker starts what was spawned last first */
    for (intptr_t i = 0; i < CONSUMERS; ++i)
        if ((error = filch_spawn(&consumers[i], consumer, (void *)i)))
            return error;
    return broom_wagon(consumers, CONSUMERS);
}

int
main(void)
{
    return filch_run(NULL, run, NULL);
}
