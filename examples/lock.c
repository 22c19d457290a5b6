/*
 * A lock guards access to a shared resource. Nobody owns it: here a timer's
 * callback releases what the main task acquired.
 *
 * With FILCH_WORKERS=1 in the environment the output is the same every time.
 */
#include <filch.h>
#include <stdio.h>

static void
unlock(void *arg)
{
    filch_lock *lock = arg;
    printf("RELEASE LOCK\n");
    filch_lock_release(lock);
}

static int
consumer_a(void *arg)
{
    filch_lock *lock = arg;
    printf("Consumer A waiting\n");
    /* Every way out of the block releases the lock. */
    FILCH_WITH_LOCK(lock)
    {
        printf("Consumer A acquired lock\n");
    }
    printf("Consumer A released lock\n");
    return 0;
}

static int
consumer_b(void *arg)
{
    filch_lock *lock = arg;
    printf("Consumer B waiting\n");
    /* Direct use: acquire may fail, and release is up to us. */
    int error = filch_lock_acquire(lock);
    if (error)
        return error;
    printf("Consumer B acquired lock\n");
    printf("Consumer B released lock\n");
    return filch_lock_release(lock);
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
    static filch_lock lock = FILCH_LOCK_INIT;
    filch_task *tasks[2];
    int error;

    (void)arg;
    /* Locked before the consumers start, unlocked 0.1 s later. */
    if ((error = filch_lock_acquire(&lock)) ||
        (error = filch_call_later(NULL, FILCH_MS(100), unlock, &lock)) ||
        (error = filch_spawn(&tasks[0], consumer_a, &lock)) ||
        (error = filch_spawn(&tasks[1], consumer_b, &lock)))
        return error;
    return broom_wagon(tasks, 2);
}

int
main(void)
{
    return filch_run(NULL, run, NULL);
}
