#include "child.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The first of the CPUs that the driver may use. */
static void
confine(unsigned count)
{
    cpu_set_t all, some;

    if (sched_getaffinity(0, sizeof all, &all) != 0)
        return;
    CPU_ZERO(&some);
    for (int cpu = 0; cpu < CPU_SETSIZE && count > 0; ++cpu)
        if (CPU_ISSET(cpu, &all)) {
            CPU_SET(cpu, &some);
            --count;
        }
    sched_setaffinity(0, sizeof some, &some);
}

/* FILCH_CHAOS, say, would make other figures of them. */
static void
forget_settings(void)
{
    for (char **one = environ; *one;) {
        char *name = strncmp(*one, "FILCH_", 6) == 0 ? strdup(*one) : NULL;
        if (!name) {
            ++one;
            continue;
        }
        *strchrnul(name, '=') = '\0';
        unsetenv(name); /* those behind it move up */
        free(name);
    }
}

static _Noreturn void
become(const struct program *program, const char *workload, unsigned workers,
       long value, int to)
{
    char count[16], what[24];

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* do not outlive the driver */
    forget_settings();
    confine(workers);
    snprintf(count, sizeof count, "%u", workers);
    snprintf(what, sizeof what, "%ld", value);
    dup2(to, STDOUT_FILENO);
    execl(program->path, program->path, workload, count,
          value >= 0 ? what : NULL, (char *)NULL);
    perror(program->path);
    _exit(127);
}

static int
left_until(const struct timespec *end)
{
    struct timespec now;
    long left;

    clock_gettime(CLOCK_MONOTONIC, &now);
    left = (end->tv_sec - now.tv_sec) * 1000 +
           (end->tv_nsec - now.tv_nsec) / 1000000;
    return left > 0 ? (int)left : 0;
}

/* What the child prints until its end; whether it ends in time. */
static bool
receive(int from, char *text, size_t size, unsigned seconds)
{
    struct pollfd ready = {.fd = from, .events = POLLIN};
    struct timespec end;
    ssize_t got;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += seconds;
    for (size_t length = 0; poll(&ready, 1, left_until(&end)) == 1;) {
        got = read(from, text + length, size - 1 - length);
        length += got > 0 ? (size_t)got : 0;
        text[length] = '\0';
        if (got <= 0)
            return true;
    }
    return false;
}

/* `late`: it was killed for that. (Who else kills it so may be the system, for want
 * of memory.) */
static const char *
verdict(int status, bool late)
{
    if (late)
        return "hangs";
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGKILL ? "is killed" : "crashes";
    return WEXITSTATUS(status) == 0 ? NULL : "fails";
}

/* A child that has closed its output may still be about to end. Whether it had to
 * be killed. */
static bool
stop_if_late(pid_t child)
{
    siginfo_t ended = {0};

    for (int i = 0; i < 200 && ended.si_pid == 0; ++i) {
        waitid(P_PID, (id_t)child, &ended, WEXITED | WNOHANG | WNOWAIT);
        if (ended.si_pid == 0)
            usleep(10000);
    }
    if (ended.si_pid != 0)
        return false;
    kill(child, SIGKILL);
    return true;
}

static pid_t
start(const struct program *program, const char *workload, unsigned workers,
      long value, int *from)
{
    int ends[2];
    pid_t child;

    if (pipe(ends) != 0 || fflush(NULL) != 0 || (child = fork()) < 0) {
        perror("bench");
        exit(1);
    }
    if (child == 0) {
        close(ends[0]);
        become(program, workload, workers, value, ends[1]);
    }
    close(ends[1]);
    *from = ends[0];
    return child;
}

const char *
child_run(const struct program *program, const char *workload, unsigned workers,
          long value, unsigned seconds, struct sample *sample)
{
    char text[1024] = "";
    struct rusage used;
    int from, status;
    pid_t child = start(program, workload, workers, value, &from);

    bool late = !receive(from, text, sizeof text, seconds);
    if (late)
        kill(child, SIGKILL);
    else
        late = stop_if_late(child);
    close(from);
    if (wait4(child, &status, 0, &used) != child)
        return "is lost";
    if (verdict(status, late))
        return verdict(status, late);
    sample->peak = (double)used.ru_maxrss;
    return sample_read(sample, text) ? NULL : "babbles";
}
