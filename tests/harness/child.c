/* Child processes, for what ends a program; and threads by their names. */
#include "harness.h"
#include <dirent.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Reads all there is, and keeps what fits. */
static void
read_all(int fd, char *text, size_t size)
{
    size_t length = 0;
    char rest[512];
    for (;;) {
        bool fits = length + 1 < size;
        ssize_t n = read(fd, fits ? text + length : rest,
                         fits ? size - 1 - length : sizeof rest);
        if (n > 0 && fits)
            length += (size_t)n;
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
    }
    text[length] = 0;
}

void
child_run(struct child *child, void (*body)(void))
{
    int ends[2], status;
    pid_t pid;

    CHECK(pipe(ends) == 0);
    fflush(NULL);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        body();
        exit(EXIT_SUCCESS);
    }
    close(ends[1]);
    read_all(ends[0], child->output, sizeof child->output);
    close(ends[0]);
    CHECK(waitpid(pid, &status, 0) == pid);
    child->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    child->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void
child_check(const char *file, int line, const struct child *child,
            int exit_status, int signal)
{
    if (child->exit_status == exit_status && child->signal == signal)
        return;
    dprintf(STDERR_FILENO, "the child's output:\n%s\n", child->output);
    check_equal(file, line, "the child's exit status", exit_status,
                child->exit_status);
    check_equal(file, line, "the child's signal", signal, child->signal);
}

void
child_check_said(const char *file, int line, const struct child *child,
                 const char *text)
{
    if (strstr(child->output, text))
        return;
    dprintf(STDERR_FILENO, "the child's output:\n%s\nhas no '%s' in it\n",
            child->output, text);
    check_failed(file, line, "the child said what it should");
}

int
threads_named(const char *name)
{
    DIR *threads = opendir("/proc/self/task");
    struct dirent *entry;
    int n = 0;
    CHECK(threads != NULL);
    while ((entry = readdir(threads))) {
        char path[300], comm[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        FILE *file = fopen(path, "r");
        if (!file)
            continue; /* ".", ".." */
        if (fgets(comm, sizeof comm, file))
            n += strncmp(comm, name, strlen(name)) == 0;
        fclose(file);
    }
    closedir(threads);
    return n;
}
