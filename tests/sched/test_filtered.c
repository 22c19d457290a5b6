/* Where a filter of system calls, as a sandbox has one, refuses some of them. */
#include "../harness/harness.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static filch_event event;

static int
wait_for_event(void *arg)
{
    (void)arg;
    return filch_event_wait(&event);
}

/* From now on, for the calling thread and those that it starts. */
static void
refuse(unsigned number)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = 4, .filter = steps};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        skip("filters of system calls are not to be had");
}

static void
skip_where_membarrier_is_missing(void)
{
    if (syscall(SYS_membarrier, 0, 0, 0) <= 0)
        skip("this kernel has no membarrier");
}

/* As it is started before the program locks itself in. */
static void
cancel_when_membarrier_is_refused(void)
{
    filch_runtime *runtime;
    filch_task *task;
    filch_config config = {.workers = 1};
    OK(filch_start(&runtime, &config));
    OK(filch_submit(runtime, &task, wait_for_event, NULL));
    refuse(SYS_membarrier);
    (void)filch_cancel(task);
}

TEST(membarrier_that_is_refused_later_ends_the_program_with_a_message)
{
    struct child child;
    skip_where_membarrier_is_missing();
    child_run(&child, cancel_when_membarrier_is_refused);
    if (child.exit_status == 0)
        skip("filters of system calls are not to be had");
    CHILD_DIED(&child, SIGABRT);
    CHILD_SAID(&child, "membarrier");
}

static int
join_one(void *arg)
{
    filch_event_set(&event);
    return join(spawn(wait_for_event, arg));
}

static void
run_without(unsigned number)
{
    filch_config config = {.workers = test_workers()};
    refuse(number);
    EQ(0, filch_run(&config, join_one, NULL));
}

TEST(runtime_starts_where_its_workers_may_not_choose_a_CPU)
{
    run_without(SYS_sched_setaffinity);
}

TEST(runtime_starts_where_membarrier_is_refused_from_the_beginning)
{
    run_without(SYS_membarrier);
}
