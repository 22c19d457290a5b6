/*
 * fork() in a running program: the child can call exec and _exit, other calls
 * give errors there, and none hangs. (tests/sched/test_fork.c has what it is.)
 */
#include "../harness/calls.h"
#include "sched/task.h"
#include "sched/timer.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static filch_event event;
static filch_queue queue;

static int
nothing(void *arg)
{
    (void)arg;
    return 0;
}

/* --- Calls that would wait ----------------------------------------------- */

/* Ends a child that hangs; how it ends is what the parent looks at. */
static void
give_the_child_so_long(unsigned seconds)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigaction(SIGALRM, &action, NULL);
    sigprocmask(SIG_UNBLOCK, &set, NULL); /* a worker blocks it */
    alarm(seconds);
}

static pid_t
child_for(void (*body)(void))
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        give_the_child_so_long(UNDER_SANITIZER ? 100 : 25);
        body();
        _exit(0);
    }
    return pid;
}

static int
end_of(pid_t pid)
{
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    return status;
}

/* In a forked child: what it comes to. */
static int
status_of(void (*body)(void))
{
    return end_of(child_for(body));
}

static const struct call *waiting;

static void
wait_in_vain(void)
{
    FAILS(ENOTSUP, waiting->run(PLAIN));
    UNTOUCHED(waiting);
    FAILS(ETIMEDOUT, waiting->run(past()));
    FAILS(ETIMEDOUT, waiting->run(filch_after(FILCH_MS(1))));
    UNTOUCHED(waiting);
}

TASK_TEST(call_that_would_wait_in_a_forked_child_gives_ENOTSUP)
{
    EACH_CALL(call)
    {
        waiting = call;
        call->blocked();
        EQ(0, status_of(wait_in_vain));
    }
}

static filch_runtime *runtime;
static filch_lock lock;

static void
use_the_runtime(void)
{
    filch_task *task = NULL;
    FAILS(ENOTSUP, filch_submit(runtime, &task, nothing, NULL));
    CHECK(task == NULL);
    FAILS(ENOTSUP, filch_stop(runtime));
    FAILS(ENOTSUP, filch_run(NULL, nothing, NULL));
    FAILS(ENOTSUP, filch_sleep_until(FILCH_NEVER));
}

TEST(runtime_in_a_forked_child_takes_no_task_and_cannot_be_stopped)
{
    filch_config config = {.workers = test_workers()};
    OK(filch_start(&runtime, &config));
    EQ(0, status_of(use_the_runtime));
    OK(filch_stop(runtime));
}

/* --- Returning ----------------------------------------------------------- */

static int
fork_and_return(void *arg)
{
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        give_the_child_so_long(UNDER_SANITIZER ? 100 : 25);
        return 0;
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    *(int *)arg = status;
    return 0;
}

TASK_TEST(child_that_returns_from_its_task_is_ended_with_a_message)
{
    int status = 0;
    EQ(0, join(spawn(fork_and_return, &status)));
    CHECK(WIFSIGNALED(status));
    EQ(SIGABRT, WTERMSIG(status));
}

/* --- What another thread was using --------------------------------------- */

static void
put_without_waiting(void)
{
    OK(filch_queue_put_nowait(&queue, NULL));
}

static void
lock_for_good(void)
{
    FILCH_WITH_LOCK(&lock)
    _exit(1);
}

/* As if the fork had come while another thread was at it. */
TASK_TEST(object_that_was_being_changed_at_the_fork_ends_the_child)
{
    OK(filch_queue_init(&queue, 1));
    queue.guard_.word_ = 1;
    int status = status_of(put_without_waiting);
    CHECK(WIFSIGNALED(status));
    EQ(SIGABRT, WTERMSIG(status));
    queue.guard_.word_ = 0;
    EQ(0, status_of(put_without_waiting));
}

TASK_TEST(lock_whose_holder_is_not_there_ends_a_child_that_must_have_it)
{
    OK(filch_lock_acquire(&lock));
    int status = status_of(lock_for_good);
    CHECK(WIFSIGNALED(status));
    EQ(SIGABRT, WTERMSIG(status));
    OK(filch_lock_release(&lock));
}

static _Atomic(filch_task *) joined;
static filch_task *joiner;

static int
wait_for_event(void *arg)
{
    (void)filch_event_wait(&event);
    return arg != NULL;
}

static int
join_another(void *arg)
{
    atomic_store(&joined, spawn(wait_for_event, arg));
    return join(atomic_load(&joined));
}

/* As if the fork had come between the end of a task and the moment in which who
 * joined it goes on. */
static void
cancel_who_joins_one_that_has_just_ended(void)
{
    fl_end_life(&atomic_load(&joined)->fiber);
    OK(filch_cancel(joiner));
}

static void
let_joiner_end(void)
{
    filch_event_set(&event);
    EQ(0, join(joiner));
    filch_event_clear(&event);
}

/* A look behind the scenes, so not for the sanitizer. */
static __attribute__((no_sanitize("thread"))) bool
has_been_entered(void)
{
    return joiner->fiber.waiter.traits == FL_ENTERED;
}

