/*
 * Misuse is an error, never undefined: one table of what the headers list.
 * (What only a task, a callback or a waiter can do wrong stands beside the
 * call that it is about.)
 */
#include "../harness/harness.h"
#include "sched/task.h"

#include <signal.h>

static filch_event event;
static filch_lock lock, fair = FILCH_LOCK_FAIR_INIT;
static filch_condition condition;
static filch_queue queue;
static filch_semaphore bounded;
static filch_barrier barrier;
static filch_timer timer;
static filch_task *none;
static void *item;

static int
nothing(void *arg)
{
    return arg != NULL;
}

static void
no_callback(void *arg)
{
    (void)arg;
}

static bool
yes(void *arg)
{
    (void)arg;
    return true;
}

/* Looks at each call by itself, so that the first wrong one is named. */
#define ROW(error, call)                                                       \
    {                                                                          \
#call, (error), (call)                                                 \
    }
struct row {
    const char *call;
    int expected, actual;
};

static void
check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; ++i) {
        check_context(rows[i].call);
        EQ(rows[i].expected, rows[i].actual);
    }
}
#define ROWS(...)                                                              \
    do {                                                                       \
        const struct row rows[] = {__VA_ARGS__};                               \
        check_rows(rows, sizeof rows / sizeof *rows);                          \
    } while (0)

static void
misuse_of_primitives(void)
{
    OK(filch_semaphore_init_bounded(&bounded, 1));
    ROWS(ROW(EPERM, filch_lock_release(&lock)),
         ROW(EPERM, filch_lock_release(&fair)),
         ROW(EPERM, filch_condition_release(&condition)),
         ROW(EPERM, filch_condition_wait(&condition)),
         ROW(EPERM, filch_condition_wait_until(&condition, past())),
         ROW(EPERM, filch_condition_wait_for(&condition, yes, NULL)),
         ROW(EPERM, filch_condition_notify(&condition, 1)),
         ROW(EPERM, filch_condition_notify(&condition, 0)),
         ROW(EPERM, filch_condition_notify_all(&condition)),
         ROW(EINVAL, filch_queue_task_done(&queue)),
         ROW(EINVAL, filch_queue_drain(&queue, &item, 1, &(size_t){0})),
         ROW(EINVAL, filch_queue_init_priority(&queue, 1, NULL)),
         ROW(EOVERFLOW, filch_semaphore_release(&bounded, 1)),
         ROW(EINVAL, filch_barrier_init(&barrier, 0)));
}

static void
nothing_has_changed(void)
{
    CHECK(!filch_lock_locked(&lock) && !filch_lock_locked(&fair));
    CHECK(!filch_condition_locked(&condition));
    CHECK(filch_queue_empty(&queue));
    EQ(1, filch_semaphore_value(&bounded));
    OK(filch_event_destroy(&event));
    OK(filch_lock_destroy(&lock));
    OK(filch_condition_destroy(&condition));
    OK(filch_queue_destroy(&queue));
}

TEST(misuse_on_a_plain_thread_is_an_error_without_effect)
{
    misuse_of_primitives();
    ROWS(ROW(EPERM, filch_spawn(&none, nothing, NULL)),
         ROW(EPERM, filch_spawn(NULL, nothing, NULL)),
         ROW(EPERM, filch_call_soon(no_callback, NULL)),
         ROW(EPERM, filch_call_later(&timer, 0, no_callback, NULL)),
         ROW(EPERM, filch_call_at(&timer, 0, no_callback, NULL)),
         ROW(EPERM, filch_stats_read(NULL, NULL, 0, NULL)),
         ROW(EINVAL, filch_run(NULL, NULL, NULL)),
         ROW(EINVAL, filch_start(NULL, NULL)),
         ROW(EINVAL, filch_submit(NULL, &none, nothing, NULL)));
    filch_shield_end(); /* one too many: outside a task it does nothing */
    nothing_has_changed();
}

TASK_TEST(misuse_in_a_task_is_an_error_without_effect)
{
    filch_task *self = filch_current();
    misuse_of_primitives();
    ROWS(ROW(EDEADLK, filch_run(NULL, nothing, NULL)),
         ROW(EDEADLK, filch_stop(filch_runtime_current())),
         ROW(EDEADLK, filch_join(self, NULL)),
         ROW(EDEADLK, filch_wait(&self, 1, FILCH_ALL_COMPLETED, NULL)),
         ROW(EINVAL, filch_spawn(&none, NULL, NULL)),
         ROW(EINVAL, filch_spawn(NULL, NULL, NULL)),
         ROW(EINVAL, filch_call_soon(NULL, NULL)),
         ROW(EINVAL, filch_call_later(&timer, 0, NULL, NULL)),
         ROW(EINVAL,
             filch_spawn_with(&none, nothing, NULL,
                              &(filch_task_options){.stack_size = SIZE_MAX})));
    nothing_has_changed();
}

/* --- What ends the program is said, on the smallest stack ------------------ */

static int
shield_without_end(void *arg)
{
    for (int i = 0; i < 1 << 15; ++i)
        filch_shield_begin();
    return arg != NULL;
}

static int
spawn_shielded(void *arg)
{
    return join(spawn(shield_without_end, arg));
}

static void
run_shielded(void)
{
    filch_run(&(filch_config){.workers = 1, .stack_size = 16 << 10},
              spawn_shielded, NULL);
}

TEST(message_before_the_end_fits_on_the_smallest_stack)
{
    struct child child;
    if (UNDER_SANITIZER || UNDER_VALGRIND)
        skip("which take more of a stack");
    child_run(&child, run_shielded);
    CHILD_DIED(&child, SIGABRT);
    CHILD_SAID(&child, "filch: filch_shield_begin was called 32,768 times "
                       "without filch_shield_end\n");
}

/* --- The versions -------------------------------------------------------- */

static int
hold_too_often(void *arg)
{
    filch_task *task = spawn(nothing, NULL);
    uint32_t most = UINT32_MAX / 2; /* as if there were so many handles */
    fl_store_relaxed(&task->life, most - most % FL_REFERENCE);
    CHECK(filch_task_hold(task) == task);
    (void)filch_task_hold(task);
    return arg != NULL;
}

static void
run_with_too_many_handles(void)
{
    run_on(1, hold_too_often, NULL);
}

TEST(too_many_handles_of_a_task_end_the_program_with_a_message)
{
    struct child child;
    child_run(&child, run_with_too_many_handles);
    CHILD_DIED(&child, SIGABRT);
    CHILD_SAID(&child, "handles of a task");
}

TEST(version_of_the_library_is_that_of_its_headers)
{
    char text[32];
    CHECK(strcmp(filch_version(), FILCH_VERSION) == 0);
    snprintf(text, sizeof text, "%d.%d.%d", FILCH_VERSION_MAJOR,
             FILCH_VERSION_MINOR, FILCH_VERSION_PATCH);
    CHECK(strcmp(text, FILCH_VERSION) == 0);
}
