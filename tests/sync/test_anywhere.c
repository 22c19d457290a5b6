/*
 * Every call that never suspends may be made on any thread and in a callback,
 * and does there what it does in a task.
 */
#include "../harness/harness.h"

static filch_event event;
static filch_lock lock;
static filch_condition condition = FILCH_CONDITION_INIT;
static filch_queue queue;
static filch_semaphore semaphore;
static filch_barrier barrier;
static filch_timer timer, unused;
static filch_group group;
static filch_event gate;
static filch_task *target;

static int
wait_at_gate(void *arg)
{
    (void)arg;
    return filch_event_wait(&gate);
}

static void
do_nothing(void *arg)
{
    (void)arg;
}

/* --- Each noun ----------------------------------------------------------- */

static void
call_event_and_semaphore(void)
{
    OK(filch_event_init(&event));
    filch_event_set(&event);
    CHECK(filch_event_is_set(&event));
    filch_event_clear(&event);
    CHECK(!filch_event_is_set(&event));
    OK(filch_event_destroy(&event));
    OK(filch_semaphore_init(&semaphore, 0));
    OK(filch_semaphore_init_bounded(&semaphore, 1));
    OK(filch_semaphore_try_acquire(&semaphore));
    FAILS(EAGAIN, filch_semaphore_try_acquire(&semaphore));
    OK(filch_semaphore_release(&semaphore, 1));
    EQ(1, filch_semaphore_value(&semaphore));
    OK(filch_semaphore_destroy(&semaphore));
}

static void
call_lock_and_condition(void)
{
    OK(filch_lock_init(&lock));
    OK(filch_lock_init_fair(&lock));
    OK(filch_lock_try_acquire(&lock));
    FAILS(EBUSY, filch_lock_try_acquire(&lock));
    CHECK(filch_lock_locked(&lock));
    OK(filch_condition_init(&condition, &lock));
    CHECK(filch_condition_locked(&condition));
    OK(filch_condition_notify(&condition, 1));
    OK(filch_condition_notify_all(&condition));
    OK(filch_condition_release(&condition));
    FAILS(EPERM, filch_lock_release(&lock));
    OK(filch_condition_destroy(&condition));
    OK(filch_lock_destroy(&lock));
}

static int
compare(const void *left, const void *right)
{
    return (left > right) - (left < right);
}

static void
use_queue(void)
{
    void *item, *items[2];
    size_t done;
    OK(filch_queue_put_nowait(&queue, &event));
    OK(filch_queue_put_nowait(&queue, &event));
    FAILS(EAGAIN, filch_queue_put_nowait(&queue, &event));
    CHECK(filch_queue_full(&queue));
    EQ(2, filch_queue_size(&queue));
    EQ(2, filch_queue_maxsize(&queue));
    OK(filch_queue_get_nowait(&queue, &item));
    OK(filch_queue_task_done(&queue));
    OK(filch_queue_shutdown(&queue, true));
    FAILS(EINVAL, filch_queue_task_done(&queue));
    OK(filch_queue_drain(&queue, items, 2, &done));
    EQ(1, done);
    CHECK(filch_queue_empty(&queue));
    OK(filch_queue_destroy(&queue));
}

static void
call_queue_and_barrier(void)
{
    OK(filch_queue_init(&queue, 2));
    use_queue();
    OK(filch_queue_init_lifo(&queue, 2));
    use_queue();
    OK(filch_queue_init_priority(&queue, 2, compare));
    use_queue();
    OK(filch_barrier_init(&barrier, 2));
    OK(filch_barrier_abort(&barrier));
    OK(filch_barrier_reset(&barrier));
    OK(filch_barrier_destroy(&barrier));
}

/* --- Tasks and the rest -------------------------------------------------- */

static void
call_task(void)
{
    CHECK(!filch_task_done(target));
    EQ(EBUSY, filch_task_status(target));
    OK(filch_task_set_name(target, "the target"));
    CHECK(strcmp("the target", filch_task_name(target)) == 0);
    CHECK(filch_task_hold(target) == target);
    filch_task_release(target);
    CHECK(filch_current() == NULL);
    CHECK(!filch_cancelled());
    filch_shield_begin();
    filch_shield_end();
    filch_yield();
}

