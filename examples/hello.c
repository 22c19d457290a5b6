/*
 * The shortest whole program: one task fills a queue, another empties it. It is
 * the one that README.md shows.
 */
#include <filch.h>
#include <stdio.h>

static filch_queue names = FILCH_QUEUE_INIT;

static int
greet(void *arg)
{
    void *name;
    (void)arg;
    while (filch_queue_get(&names, &name) == 0) /* until it is shut down */
        printf("Hello, %s!\n", (char *)name);
    return 0;
}

static int
run(void *arg)
{
    filch_task *task;
    int error = filch_spawn(&task, greet, NULL);
    (void)arg;
    if (error)
        return error;
    filch_queue_put(&names, "world");
    filch_queue_put(&names, "C11");
    filch_queue_shutdown(&names, false);
    return filch_join(task, NULL);
}

int
main(void)
{
    return filch_run(NULL, run, NULL);
}
