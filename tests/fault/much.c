#include "much.h"

enum { TASKS = 200 };

void (*much_first)(void);

static filch_event event;
static filch_lock lock;
static int sum;

static int
add(void *arg)
{
    if (much_first)
        much_first();
    OK(filch_event_wait(&event));
    OK(filch_lock_acquire(&lock));
    sum++;
    OK(filch_lock_release(&lock));
    return arg != NULL;
}

static int
sleep_a_little(void *arg)
{
    if (much_first)
        much_first();
    OK(filch_sleep(FILCH_MS(1)));
    return arg != NULL;
}

int
much_use(void *arg)
{
    filch_task *tasks[TASKS];
    if (much_first)
        much_first();
    sum = 0;
    OK(filch_event_init(&event));
    for (int i = 0; i < TASKS; ++i)
        tasks[i] = spawn(add, arg);
    FAILS(ETIMEDOUT, filch_event_wait_until(&event, filch_after(FILCH_MS(2))));
    filch_event_set(&event);
    for (int i = 0; i < TASKS; ++i)
        EQ(0, join(tasks[i]));
    EQ(0, join(spawn(sleep_a_little, arg)));
    EQ(TASKS, sum);
    return 42;
}

static int
set_soon(void *arg)
{
    OK(filch_sleep(FILCH_MS(1)));
    filch_event_set(&event);
    return arg != NULL;
}

void
much_wait(void)
{
    filch_config config = {.workers = 1};
    filch_runtime *runtime;
    OK(filch_event_init(&event));
    OK(filch_start(&runtime, &config));
    OK(filch_submit(runtime, NULL, set_soon, NULL));
    OK(filch_event_wait_until(&event, filch_after(FILCH_SEC(3600))));
    OK(filch_stop(runtime));
}
