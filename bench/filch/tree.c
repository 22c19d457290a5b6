/* Trees of jobs that are wide rather than deep. */
#include "groups.h"
#include <filch.h>
#include <string.h>

/* --- skynet: a million leaves give their numbers, the rest add up --------- */

enum { WIDTH = 10, LEAVES = 1000000, JOBS = 1111111 };

struct node {
    size_t first, size, sum;
};

static int
skynet(void *arg)
{
    struct node *self = arg, nodes[WIDTH];
    filch_job jobs[WIDTH];

    self->sum = self->first;
    if (self->size == 1)
        return 0;
    for (size_t i = 0; i < WIDTH; ++i) {
        nodes[i].size = self->size / WIDTH;
        nodes[i].first = self->first + i * nodes[i].size;
        filch_fork(&jobs[i], skynet, &nodes[i]);
    }
    self->sum = 0;
    for (size_t i = WIDTH; i-- > 0;) {
        filch_sync(&jobs[i]);
        self->sum += nodes[i].sum;
    }
    return 0;
}

static void
run_skynet(size_t n, size_t leaves)
{
    struct node root = {.first = 0, .size = leaves};

    (void)n;
    watch_start();
    skynet(&root);
    watch_stop(JOBS);
    REQUIRE(root.sum == leaves * (leaves - 1) / 2);
}

/* --- nqueens: a job for each safe place ----------------------------------- */

enum { QUEENS = 12, SOLUTIONS = 14200, BOARDS = 856189 };

struct board {
    int rows; /* that have a queen */
    char column[QUEENS];
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

static int
place(void *arg)
{
    struct board *self = arg, next[QUEENS];
    filch_job jobs[QUEENS];
    int count = 0;

    self->boards = 1;
    self->solutions = self->rows == QUEENS;
    for (int column = 0; column < QUEENS && !self->solutions; ++column) {
        if (!safe(self, column))
            continue;
        next[count].rows = self->rows + 1;
        memcpy(next[count].column, self->column, QUEENS);
        next[count].column[self->rows] = (char)column;
        filch_fork(&jobs[count], place, &next[count]);
        ++count;
    }
    while (count-- > 0) {
        filch_sync(&jobs[count]);
        self->solutions += next[count].solutions;
        self->boards += next[count].boards;
    }
    return 0;
}

static void
run_nqueens(size_t n, size_t value)
{
    struct board empty = {.rows = 0};

    (void)value;
    watch_start();
    place(&empty);
    watch_stop(n);
    REQUIRE(empty.solutions == SOLUTIONS && empty.boards == n);
}

const struct workload tree_workloads[] = {
    {"skynet", JOBS, LEAVES, run_skynet, 1},
    {"nqueens", BOARDS, QUEENS, run_nqueens, 1},
    {.name = NULL},
};
