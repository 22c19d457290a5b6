/* Runs that cannot go on. */
#include "../harness/harness.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static filch_lock a, b;
static filch_queue queue;
static filch_event event;

static filch_task *
spawn_named(const char *name, filch_fn fn)
{
    filch_task *task;
    OK(filch_spawn_with(&task, fn, NULL, &(filch_task_options){.name = name}));
    return task;
}

static int
both(filch_lock *one, filch_lock *other)
{
    OK(filch_lock_acquire(one));
    filch_yield();
    int error = filch_lock_acquire(other);
    OK(error ? 0 : filch_lock_release(other));
    OK(filch_lock_release(one));
    return error;
}

static int
a_then_b(void *arg)
{
    (void)arg;
    return both(&a, &b);
}

static int
b_then_a(void *arg)
{
    (void)arg;
    return both(&b, &a);
}

static int
embrace(void *arg)
{
    filch_task *left = spawn_named("left", a_then_b);
    filch_task *right = spawn_named("right", b_then_a);
    (void)arg;
    FAILS(ECANCELED, filch_join(left, NULL));
    FAILS(ECANCELED, filch_join(right, NULL));
    filch_task_release(left);
    filch_task_release(right);
    return 0;
}

static void
run_embrace(void)
{
    filch_config config = {.virtual_time = true};
    FAILS(EDEADLK, filch_run(&config, embrace, NULL));
    OK(filch_lock_destroy(&a));
    OK(filch_lock_destroy(&b));
}

TEST(two_that_wait_for_each_others_locks_are_both_named)
{
    struct child child;
    child_run(&child, run_embrace);
    CHILD_EXITED(&child, 0);
    CHILD_SAID(&child, "'filch' has stalled: no task can run");
    CHILD_SAID(&child, "'main' (1) waits for the end of 'left' (2)");
    CHILD_SAID(&child, "last acquired by 'right' (3)");
    CHILD_SAID(&child, "last acquired by 'left' (2)");
    CHILD_SAID(&child, "in a circle: 'left' (2) waits for 'right' (3) waits "
                       "for 'left' (2)");
    CHILD_SAID(&child, "all tasks are cancelled");
}

static filch_condition condition = FILCH_CONDITION_INIT;

static int
wait_for_notice(void *arg)
{
    OK(filch_condition_acquire(&condition));
    OK(filch_condition_wait(&condition));
    OK(filch_condition_release(&condition));
    return arg != NULL;
}

/* Keeps the lock, for which the notified one waits. */
static int
notify_and_wait(void *arg)
{
    filch_task *waiter = spawn_named("waiter", wait_for_notice);
    OK(filch_sleep(FILCH_MS(5)));
    OK(filch_condition_acquire(&condition));
    OK(filch_condition_notify(&condition, 1));
    FAILS(ECANCELED, filch_event_wait(&event));
    OK(filch_condition_release(&condition));
    filch_task_release(waiter);
    return arg != NULL;
}

static void
run_notify_and_wait(void)
{
    filch_config config = {.virtual_time = true};
    FAILS(EDEADLK, filch_run(&config, notify_and_wait, NULL));
}

TEST(one_that_was_notified_is_told_to_wait_for_the_lock)
{
    struct child child;
    child_run(&child, run_notify_and_wait);
    CHILD_EXITED(&child, 0);
    CHILD_SAID(&child, "'waiter' (2) waits for lock");
    CHILD_SAID(&child, "last acquired by 'main' (1)");
}

static int
get_nothing(void *arg)
{
    void *item;
    FAILS(ECANCELED, filch_queue_get(&queue, &item));
    return arg ? 3 : 0;
}

static void
run_get_nothing(void)
{
    filch_config config = {.seed = 1, .name = "mill-of-twenty-stones"};
    FAILS(EDEADLK, filch_run(&config, get_nothing, NULL));
    FAILS(EDEADLK, filch_run(&config, get_nothing, &queue));
}

TEST(a_queue_that_nobody_fills_ends_the_run_with_EDEADLK)
{
    struct child child;
    child_run(&child, run_get_nothing);
    CHILD_EXITED(&child, 0);
    CHILD_SAID(&child, "'mill-of-twenty-stones' has stalled");
    CHILD_SAID(&child, "'main' (1) waits for an item of queue");
}

static int
wait_shielded(void *arg)
{
    (void)arg;
    filch_shield_begin();
    filch_event_wait(&event);
    return 0;
}

static void
run_wait_shielded(void)
{
    filch_run(&(filch_config){.seed = 1}, wait_shielded, NULL);
}

TEST(a_task_that_waits_on_though_cancelled_ends_the_program)
{
    struct child child;
    child_run(&child, run_wait_shielded);
    CHILD_DIED(&child, SIGABRT);
    CHILD_SAID(&child, "'main' (1) waits for event");
    CHILD_SAID(&child, "these were cancelled, and wait on");
}

static int
sleep_for_ever(void *arg)
{
    (void)arg;
    return filch_sleep_until(FILCH_NEVER);
}

