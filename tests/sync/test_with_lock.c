/* FILCH_WITH_LOCK: every way out of the block releases. */
#include "../harness/harness.h"
#include <signal.h>

static filch_lock lock;

TEST(with_lock_runs_its_block_once_holding_the_lock)
{
    int runs = 0;
    FILCH_WITH_LOCK(&lock)
    {
        CHECK(filch_lock_locked(&lock));
        ++runs;
    }
    EQ(1, runs);
    CHECK(!filch_lock_locked(&lock));
}

TEST(with_lock_releases_on_break_and_continue)
{
    for (int i = 0; i < 2; ++i) {
        FILCH_WITH_LOCK(&lock)
        {
            if (i == 0)
                break;
            continue;
        }
        CHECK(!filch_lock_locked(&lock));
    }
}

static int
return_from_block(void)
{
    FILCH_WITH_LOCK(&lock)
    {
        return filch_lock_locked(&lock) ? 42 : 0;
    }
    return -1;
}

TEST(with_lock_releases_on_return)
{
    EQ(42, return_from_block());
    CHECK(!filch_lock_locked(&lock));
}

TEST(with_lock_releases_on_goto)
{
    FILCH_WITH_LOCK(&lock)
    {
        goto out;
    }
    CHECK(false);
out:
    CHECK(!filch_lock_locked(&lock));
}

TEST(with_lock_nests_over_several_locks)
{
    static filch_lock inner;
    FILCH_WITH_LOCK(&lock)
    {
        FILCH_WITH_LOCK(&inner)
        {
            CHECK(filch_lock_locked(&lock) && filch_lock_locked(&inner));
        }
        CHECK(filch_lock_locked(&lock) && !filch_lock_locked(&inner));
    }
    CHECK(!filch_lock_locked(&lock) && !filch_lock_locked(&inner));
}

TEST(with_lock_takes_any_expression_and_looks_at_it_once)
{
    filch_lock locks[2] = {FILCH_LOCK_INIT, FILCH_LOCK_INIT}, *next = locks;
    FILCH_WITH_LOCK(next++)
    {
        CHECK(filch_lock_locked(&locks[0]));
    }
    CHECK(next == locks + 1 && !filch_lock_locked(&locks[0]));
}

static bool ran;

static int
with_lock(void *arg)
{
    (void)arg;
    FILCH_WITH_LOCK(&lock)
    {
        CHECK(filch_lock_locked(&lock));
        CHECK(filch_cancelled());
        ran = true;
    }
    FAILS(ECANCELED, filch_sleep(0)); /* the shield was the acquire's alone */
    return 0;
}

/* It waits shielded, so the block always runs holding the lock. */
TASK_TEST(with_lock_of_a_cancelled_task_waits_and_runs_its_block)
{
    OK(filch_lock_acquire(&lock));
    filch_task *task = park(with_lock, NULL);
    OK(filch_cancel(task));
    filch_yield();
    CHECK(!filch_task_done(task));
    OK(filch_lock_release(&lock));
    EQ(0, join(task));
    CHECK(ran && !filch_lock_locked(&lock));
}

enum { DEEPEST = 32767 }; /* shields */

static filch_lock fair = FILCH_LOCK_FAIR_INIT;
static atomic_int order, job_was, task_was;

static int
with_lock_below_all_shields(void *arg)
{
    for (int i = 0; i < DEEPEST; ++i)
        filch_shield_begin();
    FILCH_WITH_LOCK(&fair)
    {
        job_was = ++order;
    }
    return arg != NULL;
}

static int
cancelled_with_job(void *arg)
{
    filch_job job;
    OK(filch_cancel(filch_current()));
    filch_fork(&job, with_lock_below_all_shields, arg);
    return filch_sync(&job);
}

static int
with_fair_lock(void *arg)
{
    FILCH_WITH_LOCK(&fair)
    {
        task_was = ++order;
    }
    return arg != NULL;
}

ONE_WORKER_TEST(with_lock_stands_in_the_line_however_deep_a_job_is_shielded)
{
    OK(filch_lock_acquire(&fair));
    filch_task *first = park(cancelled_with_job, NULL);
    filch_task *second = park(with_fair_lock, NULL);
    OK(filch_lock_release(&fair));
    EQ(0, join(first));
    EQ(0, join(second));
    EQ(1, job_was);
    EQ(2, task_was);
}

static int
cancelled_in_block(void *arg)
{
    (void)arg;
    FILCH_WITH_LOCK(&lock)
    {
        OK(filch_cancel(filch_current()));
        FAILS(ECANCELED, filch_sleep(0)); /* not shielded inside the block */
    }
    return 0;
}

TASK_TEST(with_lock_does_not_shield_its_block)
{
    EQ(0, join(spawn(cancelled_in_block, NULL)));
    CHECK(!filch_lock_locked(&lock));
}

static long counter;

static int
count(void *arg)
{
    (void)arg;
    for (int i = 0; i < 1000; ++i)
        FILCH_WITH_LOCK(&lock)
        {
            ++counter;
        }
    return 0;
}

TASK_TEST(with_lock_lets_one_at_a_time_into_its_block)
{
    enum { TASKS = 10 };
    filch_task *tasks[TASKS];
    for (int i = 0; i < TASKS; ++i)
        tasks[i] = spawn(count, NULL);
    for (int i = 0; i < TASKS; ++i)
        EQ(0, join(tasks[i]));
    EQ(1000 * TASKS, counter);
}

/* --- Where one may not suspend ------------------------------------------- */

static void
use_in_callback(void *arg)
{
    (void)arg;
    FILCH_WITH_LOCK(&lock)
    {
        ++counter;
    }
}

static int
call_and_wait(void *arg)
{
    OK(filch_call_soon(use_in_callback, arg));
    return filch_sleep(FILCH_SEC(3600));
}

static void
run_with_misuse(void)
{
    run_on(test_workers(), call_and_wait, NULL);
}

TEST(with_lock_in_a_callback_aborts_with_a_message)
{
    struct child child;
    child_run(&child, run_with_misuse);
    CHILD_DIED(&child, SIGABRT);
    CHILD_SAID(&child, "FILCH_WITH_LOCK");
}
