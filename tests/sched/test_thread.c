/* Plain threads beside tasks, and runtimes beside each other. */
#include "../harness/harness.h"

static filch_event event;
static filch_lock lock;
static filch_condition condition;
static filch_queue there, back;
static filch_semaphore semaphore;
static long counter;

enum { TURNS = UNDER_SANITIZER ? 300 : 2000 };

/* --- Primitives join tasks and threads ----------------------------------- */

static int
add(void *arg)
{
    for (int i = 0; i < TURNS; ++i) {
        OK(filch_lock_acquire(arg));
        ++counter;
        OK(filch_lock_release(arg));
    }
    return 0;
}

static void *
add_in_thread(void *arg)
{
    EQ(0, add(arg));
    return NULL;
}

TASK_TEST(lock_excludes_tasks_and_plain_threads_alike)
{
    static filch_lock fair = FILCH_LOCK_FAIR_INIT;
    filch_lock *locks[] = {&lock, &fair};
    for (int l = 0; l < 2; ++l) {
        pthread_t threads[3];
        filch_task *tasks[3];
        counter = 0;
        for (int i = 0; i < 3; ++i) {
            threads[i] = thread_start(add_in_thread, locks[l]);
            tasks[i] = spawn(add, locks[l]);
        }
        for (int i = 0; i < 3; ++i)
            EQ(0, join(tasks[i]));
        for (int i = 0; i < 3; ++i)
            thread_join(threads[i]);
        EQ(6 * TURNS, counter);
    }
}

static int turn; /* the lock's */

static void
take_turns(int self)
{
    OK(filch_condition_acquire(&condition));
    for (int i = 0; i < TURNS; ++i) {
        while (turn != self)
            OK(filch_condition_wait(&condition));
        turn = !self;
        OK(filch_condition_notify(&condition, 1));
    }
    OK(filch_condition_release(&condition));
}

static void *
turns_in_thread(void *arg)
{
    take_turns(1);
    return arg;
}

TASK_TEST(condition_hands_the_turn_between_a_task_and_a_plain_thread)
{
    pthread_t thread = thread_start(turns_in_thread, NULL);
    take_turns(0);
    thread_join(thread);
}

static void *
echo_in_thread(void *arg)
{
    void *item;
    while (filch_queue_get(&there, &item) == 0)
        OK(filch_queue_put(&back, item));
    return arg;
}

TASK_TEST(queue_hands_items_between_a_task_and_a_plain_thread)
{
    void *item;
    OK(filch_queue_init(&there, 1));
    OK(filch_queue_init(&back, 1));
    pthread_t thread = thread_start(echo_in_thread, NULL);
    for (intptr_t i = 0; i < TURNS; ++i) {
        OK(filch_queue_put(&there, (void *)i));
        OK(filch_queue_get(&back, &item));
        EQ(i, (intptr_t)item);
    }
    OK(filch_queue_shutdown(&there, false));
    thread_join(thread);
    OK(filch_queue_destroy(&there));
    OK(filch_queue_destroy(&back));
}

static void *
release_in_thread(void *arg)
{
    for (int i = 0; i < TURNS; ++i)
        OK(filch_semaphore_release(arg, 1));
    return NULL;
}

TASK_TEST(semaphore_counts_between_a_task_and_a_plain_thread)
{
    pthread_t thread = thread_start(release_in_thread, &semaphore);
    for (int i = 0; i < TURNS; ++i)
        OK(filch_semaphore_acquire(&semaphore));
    thread_join(thread);
    EQ(0, filch_semaphore_value(&semaphore));
}

static void *
wait_in_thread(void *arg)
{
    OK(filch_event_wait(arg));
    return NULL;
}

TEST(primitives_work_without_any_runtime)
{
    pthread_t threads[5];
    for (int i = 0; i < 5; ++i)
        threads[i] = thread_start(wait_in_thread, &event);
    filch_event_set(&event);
    for (int i = 0; i < 5; ++i)
        thread_join(threads[i]);
    threads[0] = thread_start(turns_in_thread, NULL);
    take_turns(0);
    thread_join(threads[0]);
}

