/*
 * A signal during every system call that a program makes, those included that
 * libc makes by itself: a parent stops each thread as it enters the kernel,
 * and sends one that is pending by then, so that what can be interrupted is.
 * Not twice in a row in the same call of a thread, since the kernel starts
 * some anew by itself.
 */
#include "much.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- The child ------------------------------------------------------------ */

static volatile sig_atomic_t handled;

static void
count(int number)
{
    (void)number;
    handled = 1;
}

/* Workers keep signals away: not this one, from now on. */
static void
take_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    OK(pthread_sigmask(SIG_UNBLOCK, &set, NULL));
}

_Noreturn static void
run_traced(void)
{
    struct sigaction action = {.sa_handler = count}; /* no SA_RESTART */
    filch_config config = {.workers = test_workers()};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    much_first = take_signals;
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
        _exit(77);
    raise(SIGSTOP);
    for (int i = 0; i < 2; ++i)
        EQ(42, filch_run(&config, much_use, NULL));
    much_wait();
    CHECK(setenv("FILCH_SCHEDULE", "/dev/null", 1) == 0);
    EQ(42, filch_run(&(filch_config){.seed = 1}, much_use, NULL));
    CHECK(handled);
    _exit(0);
}

/* --- The parent ----------------------------------------------------------- */

enum { THREADS = 1 << 22, CALLS = 1000 }; /* above all numbers */

static struct thread {
    bool inside;   /* the kernel */
    unsigned last; /* the call in which it had its last signal, and one more */
} * threads;

static bool had_signal[CALLS];

/* The call that it enters, and 1 more. */
static unsigned
call_of(pid_t id)
{
    struct __ptrace_syscall_info info;
    CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, id, sizeof info, &info) > 0);
    CHECK(info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr < CALLS);
    return (unsigned)info.entry.nr + 1;
}

/* It enters the kernel, or leaves it. */
static void
stopped_in_call(pid_t process, pid_t id)
{
    struct thread *thread = &threads[id];
    thread->inside = !thread->inside;
    if (!thread->inside)
        return;
    unsigned call = call_of(id);
    if (call == thread->last) {
        thread->last = 0;
        return;
    }
    thread->last = call;
    CHECK(syscall(SYS_tgkill, process, id, SIGUSR1) == 0);
    had_signal[call - 1] = true;
}

/* The signal that it is to have when it goes on. */
static long
deal_with(pid_t process, pid_t id, int status)
{
    int number = WSTOPSIG(status);
    if (number == (SIGTRAP | 0x80)) {
        stopped_in_call(process, id);
        return 0;
    }
    /* of ptrace's own: a new thread, and its first stop */
    return number == SIGTRAP || number == SIGSTOP ? 0 : number;
}

/* The status with which the process ends. */
static int
trace(pid_t process)
{
    int status;
    for (;;) {
        pid_t id = waitpid(-1, &status, __WALL);
        CHECK(id > 0);
        if (WIFSTOPPED(status))
            ptrace(PTRACE_SYSCALL, id, NULL, deal_with(process, id, status));
        else if (id == process)
            return status;
        else
            threads[id] = (struct thread){0}; /* another may have its number */
    }
}

TEST(signal_in_every_system_call_does_no_harm)
{
    int status;
    if (UNDER_SANITIZER || UNDER_VALGRIND)
        skip("what looks on there enters the kernel too");
    threads = calloc(THREADS, sizeof *threads);
    CHECK(threads != NULL);
    pid_t process = fork();
    CHECK(process >= 0);
    if (process == 0)
        run_traced();
    CHECK(waitpid(process, &status, 0) == process);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip("here nobody may trace another process");
    CHECK(WIFSTOPPED(status));
    CHECK(ptrace(PTRACE_SETOPTIONS, process, NULL,
                 PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
                     PTRACE_O_EXITKILL) == 0);
    CHECK(ptrace(PTRACE_SYSCALL, process, NULL, NULL) == 0);
    EQ(0, trace(process));
    static const long some[] = {SYS_futex,  SYS_membarrier, SYS_mmap,
                                SYS_openat, SYS_read,       SYS_write,
                                SYS_close,  SYS_sigaltstack};
    for (size_t i = 0; i < sizeof some / sizeof *some; ++i)
        CHECK(had_signal[some[i]]);
}
