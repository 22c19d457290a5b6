/* Conditions whose waiters are cancelled or time out. */
#include "../harness/harness.h"

static filch_condition condition;
static int order[16], woken, entered;
static atomic_int returned;

static int
wait_once(void *arg)
{
    OK(filch_condition_acquire(&condition));
    ++entered;
    int status = filch_condition_wait(&condition);
    CHECK(filch_condition_locked(&condition));
    atomic_fetch_add(&returned, 1);
    if (status == 0)
        order[woken++] = (int)(intptr_t)arg;
    OK(filch_condition_release(&condition));
    return status;
}

static void
notify(size_t n)
{
    OK(filch_condition_acquire(&condition));
    OK(filch_condition_notify(&condition, n));
    OK(filch_condition_release(&condition));
}

ONE_WORKER_TEST(condition_a_cancelled_waiter_uses_no_notification)
{
    filch_task *first = park(wait_once, (void *)1);
    filch_task *second = park(wait_once, (void *)2);
    OK(filch_cancel(first));
    notify(1);
    EQ(ECANCELED, join(first));
    EQ(0, join(second));
}

ONE_WORKER_TEST(
    condition_a_notified_waiter_goes_on_even_if_cancelled_afterwards)
{
    filch_task *first = park(wait_once, (void *)1);
    filch_task *second = park(wait_once, (void *)2);
    notify(1);
    OK(filch_cancel(first));
    EQ(0, join(first));
    CHECK(!filch_task_done(second));
    notify(1);
    EQ(0, join(second));
}

ONE_WORKER_TEST(condition_a_waiter_that_timed_out_uses_no_notification)
{
    OK(filch_condition_acquire(&condition));
    FAILS(ETIMEDOUT, filch_condition_wait_until(&condition, past()));
    FAILS(ETIMEDOUT,
          filch_condition_wait_until(&condition, filch_after(FILCH_MS(1))));
    OK(filch_condition_release(&condition));
    filch_task *task = park(wait_once, NULL);
    notify(1);
    EQ(0, join(task));
}

ONE_WORKER_TEST(condition_skips_those_cancelled_and_wakes_the_next_ones)
{
    filch_task *tasks[10];
    for (intptr_t i = 0; i < 10; ++i)
        tasks[i] = park(wait_once, (void *)i);
    for (int i = 0; i < 10; i += 3)
        OK(filch_cancel(tasks[i])); /* 0 3 6 9 */
    notify(4);                      /* 1 2 4 5 */
    for (int i = 0; i < 6; ++i)
        EQ(i % 3 ? 0 : ECANCELED, join(tasks[i]));
    EQ(4, woken);
    EQ(1, order[0]);
    EQ(2, order[1]);
    EQ(4, order[2]);
    EQ(5, order[3]);
    notify(99); /* 7 8 */
    for (int i = 6; i < 10; ++i)
        EQ(i % 3 ? 0 : ECANCELED, join(tasks[i]));
}

TASK_TEST(condition_a_cancelled_wait_returns_only_when_it_holds_the_lock_again)
{
    filch_task *task = park(wait_once, NULL);
    OK(filch_condition_acquire(&condition));
    while (!entered) { /* on another worker it may only have begun */
        OK(filch_condition_release(&condition));
        let_others_run();
        OK(filch_condition_acquire(&condition));
    }
    OK(filch_cancel(task));
    for (int i = 0; i < 200; ++i)
        let_others_run();
    EQ(0, atomic_load(&returned));
    OK(filch_condition_release(&condition));
    EQ(ECANCELED, join(task));
}

static int
wait_2_ms(void *arg)
{
    (void)arg;
    OK(filch_condition_acquire(&condition));
    filch_time deadline = filch_after(FILCH_MS(2));
    int status = filch_condition_wait_until(&condition, deadline);
    atomic_fetch_add(&returned, 1);
    OK(filch_condition_release(&condition));
    return status;
}

TASK_TEST(condition_a_wait_that_timed_out_returns_only_holding_the_lock_again)
{
    filch_task *task = park(wait_2_ms, NULL);
    OK(filch_condition_acquire(&condition));
    OK(filch_sleep(FILCH_MS(10)));
    if (atomic_load(&returned)) /* it had been back before we had the lock */
        skip("the deadline passed before the test had the lock");
    OK(filch_sleep(FILCH_MS(5)));
    EQ(0, atomic_load(&returned));
    OK(filch_condition_release(&condition));
    EQ(ETIMEDOUT, join(task));
}

/* --- Under stress: a bounded buffer, as everybody writes it -------------- */

enum { PUTTERS = 6, ITEMS = 300, ROOM = 3 };
static filch_lock lock;
static filch_condition not_full, not_empty;
static int in_buffer, sum_left = PUTTERS * ITEMS;
static bool stopped;

static int
patient(filch_condition *on, uint64_t *state)
{
    if (chance(state, 2))
        return filch_condition_wait(on);
    return filch_condition_wait_until(
        on, filch_after(FILCH_US(chance(state, 100))));
}

static int
putter(void *arg)
{
    uint64_t state = test_seed() + (uintptr_t)arg;
    for (int i = 0; i < ITEMS; ++i) {
        OK(filch_lock_acquire(&lock));
        while (in_buffer == ROOM)
            patient(&not_full, &state);
        ++in_buffer;
        OK(filch_condition_notify(&not_empty, 1));
        OK(filch_lock_release(&lock));
    }
    return 0;
}

/* One that is cancelled now and then must pass on what it was notified of. */
static int
getter(void *arg)
{
    uint64_t state = test_seed() + 1000 + (uintptr_t)arg;
    int status = 0;
    filch_shield_begin();
    OK(filch_lock_acquire(&lock));
    filch_shield_end();
    while (!status && !stopped) {
        while (!status && !stopped && in_buffer == 0)
            if (patient(&not_empty, &state) == ECANCELED)
                status = ECANCELED;
        if (in_buffer == 0)
            continue;
        --in_buffer;
        stopped = --sum_left == 0;
        if (stopped)
            OK(filch_condition_notify_all(&not_empty));
        OK(filch_condition_notify(&not_full, 1));
    }
    OK(filch_lock_release(&lock));
    return status;
}

TASK_TEST(condition_loses_no_wakeup_under_random_cancels_and_deadlines)
{
    enum { GETTERS = 8 };
    filch_task *putters[PUTTERS], *getters[GETTERS];
    uint64_t state = test_seed();
    OK(filch_condition_init(&not_full, &lock));
    OK(filch_condition_init(&not_empty, &lock));
    for (intptr_t i = 0; i < PUTTERS; ++i)
        putters[i] = spawn(putter, (void *)i);
    for (intptr_t i = 0; i < GETTERS; ++i)
        getters[i] = spawn(getter, (void *)i);
    for (int i = 0; i < 50; ++i) { /* who is cancelled is replaced */
        uint32_t victim = chance(&state, GETTERS);
        OK(filch_cancel(getters[victim]));
        int status = join(getters[victim]);
        CHECK(status == 0 || status == ECANCELED);
        getters[victim] = spawn(getter, (void *)(intptr_t)(i + 100));
        filch_yield();
    }
    for (int i = 0; i < PUTTERS; ++i)
        EQ(0, join(putters[i]));
    for (int i = 0; i < GETTERS; ++i)
        EQ(0, join(getters[i]));
    EQ(0, sum_left);
    EQ(0, in_buffer);
    OK(filch_condition_destroy(&not_full));
    OK(filch_condition_destroy(&not_empty));
    OK(filch_lock_destroy(&lock));
}
