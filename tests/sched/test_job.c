/* Fork and sync. */
#include "../harness/harness.h"

static atomic_int ran;

static int
give(void *arg)
{
    atomic_fetch_add(&ran, 1);
    return (int)(intptr_t)arg;
}

/* --- What sync returns --------------------------------------------------- */

TASK_TEST(sync_returns_what_the_job_returned)
{
    filch_job job;
    memset(&job, 0xff, sizeof job); /* needs no initialisation */
    filch_fork(&job, give, (void *)42);
    EQ(42, filch_sync(&job));
    EQ(1, atomic_load(&ran));
}

TASK_TEST(jobs_are_synced_last_forked_first)
{
    filch_job jobs[100];
    for (intptr_t i = 0; i < 100; ++i)
        filch_fork(&jobs[i], give, (void *)i);
    for (int i = 99; i >= 0; --i)
        EQ(i, filch_sync(&jobs[i]));
    EQ(100, atomic_load(&ran));
}

struct fib {
    long n, result;
};

static int
fib(void *arg)
{
    struct fib *f = arg;
    if (f->n < 2) {
        f->result = f->n;
        return 0;
    }
    struct fib left = {f->n - 1, 0}, right = {f->n - 2, 0};
    filch_job job;
    filch_fork(&job, fib, &left);
    EQ(0, fib(&right));
    EQ(0, filch_sync(&job));
    f->result = left.result + right.result;
    return 0;
}

TASK_TEST(jobs_fork_jobs)
{
    struct fib f = {UNDER_SANITIZER ? 17 : 22, 0};
    for (int i = 0; i < 5; ++i) {
        EQ(0, fib(&f));
        EQ(UNDER_SANITIZER ? 1597 : 17711, f.result);
    }
}

/* Several tasks at it, so that jobs of one are stolen amid jobs of another. */
TASK_TEST(jobs_of_several_tasks_do_not_mix)
{
    struct fib fibs[8];
    filch_task *tasks[8];
    for (int i = 0; i < 8; ++i) {
        fibs[i] = (struct fib){10 + i % 4, 0};
        tasks[i] = spawn(fib, &fibs[i]);
    }
    for (int i = 0; i < 8; ++i) {
        static const long results[] = {55, 89, 144, 233};
        EQ(0, join(tasks[i]));
        EQ(results[i % 4], fibs[i].result);
    }
}

/* Columns and diagonals taken so far; jobs for the first rows only. */
struct board {
    unsigned all, columns, left, right;
    int row;
    long solutions;
};

static int
queens(void *arg)
{
    struct board *board = arg, next[16];
    filch_job jobs[16];
    int n = 0;
    if (board->columns == board->all) {
        board->solutions = 1;
        return 0;
    }
    unsigned free = board->all & ~(board->columns | board->left | board->right);
    for (; free; free &= free - 1) {
        unsigned bit = free & -free;
        next[n] = (struct board){board->all,
                                 board->columns | bit,
                                 (board->left | bit) << 1,
                                 (board->right | bit) >> 1,
                                 board->row + 1,
                                 0};
        filch_fork(&jobs[n], queens, &next[n]);
        ++n;
    }
    while (n-- > 0) {
        EQ(0, filch_sync(&jobs[n]));
        board->solutions += next[n].solutions;
    }
    return 0;
}

TASK_TEST(jobs_count_the_solutions_of_eight_queens)
{
    struct board board = {.all = 0xff};
    EQ(0, queens(&board));
    EQ(92, board.solutions);
}

/* --- Stealing ------------------------------------------------------------ */

static atomic_bool stolen;

static int
say_stolen(void *arg)
{
    (void)arg;
    atomic_store(&stolen, true);
    return 0;
}

TASK_TEST(job_is_offered_to_the_other_workers)
{
    filch_job job;
    if (test_workers() < 2)
        skip("it takes two workers");
    filch_fork(&job, say_stolen, NULL);
    while (!atomic_load(&stolen)) /* this worker does not come to it */
        sched_yield();
    EQ(0, filch_sync(&job));
}

/* How deep 1 MiB lets it go, also where much is inlined. */
#define DEPTH (UNDER_SANITIZER ? 200 : 1000)

/* Deep, and unbalanced: each job leaves one to steal and goes down itself. */
static int
go_down(void *arg)
{
    intptr_t depth = (intptr_t)arg;
    filch_job job;
    if (depth == 0)
        return 0;
    filch_fork(&job, give, NULL);
    EQ(0, go_down((void *)(depth - 1)));
    return filch_sync(&job);
}

TASK_TEST(jobs_may_be_forked_from_a_deep_recursion)
{
    EQ(0, go_down((void *)(intptr_t)DEPTH));
    EQ(DEPTH, atomic_load(&ran));
}

TASK_TEST(jobs_may_be_very_many_at_once)
{
    enum { JOBS = 20000 };
    filch_job *jobs = malloc(JOBS * sizeof *jobs);
    CHECK(jobs != NULL);
    for (intptr_t i = 0; i < JOBS; ++i)
        filch_fork(&jobs[i], give, (void *)(i % 100));
    for (int i = JOBS - 1; i >= 0; --i)
        EQ(i % 100, filch_sync(&jobs[i]));
    free(jobs);
}

#if !UNDER_SANITIZER
#include <malloc.h>

ONE_WORKER_TEST(jobs_cost_no_heap_memory)
{
    struct fib f = {15, 0};
    EQ(0, fib(&f)); /* the deque may grow once */
    size_t before = mallinfo2().uordblks;
    EQ(0, fib(&f));
    EQ(before, mallinfo2().uordblks);
}
#endif

/* --- Jobs elsewhere ------------------------------------------------------ */

TEST(job_on_a_plain_thread_is_run_by_sync)
{
    filch_job jobs[2];
    struct fib f = {15, 0};
    filch_fork(&jobs[0], give, (void *)1);
    filch_fork(&jobs[1], give, (void *)2);
    EQ(0, atomic_load(&ran));
    EQ(2, filch_sync(&jobs[1]));
    EQ(1, filch_sync(&jobs[0]));
    EQ(0, fib(&f));
    EQ(610, f.result);
}

static void
fork_in_callback(void *arg)
{
    filch_job job;
    filch_fork(&job, give, (void *)3);
    EQ(3, filch_sync(&job));
    filch_event_set(arg);
}

TASK_TEST(job_in_a_callback_is_run_by_sync)
{
    static filch_event done;
    OK(filch_call_soon(fork_in_callback, &done));
    OK(filch_event_wait(&done));
    EQ(1, atomic_load(&ran));
}

/* --- Deeper than the least stack, of which a quarter is as much as its guard - */

static int
nest(void *arg)
{
    intptr_t left = (intptr_t)arg;
    filch_job job;
    if (left == 0)
        return 0;
    filch_fork(&job, nest, (void *)(left - 1));
    return filch_sync(&job) + 1;
}

static int
nest_in_a_task(void *arg)
{
    return join(spawn(nest, arg)) != 1000; /* not on main's stack of 1 MiB */
}

TEST(jobs_nest_deeper_than_the_least_stack)
{
    filch_config config = {.workers = test_workers(),
                           .stack_size = (size_t)16 << 10};
    if (UNDER_SANITIZER)
        skip("its frames do not fit there");
    OK(filch_run(&config, nest_in_a_task, (void *)1000));
}
