/* A user's program: valid as C11 and as C++17, and as pedantic as can be. */
#include <errno.h>
#include <filch.h>
#include <stdio.h>

enum { TASKS = 8, ITEMS = 1000 };

static filch_queue items = FILCH_QUEUE_INIT;
static filch_lock lock = FILCH_LOCK_INIT;
static filch_condition finished = FILCH_CONDITION_INIT;
static filch_event go = FILCH_EVENT_INIT;
static filch_timer timer = FILCH_TIMER_INIT;
static filch_group group = FILCH_GROUP_INIT;
static filch_lock fair = FILCH_LOCK_FAIR_INIT;
static filch_semaphore permits = FILCH_SEMAPHORE_INIT(TASKS);
static filch_barrier alone = FILCH_BARRIER_INIT(1);
static size_t numbers[ITEMS], sum;
static int workers_left = TASKS;

static void
set_go(void *event)
{
    filch_event_set((filch_event *)event);
}

static int
work(void *arg)
{
    void *item;
    int status = filch_event_wait((filch_event *)arg);
    while (status == 0 && (status = filch_queue_get(&items, &item)) == 0) {
        FILCH_WITH_LOCK(&lock)
        {
            sum += *(size_t *)item;
        }
        filch_queue_task_done(&items);
    }
    filch_condition_acquire(&finished);
    --workers_left;
    filch_condition_notify_all(&finished);
    filch_condition_release(&finished);
    return status == ESHUTDOWN ? 0 : status;
}

static bool
no_worker_left(void *arg)
{
    return *(int *)arg == 0;
}

static int
triple(void *number)
{
    *(size_t *)number *= 3;
    return 0;
}

static int
halve(size_t begin, size_t end, void *numbers)
{
    for (size_t i = begin; i < end; ++i)
        ((size_t *)numbers)[i] /= 2;
    return 0;
}

static int
run(void *arg)
{
    filch_task *tasks[TASKS];
    filch_job job;
    size_t done, expected = 0;
    int status, one = 1; /* no constant, and of another type */
    filch_semaphore permit = FILCH_SEMAPHORE_INIT(one);
    filch_barrier mine = FILCH_BARRIER_INIT(one);

    (void)arg;
    if (filch_semaphore_acquire(&permit) != 0 ||
        filch_barrier_wait(&mine, NULL) != 0 ||
        filch_barrier_wait(&alone, NULL) != 0 ||
        filch_semaphore_acquire(&permits) != 0 ||
        filch_lock_acquire(&fair) != 0 || filch_lock_release(&fair) != 0)
        return EINVAL;
    for (int i = 0; i < TASKS; ++i)
        if (filch_spawn(&tasks[i], work, &go) != 0)
            return ENOMEM;
    for (size_t i = 0; i < ITEMS; ++i) {
        numbers[i] = i;
        expected += i;
        filch_queue_put(&items, &numbers[i]);
    }
    filch_call_later(&timer, FILCH_MS(1), set_go, &go);
    filch_queue_join(&items);
    filch_queue_shutdown(&items, false);
    filch_condition_acquire(&finished);
    status = filch_condition_wait_for(&finished, no_worker_left, &workers_left);
    filch_condition_release(&finished);
    if (status != 0 || sum != expected)
        return EINVAL;
    status = filch_wait_until(tasks, TASKS, FILCH_ALL_COMPLETED, &done,
                              filch_after(FILCH_SEC(30)));
    if (status != 0 || done != TASKS)
        return EINVAL;
    for (int i = 0; i < TASKS; ++i)
        if (filch_join(tasks[i], &status) != 0 || status != 0)
            return EINVAL;
    filch_fork(&job, triple, &sum);
    if (filch_sync(&job) != 0 || sum != 3 * expected)
        return EINVAL;
    status = filch_group_spawn(&group, triple, &sum);
    if (status != 0 || filch_group_wait(&group) != 0 || sum != 9 * expected)
        return EINVAL;
    status = filch_parallel_for(0, ITEMS, 0, halve, numbers);
    if (status != 0 || numbers[ITEMS - 1] != (ITEMS - 1) / 2)
        return EINVAL;
    return filch_sleep(FILCH_US(100));
}

int
main(void)
{
    int status = filch_run(NULL, run, NULL);
    printf("filch %s: %zu, status %d\n", filch_version(), sum, status);
    return status != 0 || filch_queue_destroy(&items) != 0;
}
