/*
 * Each call into the library is a place where its caller may be interrupted. The
 * table is compared with the headers by points.sh.
 */
#include "../harness/harness.h"

static filch_event event;
static filch_lock lock;
static filch_condition condition;
static filch_queue queue;
static filch_semaphore semaphore;
static filch_barrier barrier;
static filch_group group;
static filch_timer timer;
static filch_task *ended;
static _Atomic(const char *) tried;

static int
nothing(void *arg)
{
    return arg != NULL;
}

static void
ignore(void *arg)
{
    (void)arg;
}

static bool
is_so(void *arg)
{
    return arg == NULL;
}

static int
no_range(size_t begin, size_t end, void *arg)
{
    return begin > end || arg;
}

static void
fork_and_sync(void)
{
    filch_job job;
    filch_fork(&job, nothing, NULL);
    OK(filch_sync(&job));
}

static void
with_lock(void)
{
    FILCH_WITH_LOCK(&lock)
    {
    }
}

/* Of calls that do not wait for anybody, the one of that number: false if there
 * is none. What it returns does not matter. */
static bool
make(int which)
{
    void *items[1] = {NULL};
    filch_task *task = ended;
    filch_queue own = FILCH_QUEUE_INIT;
    filch_stats stats;
    size_t done;
    int n = 0;
#define CALL(call)                                                             \
    if (which == n++) {                                                        \
        tried = #call;                                                         \
        (void)(call);                                                          \
        return true;                                                           \
    }
    CALL(filch_barrier_destroy(&barrier));
    CALL(filch_barrier_wait(&barrier, NULL));
    CALL(filch_barrier_abort(&barrier));
    CALL(filch_barrier_reset(&barrier));
    CALL(filch_condition_destroy(&condition));
    CALL((filch_condition_acquire(&condition),
          filch_condition_release(&condition)));
    CALL(filch_condition_locked(&condition));
    CALL(filch_condition_wait(&condition));
    CALL(filch_condition_wait_for(&condition, is_so, NULL));
    CALL(filch_condition_notify(&condition, 1));
    CALL(filch_condition_notify_all(&condition));
    CALL(filch_event_destroy(&event));
    CALL(filch_event_is_set(&event));
    CALL(filch_event_set(&event));
    CALL(filch_event_clear(&event));
    CALL(filch_event_wait_until(&event, past()));
    CALL(filch_group_destroy(&group));
    CALL(filch_group_spawn(&group, nothing, NULL));
    CALL(filch_group_wait(&group));
    CALL(filch_group_cancel(&group));
    CALL(fork_and_sync());
    CALL(filch_parallel_for(0, 0, 1, no_range, NULL));
    CALL(filch_lock_destroy(&lock));
    CALL((filch_lock_acquire(&lock), filch_lock_release(&lock)));
    CALL(filch_lock_try_acquire(&lock));
    CALL(filch_lock_release(&lock));
    CALL(filch_lock_locked(&lock));
    CALL(with_lock());
    CALL(filch_queue_destroy(&own));
    CALL(filch_queue_put(&queue, &queue));
    CALL(filch_queue_put_nowait(&queue, &queue));
    CALL(filch_queue_get_until(&queue, items, past()));
    CALL(filch_queue_get_nowait(&queue, items));
    CALL(filch_queue_put_many(&queue, items, 1, &done));
    CALL(filch_queue_get_many_until(&queue, items, 1, &done, past()));
    CALL(filch_queue_task_done(&queue));
    CALL(filch_queue_join(&queue));
    CALL(filch_queue_size(&queue));
    CALL(filch_queue_empty(&queue));
    CALL(filch_queue_full(&queue));
    CALL(filch_queue_shutdown(&queue, false));
    CALL(filch_queue_drain(&queue, items, 1, &done));
    CALL(filch_submit(filch_runtime_current(), NULL, nothing, NULL));
    CALL(filch_semaphore_destroy(&semaphore));
    CALL(filch_semaphore_acquire_until(&semaphore, past()));
    CALL(filch_semaphore_try_acquire(&semaphore));
    CALL(filch_semaphore_release(&semaphore, 1));
    CALL(filch_semaphore_value(&semaphore));
    CALL(filch_stats_read(NULL, &stats, 1, NULL));
    CALL(filch_spawn(NULL, nothing, NULL));
    CALL(filch_spawn_with(NULL, nothing, NULL, NULL));
    CALL(filch_join(filch_task_hold(ended), NULL));
    CALL(filch_task_release(NULL));
    CALL(filch_task_hold(ended));
    CALL(filch_task_done(ended));
    CALL(filch_task_status(ended));
    CALL(filch_task_name(ended));
    CALL(filch_task_set_name(filch_current(), "me"));
    CALL(filch_wait(&task, 1, FILCH_ALL_COMPLETED, &done));
    CALL(filch_yield());
    CALL(filch_sleep(0));
    CALL(filch_cancel(ended));
    CALL(filch_shield_begin());
    CALL(filch_shield_end());
    CALL(filch_cancelled());
    CALL(filch_call_later(NULL, 0, ignore, NULL));
    CALL(filch_call_at(NULL, 0, ignore, NULL));
    CALL(filch_call_soon(ignore, NULL));
    CALL(filch_timer_cancel(&timer));
    CALL(filch_timer_cancel_wait(&timer));
    return false;
}

/* --- An addition that is lost where another comes between ---------------- */

static atomic_uint slot;

static int
add(void *arg)
{
    unsigned before = slot;
    bool is_there = make((int)(intptr_t)arg);
    slot = before + 1;
    return is_there ? 0 : ENOENT;
}

static void
begin(void)
{
    slot = 0;
    OK(filch_event_init(&event));
    OK(filch_lock_init(&lock));
    OK(filch_condition_init(&condition, NULL));
    OK(filch_queue_init(&queue, 10));
    OK(filch_semaphore_init(&semaphore, 0));
    OK(filch_barrier_init(&barrier, 1));
    OK(filch_group_init(&group));
    OK(filch_timer_init(&timer));
    ended = spawn(nothing, NULL);
    EQ(0, join(filch_task_hold(ended)));
}

static int
add_twice(void *which)
{
    begin();
    filch_task *a = spawn(add, which), *b = spawn(add, which);
    int status = join(a);
    EQ(status, join(b));
    filch_task_release(ended);
    filch_queue_destroy(&queue);
    return status ? status : slot != 2;
}

/* The status with the first seed that loses one, or any if there is no call. */
static int
lose_one(int which)
{
    int status = 0;
    for (uint64_t seed = 1; seed <= 300 && !status; ++seed)
        status = filch_run(&(filch_config){.seed = seed}, add_twice,
                           (void *)(intptr_t)which);
    return status;
}

TEST(each_call_is_a_point_where_its_caller_may_be_interrupted)
{
    int which = 0, status;
    while ((status = lose_one(which)) != ENOENT) {
        check_context(tried);
        EQ(1, status);
        ++which;
    }
    CHECK(which > 60);
}