static void
run_sleep_for_ever(void)
{
    filch_config config = {.virtual_time = true};
    FAILS(EDEADLK, filch_run(&config, sleep_for_ever, NULL));
}

TEST(one_that_sleeps_for_ever_is_named)
{
    struct child child;
    child_run(&child, run_sleep_for_ever);
    CHILD_EXITED(&child, 0);
    CHILD_SAID(&child, "'main' (1) waits for a point in time\n");
}

/* What is said there is said on a small stack, too. */
static void
run_embrace_on_small_stacks(void)
{
    filch_config config = {.virtual_time = true, .stack_size = 16 << 10};
    FAILS(EDEADLK, filch_run(&config, embrace, NULL));
}

TEST(a_stall_is_told_on_the_smallest_stacks)
{
    struct child child;
    if (UNDER_SANITIZER || UNDER_VALGRIND)
        skip("which take more of a stack");
    child_run(&child, run_embrace_on_small_stacks);
    CHILD_EXITED(&child, 0);
    CHILD_SAID(&child, "in a circle: 'left' (2) waits for 'right' (3) waits "
                       "for 'left' (2)");
}

/* --- Plain threads ------------------------------------------------------- */

static void *
set_event(void *arg)
{
    filch_event_set(arg);
    filch_event_set(arg);
    return NULL;
}

static int
wait_for_thread(void *arg)
{
    (void)arg;
    pthread_t thread = thread_start(set_event, &event);
    OK(filch_event_wait(&event));
    thread_join(thread);
    return 0;
}

static void
run_wait_for_thread(void)
{
    OK(filch_run(&(filch_config){.seed = 1}, wait_for_thread, NULL));
}

TEST(plain_threads_are_waited_for_where_they_are_declared_and_named_once)
{
    struct child child;
    child_run(&child, run_wait_for_thread);
    CHILD_EXITED(&child, 0);
    const char *said = strstr(child.output, "filch_event_set was called from "
                                            "outside of a deterministic run");
    CHECK(said != NULL);
    CHECK(strstr(said + 20, "filch_event_set was") == NULL);
    CHECK(strstr(child.output, "stalled") == NULL);
}

/* What waits only until the declaration is taken back has stalled then. */
static void
run_until_taken_back(void)
{
    filch_runtime *runtime;
    filch_task *task;
    filch_foreign_begin();
    OK(filch_start(&runtime, &(filch_config){.seed = 1}));
    OK(filch_submit(runtime, &task, get_nothing, NULL));
    filch_foreign_end();
    EQ(0, join(task));
    FAILS(EDEADLK, filch_stop(runtime));
}

TEST(a_run_stalls_when_the_last_declaration_is_taken_back)
{
    struct child child;
    child_run(&child, run_until_taken_back);
    CHILD_EXITED(&child, 0);
    CHILD_SAID(&child, "'filch' has stalled");
}

/* --- Who waits for the task of another runtime ---------------------------- */

static filch_task *elsewhere;
static filch_event is_there, never;

static int
fail(void *arg)
{
    (void)arg;
    return 1; /* kept in the descriptor where a seeded run has a task's number */
}

static int
wait_for_ever(void *arg)
{
    (void)arg;
    return filch_event_wait(&never);
}

static int
wait_in_that_descriptor(void *arg)
{
    filch_task *task = spawn(fail, NULL);
    EQ(1, join(task));
    elsewhere = spawn(wait_for_ever, NULL);
    filch_event_set(&is_there);
    return arg != NULL;
}

static int
join_elsewhere(void *arg)
{
    (void)arg;
    FAILS(ECANCELED, filch_join(elsewhere, NULL));
    return 0;
}

static void
run_join_elsewhere(void)
{
    filch_runtime *other;
    OK(filch_start(&other, &(filch_config){.workers = 1}));
    OK(filch_submit(other, NULL, wait_in_that_descriptor, NULL));
    OK(filch_event_wait(&is_there));
    FAILS(EDEADLK, filch_run(&(filch_config){.virtual_time = true},
                             join_elsewhere, NULL));
    filch_task_release(elsewhere);
    OK(filch_stop(other));
}

TEST(a_task_of_another_runtime_is_in_no_circle)
{
    struct child child;
    child_run(&child, run_join_elsewhere);
    CHILD_EXITED(&child, 0);
    CHILD_SAID(&child, "'main' (1) waits for the end of task 0x");
    CHECK(strstr(child.output, "in a circle") == NULL);
}

/* --- A forked child, in which nothing is deterministic --------------------- */

static int
fork_and_set(void *arg)
{
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        filch_event_set(&never);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    EQ(0, status);
    return arg != NULL;
}

static void
run_fork_and_set(void)
{
    OK(filch_run(&(filch_config){.seed = 1}, fork_and_set, NULL));
}

TEST(a_forked_child_does_not_disturb_the_run)
{
    struct child child;
    child_run(&child, run_fork_and_set);
    CHILD_EXITED(&child, 0);
    CHECK(strstr(child.output, "outside of a") == NULL);
}
