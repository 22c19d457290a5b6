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
notify(size_t n)
{
    int error = filch_condition_acquire(&condition);
    if (error)
        return error;
    if (n < CONSUMERS)
        printf("NOTIFY %zu CONSUMERS\n", n);
    else
        printf("NOTIFY REMAINING\n");
    filch_condition_notify(&condition, n);
    return filch_condition_release(&condition);
}

static int
manipulate(void *arg)
{
    int error = 0;

    (void)arg;
    printf("START MANIPULATION\n");

    /* Pause to let the consumers start. */
    filch_sleep(FILCH_MS(100));

    /* Notify 1 consumer, then notify 2 consumers. */
    for (size_t n = 1; n < 3 && !error; ++n) {
        error = notify(n);
        filch_sleep(FILCH_MS(100));
    }

    /* Notify the remaining consumers. */
    if (!error)
        error = notify(CONSUMERS);

    printf("END MANIPULATION\n");
    return error;
}

static int
consumer(void *arg)
{
    int n = (int)(intptr_t)arg, error;

    if ((error = filch_condition_acquire(&condition)))
        return error; /* it does not hold the lock */
    printf("Consumer %d waiting\n", n);
    error = filch_condition_wait(&condition); /* the lock is free meanwhile */
    printf("Consumer %d triggered\n", n);
    filch_condition_release(&condition); /* which it has again in any case */

    printf("Consumer %d done\n", n);
    return error;
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
