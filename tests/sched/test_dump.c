/* What the dump says of a task, for everything that a task can be at. */
#include "../harness/harness.h"

static filch_event event, gate;
static filch_lock lock;
static filch_condition condition = FILCH_CONDITION_INIT;
static filch_queue empty, full, undone;
static filch_semaphore semaphore;
static filch_barrier barrier;
static filch_group group;
static filch_task *target;

/* --- Reading the dump ---------------------------------------------------- */

static char text[1 << 16];

/* What the dump says of the task behind its name: "" if it is not there. */
static const char *
look_at(filch_task *task)
{
    char head[64];
    memset(text, 0, sizeof text);
    FILE *file = fmemopen(text, sizeof text - 1, "w");
    CHECK(file != NULL);
    filch_dump(file);
    CHECK(fclose(file) == 0);
    snprintf(head, sizeof head, "task %p '", (void *)task);
    char *line = strstr(text, head);
    if (!line)
        return "";
    line[strcspn(line, "\n")] = 0;
    char *said = strstr(line, "' of runtime ");
    CHECK(said != NULL);
    said = strstr(said, ": ");
    CHECK(said != NULL);
    return said + 2;
}

/* Waits until the dump says that of the task; it may not wait yet. */
static void
until_said(filch_task *task, const char *what, const void *object)
{
    char wanted[128];
    if (object)
        snprintf(wanted, sizeof wanted, "%s %p", what, object);
    else
        snprintf(wanted, sizeof wanted, "%s", what);
    check_context(wanted);
    UNTIL(strcmp(look_at(task), wanted) == 0);
    check_context(NULL);
}

/* --- Every kind of wait -------------------------------------------------- */

static int
wait_for_event(void *arg)
{
    return filch_event_wait(arg);
}

static int
acquire_lock(void *arg)
{
    return filch_lock_acquire(arg);
}

static int
wait_for_condition(void *arg)
{
    OK(filch_condition_acquire(arg));
    int status = filch_condition_wait(arg);
    OK(filch_condition_release(arg));
    return status;
}

static int
get_item(void *arg)
{
    void *item;
    return filch_queue_get(arg, &item);
}

static int
get_items(void *arg)
{
    void *items[2];
    size_t done;
    return filch_queue_get_many(arg, items, 2, &done);
}

static int
put_item(void *arg)
{
    return filch_queue_put(arg, arg);
}

static int
put_items(void *arg)
{
    void *items[2] = {arg, arg};
    size_t done;
    return filch_queue_put_many(arg, items, 2, &done);
}

static int
join_items(void *arg)
{
    return filch_queue_join(arg);
}

static int
acquire_permit(void *arg)
{
    return filch_semaphore_acquire(arg);
}

static int
wait_at_barrier(void *arg)
{
    return filch_barrier_wait(arg, NULL);
}

static int
join_task(void *arg)
{
    return filch_join(arg, NULL);
}

static int
wait_for_task(void *arg)
{
    filch_task *tasks[] = {arg};
    return filch_wait(tasks, 1, FILCH_ALL_COMPLETED, NULL);
}

static int
sleep_long(void *arg)
{
    (void)arg;
    return filch_sleep(FILCH_SEC(3600));
}

static int
wait_for_group(void *arg)
{
    OK(filch_group_spawn(arg, wait_for_event, &event));
    return filch_group_wait(arg);
}

static int
sleep_until_late(void *arg)
{
    (void)arg;
    return filch_sleep_until(filch_after(FILCH_SEC(3600)));
}

static void
prepare(void)
{
    OK(filch_lock_acquire(&lock));
    OK(filch_queue_init(&full, 1));
    OK(filch_queue_put(&full, &full));
    OK(filch_queue_put(&undone, &undone));
    OK(filch_barrier_init(&barrier, 2));
    target = park(wait_for_event, &gate);
}

static const struct row {
    filch_fn body;
    void *object;
    const char *said;
} rows[] = {
    {wait_for_event, &event, "waits for event"},
    {acquire_lock, &lock, "waits for lock"},
    {wait_for_condition, &condition, "waits for condition"},
    {get_item, &empty, "waits for an item of queue"},
    {get_items, &empty, "waits for an item of queue"},
    {put_item, &full, "waits for a slot of queue"},
    {put_items, &full, "waits for a slot of queue"},
    {join_items, &undone, "waits for the items' end of queue"},
    {acquire_permit, &semaphore, "waits for semaphore"},
    {wait_at_barrier, &barrier, "waits for barrier"},
    {wait_for_group, &group, "waits for the tasks of group"},
    {join_task, NULL, "waits for the end of task"},
    {wait_for_task, NULL, "waits for the end of task"},
    {sleep_long, NULL, "waits for a point in time"},
    {sleep_until_late, NULL, "waits for a point in time"},
};

/* The object of a row; a task is known only when it runs. */
static void *
object_of(const struct row *row)
{
    return row->body == join_task || row->body == wait_for_task ? target
                                                                : row->object;
}

