#include "run.h"
#include "message.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_MAX = 16 << 20 };

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

extern char **environ;

static char **command;
static char *directory; /* NULL: there is none */
static sigset_t awaited;

static struct run *all; /* those of the latest runs_make first */
static unsigned all_count;

double
seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* --- The beginning and the end ------------------------------------------- */

/* What would make the program run otherwise than it is told to here. */
static void
clean_environment(void)
{
    static const char *const ours[] = {"FILCH_WORKERS", "FILCH_CHAOS",
                                       "FILCH_REPLAY",  "FILCH_SCHEDULE",
                                       "FILCH_SEED",    "FILCH_POLICY"};
    const char *given = getenv("TSAN_OPTIONS");
    char *options;

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        unsetenv(ours[i]);
    /* It sleeps a second at each exit, for threads that race there. */
    if (asprintf(&options, "atexit_sleep_ms=0:%s", given ? given : "") < 0)
        die("out of memory");
    setenv("TSAN_OPTIONS", options, 1);
    free(options);
}

static void
make_directory(void)
{
    const char *parent = getenv("TMPDIR");
    char *name;

    if (asprintf(&name, "%s/filch-stress.XXXXXX",
                 parent && *parent ? parent : "/tmp") < 0)
        die("out of memory");
    if (!mkdtemp(name))
        die("%s: %s", name, strerror(errno));
    directory = name;
}

static bool
ignored(int number)
{
    struct sigaction old;

    return sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_IGN;
}

void
runs_begin(char **program)
{
    command = program;
    clean_environment();
    signal(SIGCHLD, SIG_DFL); /* else ended runs leave nothing to wait for */
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        if (!ignored(ending[i])) /* as by nohup */
            sigaddset(&awaited, ending[i]);
    sigprocmask(SIG_BLOCK, &awaited, NULL);
    signal(SIGPIPE, SIG_IGN); /* who reads the report may have gone: see main */
    make_directory();
}

/* All files in it are named by runs_file. */
static void
remove_directory(void)
{
    DIR *all_files = directory ? opendir(directory) : NULL;
    struct dirent *entry;

    while (all_files && (entry = readdir(all_files)))
        unlinkat(dirfd(all_files), entry->d_name, 0);
    if (all_files)
        closedir(all_files);
    if (directory && rmdir(directory))
        message("%s was not removed: %s", directory, strerror(errno));
    directory = NULL;
}

void
runs_end(void)
{
    for (unsigned i = 0; i < all_count; i++) {
        if (all[i].pid) {
            kill(-all[i].pid, SIGKILL);
            waitpid(all[i].pid, NULL, 0);
            all[i].pid = 0;
        }
    }
    remove_directory();
}

char *
runs_file(const char *name)
{
    char *path;

    if (asprintf(&path, "%s/%s", directory, name) < 0)
        die("out of memory");
    return path;
}

struct run *
runs_make(unsigned n)
{
    char name[32];

    all = calloc(n, sizeof *all);
    if (!all)
        die("out of memory");
    for (unsigned i = 0; i < n; i++) {
        snprintf(name, sizeof name, "output-%u", i);
        all[i].output = runs_file(name);
    }
    all_count = n;
    return all;
}

/* --- Starting ------------------------------------------------------------ */

static void
set_or_unset(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static void
set_environment(const struct setting *setting)
{
    char seed[24];

    snprintf(seed, sizeof seed, "%" PRIu64, setting->seed);
    set_or_unset("FILCH_SEED", setting->replay ? NULL : seed);
    set_or_unset("FILCH_POLICY", setting->replay ? NULL : setting->policy);
    set_or_unset("FILCH_REPLAY", setting->replay);
    set_or_unset("FILCH_SCHEDULE", setting->schedule);
}

static int
spawn(struct run *run)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, ignored;
    int error;

    sigemptyset(&none);
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGPIPE);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null",
                                     O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, run->output,
                                     O_WRONLY | O_CREAT | O_TRUNC | O_APPEND,
                                     0600);
    posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
                                              POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &ignored);
    error = posix_spawnp(&run->pid, *command, &files, &attributes, command,
                         environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return error;
}

void
run_start(struct run *run, const struct setting *setting)
{
    int error;

    run->setting = *setting;
    run->mark = -1;
    set_environment(setting);
    run->started = seconds_now();
    error = spawn(run);
    if (error) {
        run->pid = 0;
        die("cannot run %s: %s", *command, strerror(error));
    }
}

/* --- Waiting ------------------------------------------------------------- */

/* Whether it has ended; then also what it has started. */
static bool
has_ended(struct run *run, double limit)
{
    siginfo_t info = {0};
    bool late = seconds_now() - run->started > limit;
    int status;

    if (waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT))
        die("waitid: %s", strerror(errno));
    late = late && info.si_pid == 0;
    if (info.si_pid == 0 && !late)
        return false;
    kill(-run->pid, SIGKILL);
    waitpid(run->pid, &status, 0);
    run->pid = 0;
    run->took = seconds_now() - run->started;
    run->outcome = outcome_of(late, status, run->output, run->mark);
    return true;
}

static void
bound_output(struct run *run)
{
    struct stat file;

    if (stat(run->output, &file) || file.st_size <= OUTPUT_MAX)
        return;
    if (run->mark < 0)
        run->mark = outcome_mark(run->output);
    if (truncate(run->output, 0))
        message("%s: %s", run->output, strerror(errno));
}

/* One that prints without end is not to fill the disk, however often others
 * end meanwhile; they are looked at ten times a second. */
static void
bound_outputs(struct run *runs, unsigned n)
{
    static double next;

    if (seconds_now() < next)
        return;
    next = seconds_now() + 0.1;
    for (unsigned i = 0; i < n; i++)
        if (runs[i].pid)
            bound_output(&runs[i]);
}

static struct run *
look_at_all(struct run *runs, unsigned n, double limit)
{
    for (unsigned i = 0; i < n; i++)
        if (runs[i].pid && has_ended(&runs[i], limit))
            return &runs[i];
    return NULL;
}

struct run *
runs_wait(struct run *runs, unsigned n, double limit)
{
    double wait = limit < 0.2 ? limit : 0.2;
    struct timespec pause = {0, (long)(wait * 1e9)};
    struct run *run = look_at_all(runs, n, limit);
    int signal;

    bound_outputs(runs, n);
    if (run)
        return run;
    signal = sigtimedwait(&awaited, NULL, &pause);
    if (signal > 0 && signal != SIGCHLD) {
        progress_erase();
        fflush(stdout); /* a failure may be found already */
        runs_end();
        _exit(128 + signal);
    }
    return look_at_all(runs, n, limit);
}

const struct run *
run_once(const struct setting *setting, double limit)
{
    struct run *run = &all[0], *ended;

    run_start(run, setting);
    do {
        ended = runs_wait(run, 1, limit);
    } while (!ended);
    return ended;
}
