/* Tasks, threads and runtimes for tests. */
#include "harness.h"

void
run_on(unsigned workers, filch_fn main, void *arg)
{
    filch_config config = {.workers = workers};
    OK(filch_run(&config, main, arg));
}

void
let_others_run(void)
{
    filch_yield();
    sched_yield();
}

void
compute_until(filch_time when)
{
    while (filch_now() < when)
        ;
}

filch_task *
spawn(filch_fn fn, void *arg)
{
    filch_task *task;
    OK(filch_spawn(&task, fn, arg));
    return task;
}

struct parking {
    filch_fn fn;
    void *arg;
    atomic_bool begun;
    filch_task *task;
};

static int
parked(void *arg)
{
    struct parking *parking = arg;
    filch_fn fn = parking->fn;
    void *fn_arg = parking->arg;
    atomic_store(&parking->begun, true); /* from here on it may be gone */
    return fn(fn_arg);
}

static int
park_here(void *arg)
{
    struct parking *parking = arg;
    OK(filch_spawn(&parking->task, parked, parking));
    while (!atomic_load(&parking->begun))
        let_others_run();
    return 0;
}

filch_task *
park(filch_fn fn, void *arg)
{
    struct parking parking = {fn, arg, false, NULL};
    park_here(&parking);
    return parking.task;
}

int
join(filch_task *task)
{
    int status;
    OK(filch_join(task, &status));
    return status;
}

pthread_t
thread_start(void *(*fn)(void *), void *arg)
{
    pthread_t thread;
    filch_foreign_begin(); /* in a seeded run: it may let tasks go on */
    OK(pthread_create(&thread, NULL, fn, arg));
    return thread;
}

void
thread_join(pthread_t thread)
{
    OK(pthread_join(thread, NULL));
    filch_foreign_end();
}

void
crew_start(struct crew *crew)
{
    filch_config config = {.workers = 1, .name = "crew"};
    filch_foreign_begin();
    memset(crew, 0, sizeof *crew);
    crew->n = test_workers();
    for (unsigned i = 0; i < crew->n; ++i)
        OK(filch_start(&crew->runtimes[i], &config));
}

void
crew_stop(struct crew *crew)
{
    for (unsigned i = 0; i < crew->n; ++i)
        OK(filch_stop(crew->runtimes[i]));
    filch_foreign_end();
}

filch_task *
crew_park(struct crew *crew, filch_fn fn, void *arg)
{
    struct parking parking = {fn, arg, false, NULL};
    filch_runtime *runtime = crew->runtimes[crew->next++ % crew->n];
    filch_task *task;
    OK(filch_submit(runtime, &task, park_here, &parking));
    EQ(0, join(task));
    return parking.task;
}

/* Not inlined, since compilers keep the address of a thread-local. */
__attribute__((noinline)) void
set_errno(int value)
{
    errno = value;
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) int
get_errno(void)
{
    __asm__ volatile("" ::: "memory");
    return errno;
}
