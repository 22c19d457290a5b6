/* Jobs: who forks one calls it, as no thief is faster. */
#include "deque.h"
#include "floor.h"

#include <stdbool.h>
#include <string.h>

struct job {
    int (*fn)(void *arg);
    void *arg;
    int status;
};

static inline void
fork_job(struct job *job, int (*fn)(void *arg), void *arg)
{
    job->fn = fn;
    job->arg = arg;
    push(job);
}

static inline void
sync_newest(void)
{
    struct job *job = pop();

    job->status = job->fn(job->arg);
}

static int
add_one(void *arg)
{
    ++*(size_t *)arg;
    return 0;
}

static void
fork_and_sync(size_t n, size_t value)
{
    size_t counter = 0;

    (void)value;
    make_deque();
    watch_start();
    for (size_t i = 0; i < n; ++i) {
        struct job job;
        fork_job(&job, add_one, &counter);
        sync_newest();
    }
    watch_stop(n);
    REQUIRE(counter == n);
}

/* --- Trees ----------------------------------------------------------------- */

static size_t
plain_fib(size_t n)
{
    return n < 2 ? n : plain_fib(n - 1) + plain_fib(n - 2);
}

static size_t fib_n, fib_result;
static int (*fib_how)(void *arg);

/* Each thread has a tree of its own. */
static void
grow_tree(size_t from, size_t to)
{
    struct fib self = {fib_n, 0};

    (void)from, (void)to;
    fib_how(&self);
    REQUIRE(self.result == fib_result);
}

void
grow_trees(int (*how)(void *arg), size_t n)
{
    size_t calls = 2 * plain_fib(n + 1) - 1;

    fib_how = how;
    fib_n = n;
    fib_result = plain_fib(n);
    watch_start();
    together(threads_count, grow_tree);
    watch_stop(calls * threads_count);
}

static int
fib_by_jobs(void *arg)
{
    struct fib *self = arg, left, right;
    struct job job;

    if (self->n < 2) {
        self->result = self->n;
        return 0;
    }
    left.n = self->n - 1;
    right.n = self->n - 2;
    fork_job(&job, fib_by_jobs, &left);
    fib_by_jobs(&right);
    sync_newest();
    self->result = left.result + right.result;
    return 0;
}

static int
fib_on_jobs(void *arg)
{
    make_deque();
    return fib_by_jobs(arg);
}

static void
fib_of_jobs(size_t unused, size_t n)
{
    (void)unused;
    grow_trees(fib_on_jobs, n);
}

enum { WIDTH = 10, LEAVES = 1000000, JOBS = 1111111 };

struct node {
    size_t first, size, sum;
};

static int
skynet(void *arg)
{
    struct node *self = arg, nodes[WIDTH];
    struct job jobs[WIDTH];

    self->sum = self->first;
    if (self->size == 1)
        return 0;
    for (size_t i = 0; i < WIDTH; ++i) {
        nodes[i].size = self->size / WIDTH;
        nodes[i].first = self->first + i * nodes[i].size;
        fork_job(&jobs[i], skynet, &nodes[i]);
    }
    self->sum = 0;
    for (size_t i = WIDTH; i-- > 0;) {
        sync_newest();
        self->sum += nodes[i].sum;
    }
    return 0;
}

static void
grow_skynet(size_t from, size_t to)
{
    struct node root = {.first = 0, .size = LEAVES};

    (void)from, (void)to;
    make_deque();
    skynet(&root);
    REQUIRE(root.sum == (size_t)LEAVES * (LEAVES - 1) / 2);
}

static void
run_skynet(size_t unused, size_t value)
{
    (void)unused, (void)value;
    watch_start();
    together(threads_count, grow_skynet);
    watch_stop((size_t)JOBS * threads_count);
}

/* --- Queens ---------------------------------------------------------------- */

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
    struct job jobs[QUEENS];
    int count = 0;

    self->boards = 1;
    self->solutions = self->rows == QUEENS;
    for (int column = 0; column < QUEENS && !self->solutions; ++column) {
        if (!safe(self, column))
            continue;
        next[count].rows = self->rows + 1;
        memcpy(next[count].column, self->column, QUEENS);
        next[count].column[self->rows] = (char)column;
        fork_job(&jobs[count], place, &next[count]);
        ++count;
    }
    while (count-- > 0) {
        sync_newest();
        self->solutions += next[count].solutions;
        self->boards += next[count].boards;
    }
    return 0;
}

/* Each thread places all of them. */
static void
place_all(size_t from, size_t to)
{
    struct board empty = {.rows = 0};

    (void)from, (void)to;
    make_deque();
    place(&empty);
    REQUIRE(empty.solutions == SOLUTIONS && empty.boards == BOARDS);
}

static void
run_nqueens(size_t unused, size_t value)
{
    (void)unused, (void)value;
    watch_start();
    together(threads_count, place_all);
    watch_stop((size_t)BOARDS * threads_count);
}

const struct workload job_floors[] = {
    {"fork-sync", 10000000, 0, fork_and_sync, 1},
    {"fib", 0, 35, fib_of_jobs, 1},
    {"skynet", JOBS, LEAVES, run_skynet, 1},
    {"nqueens", BOARDS, QUEENS, run_nqueens, 1},
    {.name = NULL},
};
