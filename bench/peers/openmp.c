/*
 * The fork-join workloads of filch's benchmarks in OpenMP's tasks. They cannot
 * wait, so the others are not for it.
 */
#include "../kit/workload.h"

#include <omp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t
plain_fib(size_t n)
{
    return n < 2 ? n : plain_fib(n - 1) + plain_fib(n - 2);
}

static size_t
fib(size_t n)
{
    size_t left, right;

    if (n < 2)
        return n;
#pragma omp task shared(left)
    left = fib(n - 1);
    right = fib(n - 2);
#pragma omp taskwait
    return left + right;
}

static void
run_fib(size_t unused, size_t n)
{
    size_t result, operations = 2 * plain_fib(n + 1) - 1;

    (void)unused;
    watch_start();
    result = fib(n);
    watch_stop(operations);
    REQUIRE(result == plain_fib(n));
}

static uint64_t
skynet(size_t first, size_t size)
{
    uint64_t sums[10], sum = 0;

    if (size == 1)
        return first;
    for (size_t i = 0; i < 10; ++i)
#pragma omp task shared(sums)
        sums[i] = skynet(first + i * (size / 10), size / 10);
#pragma omp taskwait
    for (size_t i = 0; i < 10; ++i)
        sum += sums[i];
    return sum;
}

static void
run_skynet(size_t tasks, size_t leaves)
{
    uint64_t sum;

    watch_start();
    sum = skynet(0, leaves);
    watch_stop(tasks);
    REQUIRE(sum == leaves * (leaves - 1) / 2);
}

static void
wave(size_t unused, size_t tasks)
{
    size_t *counters = calloc(tasks, sizeof *counters), total = 0;

    (void)unused;
    REQUIRE(counters);
    watch_start();
    for (size_t i = 0; i < tasks; ++i)
#pragma omp task
        ++counters[i];
#pragma omp taskwait
    watch_stop(tasks);
    for (size_t i = 0; i < tasks; ++i)
        total += counters[i];
    REQUIRE(total == tasks);
    free(counters);
}

enum { QUEENS = 12, SOLUTIONS = 14200 };

struct board {
    int rows; /* that have a queen */
    signed char column[QUEENS];
    size_t solutions, boards;
};

static bool
safe(const struct board *board, int column)
{
    for (int row = 0; row < board->rows; ++row) {
        int aside = board->column[row] - column, below = board->rows - row;
        if (aside == 0 || aside == below || aside == -below)
            return false;
    }
    return true;
}

static void
place(struct board *self)
{
    struct board next[QUEENS];
    int count = 0;

    self->boards = 1;
    self->solutions = self->rows == QUEENS;
    for (int column = 0; column < QUEENS && !self->solutions; ++column) {
        struct board *child = &next[count];
        if (!safe(self, column))
            continue;
        ++count;
        child->rows = self->rows + 1;
        memcpy(child->column, self->column, sizeof self->column);
        child->column[self->rows] = (signed char)column;
#pragma omp task
        place(child);
    }
#pragma omp taskwait
    for (int i = 0; i < count; ++i) {
        self->solutions += next[i].solutions;
        self->boards += next[i].boards;
    }
}

static void
nqueens(size_t boards, size_t value)
{
    struct board empty = {.rows = 0};

    (void)value;
    watch_start();
    place(&empty);
    watch_stop(boards);
    REQUIRE(empty.solutions == SOLUTIONS && empty.boards == boards);
}

static void
fork_and_sync(size_t n, size_t value)
{
    size_t counter = 0;

    (void)value;
    watch_start();
    for (size_t i = 0; i < n; ++i) {
#pragma omp task shared(counter)
        ++counter;
#pragma omp taskwait
    }
    watch_stop(n);
    REQUIRE(counter == n);
}

static void
host(void (*run)(void), unsigned workers)
{
#pragma omp parallel num_threads((int)workers)
    {
        pin((unsigned)omp_get_thread_num());
#pragma omp barrier
#pragma omp single
        run();
    }
}

static const struct workload fork_join[] = {
    {"fib", 0, 28, run_fib, 1}, /* fib(35) would take ten seconds */
    {"skynet", 1111111, 1000000, run_skynet, 1},
    {"wave-first", 0, 1000000, wave, 0},
    {"wave", 0, 1000000, wave, 3},
    {"nqueens", 856189, QUEENS, nqueens, 1},
    {"fork-sync", 1000000, 1, fork_and_sync, 1},
    {.name = NULL},
};

static const struct workload *const groups[] = {fork_join, NULL};

int
main(int argc, char **argv)
{
    return program_main(argc, argv, groups, host);
}