static void
call_group(void)
{
    OK(filch_group_init(&group));
    OK(filch_group_cancel(&group));
    OK(filch_group_destroy(&group));
}

static void
call_timer_and_time(void)
{
    static char text[1 << 14];
    FILE *file = fmemopen(text, sizeof text, "w");
    CHECK(strcmp(FILCH_VERSION, filch_version()) == 0);
    OK(filch_timer_init(&unused));
    CHECK(!filch_timer_cancel(&unused));
    CHECK(filch_now() > 0 && filch_after(FILCH_NEVER) == FILCH_NEVER);
    CHECK(filch_timer_cancel(&timer));
    CHECK(!filch_timer_cancel(&timer));
    CHECK(file != NULL);
    filch_dump(file);
    fclose(file);
    CHECK(strstr(text, "the target") != NULL);
}

static filch_runtime *runtime;

static int
nothing(void *arg)
{
    return arg != NULL;
}

static void
call_runtime(void)
{
    filch_stats stats;
    filch_task *task;
    size_t workers;
    OK(filch_submit(runtime, &task, nothing, NULL));
    filch_task_release(task);
    OK(filch_submit(runtime, NULL, nothing, NULL));
    OK(filch_stats_read(runtime, &stats, 1, &workers));
    EQ(test_workers(), workers);
}

static void
call_everything(void)
{
    call_runtime();
    call_event_and_semaphore();
    call_lock_and_condition();
    call_queue_and_barrier();
    call_task();
    call_group();
    call_timer_and_time();
    OK(filch_cancel(target)); /* from here on it may be gone */
}

/* --- From where ---------------------------------------------------------- */

/* A task that waits, and a timer that is armed, for the calls to meet. */
static void
begin(void)
{
    runtime = filch_runtime_current();
    target = park(wait_at_gate, NULL);
    OK(filch_call_later(&timer, FILCH_SEC(3600), do_nothing, NULL));
}

static void
end(void)
{
    EQ(ECANCELED, join(target));
}

static filch_event called;

static void
call_in_callback(void *arg)
{
    (void)arg;
    call_everything();
    filch_event_set(&called);
}

TASK_TEST(every_call_that_never_suspends_may_be_made_in_a_callback)
{
    begin();
    OK(filch_call_soon(call_in_callback, NULL));
    OK(filch_event_wait(&called));
    end();
}

static void *
call_in_thread(void *arg)
{
    call_in_callback(arg);
    return NULL;
}

TASK_TEST(every_call_that_never_suspends_may_be_made_on_a_plain_thread)
{
    begin();
    pthread_t thread = thread_start(call_in_thread, NULL);
    OK(filch_event_wait(&called));
    thread_join(thread);
    end();
}

/* --- The end of what may be freed when all calls have returned ----------- */

struct meeting {
    filch_queue queue;
    filch_barrier barrier;
    atomic_int left;
};

static int
meet_and_leave(void *arg)
{
    struct meeting *meeting = arg;
    void *item;
    OK(filch_queue_put(&meeting->queue, arg));
    OK(filch_queue_get(&meeting->queue, &item));
    OK(filch_queue_task_done(&meeting->queue));
    OK(filch_queue_join(&meeting->queue));
    OK(filch_barrier_wait(&meeting->barrier, NULL));
    atomic_fetch_sub(&meeting->left, 1);
    return 0;
}

TASK_TEST(queue_and_barrier_may_be_freed_when_all_calls_on_them_have_returned)
{
    enum { TASKS = 4 };
    for (int i = 0; i < (UNDER_SANITIZER ? 200 : 1000); ++i) {
        struct meeting *meeting = calloc(1, sizeof *meeting);
        OK(filch_queue_init(&meeting->queue, 1));
        OK(filch_barrier_init(&meeting->barrier, TASKS));
        atomic_store(&meeting->left, TASKS);
        for (int t = 0; t < TASKS; ++t)
            OK(filch_spawn(NULL, meet_and_leave, meeting));
        UNTIL(atomic_load(&meeting->left) == 0);
        OK(filch_queue_destroy(&meeting->queue));
        OK(filch_barrier_destroy(&meeting->barrier));
        free(meeting);
    }
}
