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
fork_and_sync(size_t n)
{
    size_t counter = 0;

    watch_start();
    for (size_t i = 0; i < n; ++i) {
        filch_job job;
        filch_fork(&job, count, &counter);
        filch_sync(&job);
    }
    watch_stop();
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

static void
fib(filch_fn how, size_t n, size_t result)
{
    struct fib first = {.n = n};

    watch_start();
    how(&first);
    watch_stop();
    REQUIRE(first.result == result);
}

static void
fib_35(size_t calls)
{
    (void)calls;
    fib(fib_by_jobs, 35, 9227465);
}

/* What the calls themselves cost. */
static size_t
plain_fib(size_t n)
{
    return n < 2 ? n : plain_fib(n - 1) + plain_fib(n - 2);
}

static void
fib_serial(size_t calls)
{
    size_t result;

    (void)calls;
    watch_start();
    result = plain_fib(35);
    watch_stop();
    REQUIRE(result == 9227465);
}

static void
fib_30(size_t calls)
{
    (void)calls;
    fib(fib_by_tasks, 30, 832040);
}

const struct workload job_workloads[] = {
    {"fib(35), fork one and call one", "call", 29860703, fib_35, false},
    {"fib(30), spawn one and call one", "call", 2692537, fib_30, false},
    {"fib(35), call both", "call", 29860703, fib_serial, false},
    {"fork one, sync it", "job", 20000000, fork_and_sync, false},
    {.name = NULL},
};
