/* Waiting for a condition until a predicate is true. */
#include "../harness/harness.h"

static filch_condition condition;
static int level; /* the lock's */
static atomic_int looks;

static bool
level_is_3(void *arg)
{
    CHECK(arg == &level);
    CHECK(filch_condition_locked(&condition));
    atomic_fetch_add(&looks, 1);
    return level >= 3;
}

static int
wait_for_level_3(void *arg)
{
    (void)arg;
    OK(filch_condition_acquire(&condition));
    int status = filch_condition_wait_for(&condition, level_is_3, &level);
    CHECK(status || level >= 3);
    OK(filch_condition_release(&condition));
    return status;
}

static void
raise_level(void)
{
    OK(filch_condition_acquire(&condition));
    ++level;
    OK(filch_condition_notify_all(&condition));
    OK(filch_condition_release(&condition));
}

TEST(condition_wait_for_returns_at_once_where_the_predicate_is_true)
{
    level = 3;
    OK(filch_condition_acquire(&condition));
    OK(filch_condition_wait_for(&condition, level_is_3, &level));
    OK(filch_condition_wait_for_until(&condition, level_is_3, &level, past()));
    EQ(2, atomic_load(&looks));
    CHECK(filch_condition_locked(&condition));
}

ONE_WORKER_TEST(condition_wait_for_looks_each_time_it_holds_the_lock_again)
{
    filch_task *task = park(wait_for_level_3, NULL);
    EQ(1, atomic_load(&looks));
    raise_level();
    filch_yield();
    EQ(2, atomic_load(&looks));
    raise_level();
    filch_yield();
    EQ(3, atomic_load(&looks));
    CHECK(!filch_task_done(task));
    raise_level();
    EQ(0, join(task));
    EQ(4, atomic_load(&looks));
}

TASK_TEST(condition_wait_for_ends_when_the_predicate_is_true_and_not_before)
{
    filch_task *tasks[20];
    for (int i = 0; i < 20; ++i)
        tasks[i] = spawn(wait_for_level_3, NULL);
    for (int i = 0; i < 2; ++i)
        raise_level();
    for (int i = 0; i < 100; ++i)
        let_others_run();
    for (int i = 0; i < 20; ++i)
        CHECK(!filch_task_done(tasks[i]));
    raise_level();
    for (int i = 0; i < 20; ++i)
        EQ(0, join(tasks[i]));
}

ONE_WORKER_TEST(condition_wait_for_looks_once_more_after_its_deadline)
{
    filch_time deadline = filch_after(FILCH_MS(2));
    OK(filch_condition_acquire(&condition));
    FAILS(ETIMEDOUT, filch_condition_wait_for_until(&condition, level_is_3,
                                                    &level, deadline));
    EQ(2, atomic_load(&looks));
    CHECK(filch_condition_locked(&condition));
}

static filch_time deadline;
static atomic_bool in_time;

/* Has the lock before the deadline, raises after it, and notifies nobody. */
static int
raise_silently(void *arg)
{
    (void)arg;
    OK(filch_condition_acquire(&condition));
    atomic_store(&in_time, filch_now() < deadline);
    compute_until(deadline + FILCH_MS(1));
    level = 3;
    OK(filch_condition_release(&condition));
    return 0;
}

TASK_TEST(condition_wait_for_succeeds_if_the_last_look_finds_it_true)
{
    for (filch_time lead = FILCH_MS(5); !atomic_load(&in_time); lead *= 2) {
        OK(filch_condition_acquire(&condition));
        level = 0;
        deadline = filch_after(lead);
        filch_task *task = spawn(raise_silently, NULL);
        int status = filch_condition_wait_for_until(&condition, level_is_3,
                                                    &level, deadline);
        EQ(0, atomic_load(&in_time) ? status : 0);
        OK(filch_condition_release(&condition));
        EQ(0, join(task));
    }
}

TASK_TEST(condition_wait_for_is_cancelled_holding_the_lock)
{
    filch_task *task = park(wait_for_level_3, NULL);
    UNTIL(atomic_load(&looks) == 1); /* so it has the lock, or waits */
    OK(filch_cancel(task));
    EQ(ECANCELED, join(task)); /* it released what it held */
    CHECK(!filch_condition_locked(&condition));
}
