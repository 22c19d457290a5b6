/*
 * A parallel pipeline: one task makes numbers, eight work on them on all CPUs,
 * one collects the results. The queues between them are bounded, so memory
 * stays flat however long the input is.
 */
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
    for (intptr_t n = 1; n <= NUMBERS; ++n)
        filch_queue_put(&numbers, (void *)n); /* waits while it is full */
    return filch_queue_shutdown(&numbers, false);
}

static int
work(void *arg)
{
    void *n;
    (void)arg;
    while (filch_queue_get(&numbers, &n) == 0) /* until it is shut down */
        filch_queue_put(&results, (void *)steps((intptr_t)n));
    return 0;
}

static int
run(void *arg)
{
    filch_task *tasks[1 + WORKERS];
    intptr_t longest = 0;
    void *result;

    (void)arg;
    filch_queue_init(&numbers, SLOTS);
    filch_queue_init(&results, SLOTS);
    filch_spawn(&tasks[0], produce, NULL);
    for (int i = 1; i <= WORKERS; ++i)
        filch_spawn(&tasks[i], work, NULL);

    for (int i = 0; i < NUMBERS; ++i) {
        filch_queue_get(&results, &result);
        if ((intptr_t)result > longest)
            longest = (intptr_t)result;
    }
    printf("The longest way to 1 has %d steps\n", (int)longest);

    /* A queue may go when all calls on it have returned. */
    for (int i = 0; i <= WORKERS; ++i)
        filch_join(tasks[i], NULL);
    filch_queue_destroy(&results);
    return filch_queue_destroy(&numbers);
}

int
main(void)
{
    return filch_run(NULL, run, NULL);
}
