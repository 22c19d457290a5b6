/* fork() in a program that has, or had, a runtime. */
#include "../harness/harness.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static filch_event event;
static filch_queue queue;
static atomic_int child;

static int
nothing(void *arg)
{
    (void)arg;
    return 0;
}

static void
do_nothing(void *arg)
{
    (void)arg;
}

/*
 * In the child. It ends by _exit(), since the sanitizers' checks at exit make
 * no sense for a half of a program.
 */
_Noreturn static void
live_as_a_child(void)
{
    filch_runtime *runtime;
    filch_task *task;
    void *item;
    CHECK(filch_current() == NULL);
    CHECK(filch_runtime_current() == NULL);
    FAILS(ENOTSUP, filch_run(NULL, nothing, NULL));
    FAILS(ENOTSUP, filch_start(&runtime, NULL));
    FAILS(EPERM, filch_spawn(&task, nothing, NULL));
    FAILS(EPERM, filch_call_soon(do_nothing, NULL));
    /* Suspending calls block, as on any plain thread. */
    FAILS(ETIMEDOUT, filch_event_wait_until(&event, past()));
    FAILS(ETIMEDOUT, filch_event_wait_until(&event, filch_after(FILCH_MS(1))));
    filch_event_set(&event);
    OK(filch_event_wait(&event));
    OK(filch_queue_put(&queue, NULL));
    OK(filch_queue_get(&queue, &item));
    OK(filch_sleep(FILCH_US(10)));
    filch_yield();
    _exit(0);
}

static void
fork_and_look(void)
{
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        live_as_a_child();
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status));
    EQ(0, WEXITSTATUS(status));
}

TASK_TEST(forked_child_of_a_task_is_a_plain_thread_without_a_runtime)
{
    fork_and_look();
    OK(filch_sleep(FILCH_MS(1))); /* and the parent goes on as before */
    EQ(0, join(spawn(nothing, NULL)));
    CHECK(!filch_event_is_set(&event));
}

static void
fork_in_callback(void *arg)
{
    fork_and_look();
    filch_event_set(arg);
}

TASK_TEST(forked_child_of_a_callback_is_a_plain_thread_without_a_runtime)
{
    static filch_event done;
    OK(filch_call_soon(fork_in_callback, &done));
    OK(filch_event_wait(&done));
}

static int
give_seven(void *arg)
{
    (void)arg;
    return 7;
}

/* Which it has kept: a plain thread has no deque. */
TEST(forked_child_of_a_thread_syncs_the_threads_job)
{
    filch_job job;
    int status;
    run_on(test_workers(), nothing, NULL);
    filch_fork(&job, give_seven, NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        _exit(filch_sync(&job));
    EQ(7, filch_sync(&job));
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status));
    EQ(7, WEXITSTATUS(status));
}

static bool
fork_in_predicate(void *arg)
{
    (void)arg;
    fork_and_look();
    return true;
}

TASK_TEST(forked_child_of_a_predicate_is_a_plain_thread_without_a_runtime)
{
    static filch_condition condition = FILCH_CONDITION_INIT;
    OK(filch_condition_acquire(&condition));
    OK(filch_condition_wait_for(&condition, fork_in_predicate, NULL));
    OK(filch_condition_release(&condition));
    OK(filch_sleep(FILCH_MS(1)));
    EQ(0, join(spawn(nothing, NULL)));
}

static void
fork_and_return(void *arg)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        return; /* into a worker without a runtime */
    atomic_store(&child, pid);
    filch_event_set(arg);
}

/* Else the child would go on with the parent's tasks. */
TASK_TEST(forked_child_that_returns_from_a_callback_ends_with_a_message)
{
    static filch_event done;
    int status;
    OK(filch_call_soon(fork_and_return, &done));
    OK(filch_event_wait(&done));
    CHECK(waitpid(atomic_load(&child), &status, 0) == atomic_load(&child));
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

TEST(forked_child_of_a_thread_beside_a_runtime_can_have_no_runtime)
{
    filch_runtime *runtime;
    filch_config config = {.workers = test_workers()};
    OK(filch_start(&runtime, &config));
    fork_and_look();
    OK(filch_stop(runtime));
}

TEST(forked_child_of_a_program_that_had_a_runtime_can_have_none)
{
    run_on(test_workers(), nothing, NULL);
    fork_and_look();
    run_on(test_workers(), nothing, NULL);
}
