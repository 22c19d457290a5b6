/* Schedules in pipes, whose reading and writing signals can interrupt. */
#include "../harness/harness.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static char pipe_name[200];
static atomic_uint handled;
static atomic_bool ended;

static void
count(int number)
{
    (void)number;
    atomic_fetch_add(&handled, 1);
}

static int
answer(void *arg)
{
    return *(int *)arg;
}

static void *
run_thread(void *variable)
{
    filch_config config = {.seed = 1};
    int status = 42;
    CHECK(setenv(variable, pipe_name, 1) == 0);
    EQ(42, filch_run(&config, answer, &status));
    atomic_store(&ended, true);
    return NULL;
}

static void
make_pipe(void)
{
    snprintf(pipe_name, sizeof pipe_name, "%s/filch-pipe-%d", scratch_folder(),
             (int)getpid());
    CHECK(mkfifo(pipe_name, 0600) == 0);
    struct sigaction action = {.sa_handler = count}; /* no SA_RESTART */
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
}

/* So many, each after the one before was handled: the thread waits meanwhile
 * for what this one has not done yet. */
static void
interrupt_often(pthread_t thread)
{
    for (int i = 0; i < 50; ++i) {
        unsigned before = atomic_load(&handled);
        while (atomic_load(&handled) == before) {
            /* again, since the ThreadSanitizer may keep one back */
            CHECK(pthread_kill(thread, SIGUSR1) == 0);
            sched_yield();
        }
    }
}

TEST(schedule_is_read_from_a_pipe_though_signals_interrupt_that)
{
    static const char text[] = "filch-schedule 1\nseed 1\npolicy random\n";
    make_pipe();
    pthread_t thread = thread_start(run_thread, "FILCH_REPLAY");
    interrupt_often(thread);
    FILE *out = fopen(pipe_name, "w");
    CHECK(out != NULL);
    setvbuf(out, NULL, _IONBF, 0);
    for (size_t i = 0; i < sizeof text - 1; ++i) {
        CHECK(fputc(text[i], out) == text[i]);
        if (i % 10 == 0)
            interrupt_often(thread);
    }
    fclose(out);
    thread_join(thread);
    CHECK(unlink(pipe_name) == 0);
}

static void
fill(int pipe)
{
    while (write(pipe, "x", 1) == 1)
        ;
    EQ(EAGAIN, errno);
}

/* All that comes until the run has ended, without what filled the pipe. */
static void
read_schedule(int pipe, char *text, size_t size)
{
    size_t n = 0;
    for (;;) {
        bool last = atomic_load(&ended);
        ssize_t got = read(pipe, &text[n], 1);
        if (got != 1 && last)
            break;
        n += got == 1 && text[n] != 'x';
        CHECK(n < size);
        sched_yield();
    }
    text[n] = 0;
}

TEST(schedule_is_written_to_a_pipe_though_signals_interrupt_that)
{
    char text[2000];
    make_pipe();
    int in = open(pipe_name, O_RDONLY | O_NONBLOCK);
    int out = open(pipe_name, O_WRONLY | O_NONBLOCK);
    CHECK(in >= 0 && out >= 0);
    fill(out);
    pthread_t thread = thread_start(run_thread, "FILCH_SCHEDULE");
    interrupt_often(thread);
    read_schedule(in, text, sizeof text);
    thread_join(thread);
    CHECK(strncmp(text, "filch-schedule 1\nseed 1\n", 24) == 0);
    CHECK(strstr(text, "\nend ") != NULL);
    CHECK(unlink(pipe_name) == 0);
}