/* --- A thread blocks, and not the workers -------------------------------- */

static int
sleep_1_ms(void *arg)
{
    (void)arg;
    return filch_sleep(FILCH_MS(1));
}

TASK_TEST(plain_thread_that_blocks_holds_no_worker_up)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; ++i)
        threads[i] = thread_start(wait_in_thread, &event);
    for (int i = 0; i < 20; ++i)
        EQ(0, join(spawn(sleep_1_ms, NULL)));
    filch_event_set(&event);
    for (int i = 0; i < 4; ++i)
        thread_join(threads[i]);
}

/* --- The end of a run while threads wake its tasks ----------------------- */

/*
 * The thread's call wakes a task whose end ends the run; the call itself may
 * then still be returning. It must not touch what belonged to the runtime.
 */
static void *
set_in_thread(void *arg)
{
    filch_event_set(arg);
    return NULL;
}

static int
wait_for_event(void *arg)
{
    return filch_event_wait(arg);
}

TEST(run_may_end_while_a_plain_thread_is_just_waking_its_last_task)
{
    filch_config config = {.workers = test_workers()};
    for (int i = 0; i < (UNDER_SANITIZER ? 100 : 400); ++i) {
        filch_event once = FILCH_EVENT_INIT;
        pthread_t thread = thread_start(set_in_thread, &once);
        OK(filch_run(&config, wait_for_event, &once));
        thread_join(thread);
    }
}

static atomic_bool stop;

static void *
wake_all_the_time(void *arg)
{
    (void)arg;
    while (!atomic_load(&stop)) {
        filch_event_set(&event);
        filch_event_clear(&event);
        if (filch_semaphore_value(&semaphore) < 10)
            OK(filch_semaphore_release(&semaphore, 1));
        filch_queue_put_nowait(&there, NULL);
    }
    return NULL;
}

static int
be_woken(void *arg)
{
    void *item;
    for (intptr_t i = 0;; ++i) {
        int status;
        switch ((i + (intptr_t)arg) % 3) {
        case 0:
            status = filch_event_wait(&event);
            break;
        case 1:
            status = filch_semaphore_acquire(&semaphore);
            break;
        default:
            status = filch_queue_get(&there, &item);
        }
        if (status)
            return status;
    }
}

static int
leave_tasks_to_be_woken(void *arg)
{
    for (intptr_t i = 0; i < 20; ++i)
        OK(filch_spawn(NULL, be_woken, (void *)i));
    OK(filch_sleep(FILCH_US(200)));
    return arg != NULL;
}

TEST(run_may_end_at_any_time_while_plain_threads_wake_its_tasks)
{
    pthread_t threads[2];
    filch_config config = {.workers = test_workers()};
    OK(filch_queue_init(&there, 16));
    for (int i = 0; i < 2; ++i)
        threads[i] = thread_start(wake_all_the_time, NULL);
    for (int i = 0; i < (UNDER_SANITIZER ? 30 : 150); ++i)
        OK(filch_run(&config, leave_tasks_to_be_woken, NULL));
    atomic_store(&stop, true);
    for (int i = 0; i < 2; ++i)
        thread_join(threads[i]);
    OK(filch_queue_destroy(&there));
}

/* The same, when it is another runtime that wakes. */
static int
wake_as_a_task(void *arg)
{
    wake_all_the_time(arg);
    return 0;
}

TEST(run_may_end_at_any_time_while_another_runtime_wakes_its_tasks)
{
    filch_config config = {.workers = test_workers()};
    filch_runtime *waker;
    filch_task *task;
    OK(filch_queue_init(&there, 16));
    OK(filch_start(&waker, &config));
    OK(filch_submit(waker, &task, wake_as_a_task, NULL));
    for (int i = 0; i < (UNDER_SANITIZER ? 30 : 150); ++i)
        OK(filch_run(&config, leave_tasks_to_be_woken, NULL));
    atomic_store(&stop, true);
    EQ(0, join(task));
    OK(filch_stop(waker));
    OK(filch_queue_destroy(&there));
}