/* It enters the other, if its worker has no chores to do first. */
static void
park_joiner_that_has_entered(void)
{
    for (joiner = park(join_another, NULL); !has_been_entered();
         joiner = park(join_another, NULL))
        let_joiner_end();
}

ONE_WORKER_TEST(joiner_that_was_just_let_go_on_at_the_fork_ends_who_cancels_it)
{
    park_joiner_that_has_entered();
    int status = status_of(cancel_who_joins_one_that_has_just_ended);
    CHECK(WIFSIGNALED(status));
    EQ(SIGABRT, WTERMSIG(status));
    let_joiner_end();
}

static filch_timer timer;

static void
do_nothing(void *arg)
{
    (void)arg;
}

/* As if the fork had come while another thread was arming it. */
static void
wait_for_half_armed(void)
{
    timer.kind_ = FL_TIMER_IDLE;
    EQ(ETIMEDOUT,
       filch_timer_cancel_wait_until(&timer, filch_after(FILCH_MS(1))));
    (void)filch_timer_cancel_wait(&timer);
}

TASK_TEST(timer_that_was_just_being_armed_at_the_fork_ends_who_waits_for_it)
{
    OK(filch_call_later(&timer, FILCH_SEC(1000), do_nothing, NULL));
    int status = status_of(wait_for_half_armed);
    CHECK(WIFSIGNALED(status));
    EQ(SIGABRT, WTERMSIG(status));
    CHECK(filch_timer_cancel(&timer));
}

/* --- Forks while all is in use ------------------------------------------- */

static atomic_bool may_end;

static int
use_all(void *arg)
{
    void *item;
    while (!atomic_load(&may_end)) {
        (void)filch_queue_put_nowait(&queue, arg);
        (void)filch_queue_get_nowait(&queue, &item);
        OK(filch_lock_acquire(&lock));
        OK(filch_lock_release(&lock));
        filch_event_set(&event);
        EQ(0, join(spawn(nothing, NULL)));
    }
    return 0;
}

static void *
use_all_in_thread(void *arg)
{
    void *item;
    while (!atomic_load(&may_end)) {
        (void)filch_queue_put_nowait(&queue, arg);
        (void)filch_queue_get_nowait(&queue, &item);
        OK(filch_lock_acquire(&lock));
        OK(filch_lock_release(&lock));
    }
    return arg;
}

/* Each either works or is an error. */
static void
use_what_is_in_use(void)
{
    void *item;
    int error = filch_queue_put_nowait(&queue, &queue);
    CHECK(error == 0 || error == EAGAIN);
    error = filch_queue_get(&queue, &item);
    CHECK(error == 0 || error == ENOTSUP);
    error = filch_lock_acquire(&lock);
    CHECK(error == 0 || error == ENOTSUP);
    filch_event_set(&event);
    OK(filch_event_wait(&event));
}

static void
execute(void)
{
    execl("/bin/true", "true", (char *)NULL);
    _exit(1);
}

enum { FORKS = UNDER_SANITIZER ? 3 : 6 };

static pid_t children[2 * FORKS]; /* that use what is in use */
static int forked;

/* A child that only calls exec always can. */
static void
fork_amid(void)
{
    EQ(0, status_of(execute));
    children[forked++] = child_for(use_what_is_in_use);
}

/* One that uses what others were using goes well, or ends with a message: after a
 * second, so they are waited for together. */
static void
await_children(void)
{
    while (forked > 0) {
        int status = end_of(children[--forked]);
        CHECK(status == 0 ||
              (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT));
    }
}

static void
fork_amid_in_callback(void *arg)
{
    fork_amid();
    filch_event_set(arg);
}

static void
fork_amid_all(void)
{
    static filch_event done;
    for (int i = 0; i < FORKS; ++i) {
        fork_amid();
        if (filch_current() && i % 3 == 0) {
            filch_event_clear(&done);
            OK(filch_call_soon(fork_amid_in_callback, &done));
            OK(filch_event_wait(&done));
        }
    }
}

TASK_TEST(forks_of_tasks_and_callbacks_amid_much_use_can_call_exec)
{
    filch_task *users[4];
    OK(filch_queue_init(&queue, 2));
    for (int i = 0; i < 4; ++i)
        users[i] = spawn(use_all, &queue);
    pthread_t thread = thread_start(use_all_in_thread, &queue);
    fork_amid_all();
    atomic_store(&may_end, true);
    for (int i = 0; i < 4; ++i)
        EQ(0, join(users[i]));
    await_children();
    thread_join(thread);
}

TEST(forks_of_a_plain_thread_amid_much_use_can_call_exec)
{
    filch_config config = {.workers = test_workers()};
    filch_task *users[4];
    OK(filch_queue_init(&queue, 2));
    OK(filch_start(&runtime, &config));
    for (int i = 0; i < 4; ++i)
        OK(filch_submit(runtime, &users[i], use_all, &queue));
    fork_amid_all();
    atomic_store(&may_end, true);
    for (int i = 0; i < 4; ++i)
        EQ(0, join(users[i]));
    await_children();
    OK(filch_stop(runtime));
}
