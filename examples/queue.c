/*
 * A queue coordinates producers and consumers: here it is filled first, and
 * three consumers of different speed empty it.
 *
 * With FILCH_WORKERS=1 in the environment the output is the same every time.
 */
#include <filch.h>
#include <stdint.h>
#include <stdio.h>

enum { ITEMS = 20, CONSUMERS = 3 };

static filch_queue queue = FILCH_QUEUE_INIT; /* unbounded */
static filch_time start;

static int
consume(const char *consumer_name, int consumer_speed)
{
    void *item;

    /*
     * "While the queue is not empty, get" would be wrong: with several workers
     * another consumer may take the last item between the look and the get,
     * which then waits for ever. One call that looks and takes is right. (Where
     * more items may yet come, let the producer shut the queue down at its end,
     * and get until ESHUTDOWN.)
     *
     * They sleep to a beat, not for a while, so that the order in which they
     * come does not depend on how late each was woken before.
     */
    for (int beat = 1; filch_queue_get_nowait(&queue, &item) == 0; ++beat) {
        printf("%s grabbed item: %d\n", consumer_name, (int)(intptr_t)item);
        filch_queue_task_done(&queue);
        int error = filch_sleep_until(start + FILCH_SEC(beat) / consumer_speed);
        if (error)
            return error;
    }
    return 0;
}

static int
consumer_a(void *arg)
{
    (void)arg;
    return consume("Consumer A", 1);
}

static int
consumer_b(void *arg)
{
    (void)arg;
    return consume("Consumer B", 2);
}

static int
consumer_c(void *arg)
{
    (void)arg;
    return consume("Consumer C", 3);
}

static int
fill_and_print(void)
{
    printf("QUEUE : <Queue maxsize=%zu _queue=[", filch_queue_maxsize(&queue));
    for (intptr_t x = 0; x < ITEMS; ++x) {
        int error = filch_queue_put_nowait(&queue, (void *)x);
        if (error)
            return error;
        printf("%s%d", x ? ", " : "", (int)x);
    }
    printf("] tasks=%zu>\n", filch_queue_size(&queue));
    return 0;
}

static void
print_tasks(const char *what, filch_task **tasks, size_t n)
{
    printf("%s : %s", what, n ? "{" : "set()");
    for (size_t i = 0; i < n; ++i) {
        if (filch_task_done(tasks[i]))
            printf("<Task finished coro=<%s() done> result=%d>",
                   filch_task_name(tasks[i]), filch_task_status(tasks[i]));
        else
            printf("<Task pending coro=<%s()>>", filch_task_name(tasks[i]));
        printf("%s", i + 1 < n ? ", " : "}");
    }
    printf("\n");
}

/* Waits for all tasks to complete before finishing. */
static int
broom_wagon(filch_task **tasks, size_t n, size_t *done)
{
    int error = filch_wait(tasks, n, FILCH_ALL_COMPLETED, done);
    printf("ALL TASKS COMPLETED\n");
    return error;
}

static int
run(void *arg)
{
    static const struct {
        filch_fn fn;
        filch_task_options options;
    } consumers[CONSUMERS] = {
        {consumer_a, {.name = "consumer_a"}},
        {consumer_b, {.name = "consumer_b"}},
        {consumer_c, {.name = "consumer_c"}},
    };
    filch_task *tasks[CONSUMERS];
    size_t done;
    int error = fill_and_print();

    (void)arg;
    start = filch_now();
    /* From the last to the first, since a worker starts the latest first. */
    for (int i = CONSUMERS; !error && i-- > 0;)
        error = filch_spawn_with(&tasks[i], consumers[i].fn, NULL,
                                 &consumers[i].options);
    if (error)
        return error;

    error = broom_wagon(tasks, CONSUMERS, &done);
    print_tasks("TASKS DONE", tasks, done);
    print_tasks("TASKS PENDING", tasks + done, CONSUMERS - done);
    for (int i = 0; i < CONSUMERS; ++i)
        filch_task_release(tasks[i]);
    filch_queue_destroy(&queue);
    return error;
}

int
main(void)
{
    return filch_run(NULL, run, NULL);
}
