/* Forking and syncing. */
#include "groups.h"
#include <filch.h>

/* --- One ----------------------------------------------------------------- */

static int
count(void *arg)
{
    ++*(size_t *)arg;
    return 0;
}

static void
fork_and_sync(size_t n, size_t value)
{
    size_t counter = 0;

    (void)value;
    watch_start();
    for (size_t i = 0; i < n; ++i) {
        filch_job job;
        filch_fork(&job, count, &counter);
        filch_sync(&job);
    }
    watch_stop(n);
    REQUIRE(counter == n);
}

/* --- fib ------------------------------------------------------------------ */

struct fib {
    size_t n, result;
};

static int
fib_by_jobs(void *arg)
{
    struct fib *self = arg, left, right;
    filch_job job;

    if (self->n < 2) {
        self->result = self->n;
        return 0;
    }
    left.n = self->n - 1;
    right.n = self->n - 2;
    filch_fork(&job, fib_by_jobs, &left);
    fib_by_jobs(&right);
    filch_sync(&job);
    self->result = left.result + right.result;
    return 0;
}

static int
fib_by_tasks(void *arg)
{
    struct fib *self = arg, left, right;
    filch_task *task;

    if (self->n < 2) {
        self->result = self->n;
        return 0;
    }
    left.n = self->n - 1;
    right.n = self->n - 2;
    REQUIRE(filch_spawn(&task, fib_by_tasks, &left) == 0);
    fib_by_tasks(&right);
    REQUIRE(filch_join(task, NULL) == 0);
    self->result = left.result + right.result;
    return 0;
}

/* What the calls themselves cost. */
static size_t
plain_fib(size_t n)
{
    return n < 2 ? n : plain_fib(n - 1) + plain_fib(n - 2);
}

/* fib(n) takes as many calls as fib(n + 1) makes leaves, and one less. */
static size_t
calls(size_t n)
{
    return 2 * plain_fib(n + 1) - 1;
}

static void
fib(filch_fn how, size_t n)
{
    struct fib first = {.n = n};
    size_t operations = calls(n); /* which takes its time */

    watch_start();
    how(&first);
    watch_stop(operations);
    REQUIRE(first.result == plain_fib(n));
}

static void
forked(size_t unused, size_t n)
{
    (void)unused;
    fib(fib_by_jobs, n);
}

static void
spawned(size_t unused, size_t n)
{
    (void)unused;
    fib(fib_by_tasks, n);
}

static void
serial(size_t unused, size_t n)
{
    size_t result, operations = calls(n);

    (void)unused;
    watch_start();
    result = plain_fib(n);
    watch_stop(operations);
    REQUIRE(result > 0);
}

const struct workload job_workloads[] = {
    {"fib", 0, 35, forked, 1},
    {"fib-spawn", 0, 35, spawned, 1},
    {"fib-serial", 0, 35, serial, 1},
    {"fork-sync", 10000000, 1, fork_and_sync, 1},
    {.name = NULL},
};
