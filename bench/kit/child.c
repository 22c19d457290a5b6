#include "child.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void
measure(const struct workload *workload, unsigned workers, host_fn host, int to)
{
    struct watch watch;

    host(workload, workers);
    watch = watch_read();
    _Exit(write(to, &watch, sizeof watch) == sizeof watch ? 0 : 1);
}

/* Waits for the child's figures; whether they came in time. */
static bool
receive(int from, struct watch *watch)
{
    struct pollfd ready = {.fd = from, .events = POLLIN};

    return poll(&ready, 1, RUN_SECONDS * 1000) == 1 &&
           read(from, watch, sizeof *watch) == sizeof *watch;
}

static const char *
verdict(int status)
{
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGKILL ? "hangs" : "crashed";
    return WEXITSTATUS(status) == 0 ? NULL : "failed";
}

/* After the figures, or in their place, the child's end. */
static const char *
finish(pid_t child, bool received, struct sample *sample)
{
    struct rusage used;
    siginfo_t ended = {0};
    int status;

    /* One that closed its pipe is about to end; another one hangs. */
    for (int i = 0; i < 100 && ended.si_pid == 0; ++i) {
        waitid(P_PID, (id_t)child, &ended, WEXITED | WNOHANG | WNOWAIT);
        if (ended.si_pid == 0)
            usleep(10000);
    }
    if (ended.si_pid == 0)
        kill(child, SIGKILL);
    if (wait4(child, &status, 0, &used) != child)
        return "lost";
    sample->peak = (double)used.ru_maxrss;
    return verdict(status) || received ? verdict(status) : "failed";
}

const char *
child_run(const struct workload *workload, unsigned workers, host_fn host,
          struct sample *sample)
{
    struct watch watch = {0, 0};
    int ends[2];
    pid_t child;
    bool received;

    if (pipe(ends) != 0 || fflush(NULL) != 0 || (child = fork()) < 0) {
        perror("bench");
        exit(1);
    }
    if (child == 0)
        measure(workload, workers, host, ends[1]);
    close(ends[1]);
    received = receive(ends[0], &watch);
    close(ends[0]);
    sample->wall = watch.wall / (double)workload->n;
    sample->cpu = watch.cpu / (double)workload->n;
    return finish(child, received, sample);
}
