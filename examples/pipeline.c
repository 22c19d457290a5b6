/*
 * A parallel pipeline: one task makes numbers, eight work on them on all CPUs,
 * one collects the results. The queues between them are bounded, so memory
 * stays flat however long the input is.
 */
#include <errno.h>
#include <filch.h>
#include <stdint.h>
#include <stdio.h>

enum { NUMBERS = 200000, WORKERS = 8, SLOTS = 256 };

static filch_queue numbers, results;

/* The steps that the 3n + 1 sequence takes from n down to 1. */
static intptr_t
steps(intptr_t n)
{
    intptr_t count = 0;
    for (; n != 1; ++count)
        n = n % 2 ? 3 * n + 1 : n / 2;
    return count;
}

static int
produce(void *arg)
{
    (void)arg;
    int error = 0;
    for (intptr_t n = 1; n <= NUMBERS && !error; ++n)
        error =
            filch_queue_put(&numbers, (void *)n); /* waits while it is full */
    return error ? error : filch_queue_shutdown(&numbers, false);
}

static int
work(void *arg)
{
    void *n;
    int error = 0;
    (void)arg;
    while (!error && !(error = filch_queue_get(&numbers, &n)))
        error = filch_queue_put(&results, (void *)steps((intptr_t)n));
    return error == ESHUTDOWN ? 0 : error; /* which says: no more */
}

/* The longest way of all, as they come in. */
static int
collect(void *arg)
{
    intptr_t *longest = arg;
    void *result;
    int error = 0;
    for (int i = 0; i < NUMBERS && !error; ++i) {
        error = filch_queue_get(&results, &result);
        if (!error && (intptr_t)result > *longest)
            *longest = (intptr_t)result;
    }
    return error;
}

static int
run(void *arg)
{
    filch_group tasks = FILCH_GROUP_INIT;
    intptr_t longest = 0;
    int error, status;

    (void)arg;
    if ((error = filch_queue_init(&numbers, SLOTS)))
        return error;
    if ((error = filch_queue_init(&results, SLOTS))) {
        filch_queue_destroy(&numbers);
        return error;
    }

    /* If one of a group fails, the others are cancelled: none waits for ever. */
    error = filch_group_spawn(&tasks, produce, NULL);
    for (int i = 0; i < WORKERS && !error; ++i)
        error = filch_group_spawn(&tasks, work, NULL);
    if (!error)
        error = filch_group_spawn(&tasks, collect, &longest);
    if (error)
        filch_group_cancel(&tasks);
    while (status = filch_group_wait(&tasks),
           filch_group_destroy(&tasks) == EBUSY)
        filch_yield(); /* memory was short: they use what is here */
    if (!error && !status)
        printf("The longest way to 1 has %d steps\n", (int)longest);

    filch_queue_destroy(&results);
    filch_queue_destroy(&numbers);
    return status ? status : error;
}

int
main(void)
{
    return filch_run(NULL, run, NULL);
}