TASK_TEST(dump_says_for_each_kind_of_wait_what_a_task_waits_for)
{
    prepare();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        filch_task *task = park(rows[i].body, object_of(&rows[i]));
        until_said(task, rows[i].said, object_of(&rows[i]));
        OK(filch_cancel(task));
        EQ(ECANCELED, join(task));
    }
}

static int
shielded(void *arg)
{
    const struct row *row = arg;
    filch_shield_begin();
    return row->body(object_of(row));
}

TASK_TEST(dump_says_of_a_wait_whether_it_is_shielded_and_its_task_cancelled)
{
    static const struct row row = {wait_for_event, &event, NULL};
    filch_task *task = park(shielded, (void *)&row);
    until_said(task, "waits, shielded for event", &event);
    OK(filch_cancel(task));
    until_said(task, "waits, shielded, cancelled for event", &event);
    filch_event_set(&event);
    EQ(0, join(task));
}

TASK_TEST(dump_says_of_a_task_that_was_notified_that_it_waits_for_the_lock)
{
    OK(filch_condition_init(&condition, &lock));
    target = spawn(wait_for_condition, &condition);
    until_said(target, "waits for condition", &condition);
    OK(filch_lock_acquire(&lock));
    OK(filch_condition_notify(&condition, 1));
    until_said(target, "waits, shielded for lock", &lock);
    OK(filch_lock_release(&lock));
    EQ(0, join(target));
    OK(filch_condition_init(&condition, NULL));
}

TASK_TEST(dump_says_of_a_task_that_does_not_wait_that_it_runs_or_is_ready)
{
    until_said(filch_current(), "runs or is ready", NULL);
    OK(filch_cancel(filch_current()));
    until_said(filch_current(), "runs or is ready, cancelled", NULL);
}

/* Its descriptor had waited for something, as another task's. */
ONE_WORKER_TEST(dump_says_so_of_a_task_with_a_stack_of_its_own_before_it_begins)
{
    filch_task_options options = {.stack_size = 1 << 20};
    filch_task *task = park(wait_for_event, &event);
    until_said(task, "waits for event", &event);
    filch_event_set(&event);
    EQ(0, join(task));
    OK(filch_spawn_with(&task, wait_for_event, &event, &options));
    EQ(0, strcmp(look_at(task), "runs or is ready"));
    EQ(0, join(task));
}

/* --- Timers and jobs, which take a worker meanwhile ---------------------- */

static atomic_bool begun, may_end;

static void
hold_worker(void *arg)
{
    (void)arg;
    atomic_store(&begun, true);
    while (!atomic_load(&may_end))
        sched_yield();
}

static int
wait_for_callback(void *arg)
{
    return filch_timer_cancel_wait(arg);
}

TASK_TEST(dump_says_of_a_task_that_it_waits_for_the_end_of_a_callback)
{
    static filch_timer timer;
    if (test_workers() < 2)
        skip("it takes two workers");
    OK(filch_call_later(&timer, 0, hold_worker, NULL));
    UNTIL(atomic_load(&begun));
    filch_task *task = park(wait_for_callback, &timer);
    until_said(task, "waits for the end of timer's callback", &timer);
    atomic_store(&may_end, true);
    EQ(0, join(task));
}

static int
stolen(void *arg)
{
    hold_worker(NULL);
    OK(filch_event_wait(&gate)); /* the forker is resumed from elsewhere */
    return arg != NULL;
}

static filch_job job;

static int
fork_and_sync(void *arg)
{
    filch_fork(&job, stolen, arg);
    while (!atomic_load(&begun))
        sched_yield(); /* so that another worker takes it */
    EQ(0, filch_sync(&job));
    until_said(filch_current(),
               filch_cancelled() ? "runs or is ready, cancelled"
                                 : "runs or is ready",
               NULL);
    return 0;
}

/* On a plain thread, as the job may keep one worker and its forker another. */
TEST(dump_says_of_a_task_that_syncs_a_stolen_job_that_it_waits_for_its_end)
{
    filch_config config = {.workers = test_workers()};
    filch_runtime *runtime;
    filch_task *task;
    if (test_workers() < 2)
        skip("it takes two workers");
    OK(filch_start(&runtime, &config));
    for (int cancelled = 0; cancelled < 2; ++cancelled) {
        atomic_store(&begun, false);
        atomic_store(&may_end, false);
        OK(filch_event_init(&gate));
        OK(filch_submit(runtime, &task, fork_and_sync, NULL));
        until_said(task, "waits, shielded for the end of job", &job);
        if (cancelled) {
            OK(filch_cancel(task));
            until_said(task, "waits, shielded, cancelled for the end of job",
                       &job);
        }
        atomic_store(&may_end, true);
        filch_event_set(&gate);
        EQ(0, join(task));
    }
    OK(filch_stop(runtime));
}
