/* Yielding: who goes first, of those that have not begun and of those woken. */
#include "../harness/harness.h"

static filch_event gate;
static atomic_int ran;

static int
give(void *arg)
{
    atomic_fetch_add(&ran, 1);
    return (int)(intptr_t)arg;
}

ONE_WORKER_TEST(yield_lets_the_other_runnable_tasks_run_first)
{
    filch_task *tasks[10];
    for (int i = 0; i < 10; ++i)
        tasks[i] = spawn(give, NULL);
    filch_yield();
    EQ(10, atomic_load(&ran));
    for (int i = 0; i < 10; ++i)
        EQ(0, join(tasks[i]));
}

static atomic_int turns[2];

static int
take_turns(void *arg)
{
    int self = (int)(intptr_t)arg;
    for (int i = 0; i < 1000; ++i) {
        atomic_fetch_add(&turns[self], 1);
        CHECK(abs(atomic_load(&turns[0]) - atomic_load(&turns[1])) <= 1);
        filch_yield();
    }
    return 0;
}

ONE_WORKER_TEST(yield_takes_turns)
{
    filch_task *one = spawn(take_turns, (void *)0);
    filch_task *two = spawn(take_turns, (void *)1);
    EQ(0, join(one));
    EQ(0, join(two));
}

enum { BORN = 2000, WOKEN = 4 };
static atomic_int n_born;
static filch_semaphore born;

static int
have_two(void *arg)
{
    for (int i = 0; i < 2 && atomic_load(&n_born) < BORN; ++i) {
        atomic_fetch_add(&n_born, 1);
        OK(filch_spawn(NULL, have_two, arg));
    }
    filch_yield();
    return 0;
}

/* More are woken, meanwhile, than yield. */
static int
have_one(void *arg)
{
    if (atomic_fetch_add(&n_born, 1) < BORN) {
        for (int i = 0; i < 4 * WOKEN; ++i)
            OK(filch_spawn(NULL, give, NULL));
        OK(filch_spawn(NULL, have_one, arg));
        OK(filch_semaphore_release(&born, WOKEN));
    }
    filch_yield();
    return 0;
}

/* How often it came to yield. */
static int
yield_until_all_are_born(filch_fn first)
{
    int turns = 0;
    OK(filch_spawn(NULL, first, NULL));
    while (atomic_load(&n_born) < BORN) {
        filch_yield();
        turns++;
    }
    return turns;
}

ONE_WORKER_TEST(yield_lets_old_tasks_run_however_many_new_ones_come_meanwhile)
{
    CHECK(yield_until_all_are_born(have_two) > 4); /* one for each generation */
}

static int
count_born(void *arg)
{
    while (atomic_load(&n_born) < BORN)
        OK(filch_semaphore_acquire(&born));
    return arg != NULL;
}

ONE_WORKER_TEST(yield_lets_old_tasks_run_however_many_come_and_are_woken)
{
    filch_task *tasks[WOKEN];
    OK(filch_semaphore_init(&born, 0));
    for (int i = 0; i < WOKEN; ++i)
        tasks[i] = park(count_born, NULL);
    int turns = yield_until_all_are_born(have_one); /* one for each, nearly */
    CHECK(in_chaos() || turns > BORN - BORN / 10);
    OK(filch_semaphore_release(&born, WOKEN));
    for (int i = 0; i < WOKEN; ++i)
        EQ(0, join(tasks[i]));
    OK(filch_semaphore_destroy(&born));
}

static atomic_bool has_begun;

static int
begin(void *arg)
{
    atomic_store(&has_begun, true);
    return arg != NULL;
}

static int
spawn_and_yield(void *arg)
{
    OK(filch_spawn(NULL, begin, arg));
    filch_yield();
    CHECK(atomic_load(&has_begun));
    return 0;
}

ONE_WORKER_TEST(yield_lets_a_new_task_begin_also_right_after_anothers_yield)
{
    filch_task *task = spawn(spawn_and_yield, NULL);
    filch_yield();
    EQ(0, join(task));
}

enum { OWED = 1000 };
static atomic_int n_begun, n_begun_before;

static int
begin_and_wake(void *arg)
{
    (void)arg;
    if (atomic_fetch_add(&n_begun, 1) == 0)
        filch_event_set(&gate);
    return 0;
}

static int
count_begun_when_woken(void *arg)
{
    (void)arg;
    OK(filch_event_wait(&gate));
    int n = atomic_load(&n_begun);
    if (n > atomic_load(&n_begun_before))
        atomic_store(&n_begun_before, n);
    return 0;
}

/* Some in the next slot, some in the ring, behind two who yield. */
ONE_WORKER_TEST(
    yield_keeps_who_is_woken_meanwhile_waiting_for_few_of_many_others)
{
    filch_task *tasks[WOKEN], *other;
    for (int i = 0; i < WOKEN; ++i)
        tasks[i] = park(count_begun_when_woken, NULL);
    OK(filch_spawn(&other, spawn_and_yield, NULL));
    for (int i = 0; i < OWED; ++i)
        OK(filch_spawn(NULL, begin_and_wake, NULL));
    filch_yield();
    EQ(OWED, atomic_load(&n_begun));
    for (int i = 0; i < WOKEN; ++i)
        EQ(0, join(tasks[i]));
    EQ(0, join(other));
    CHECK(in_chaos() || atomic_load(&n_begun_before) < OWED / 4);
}

static atomic_int n_yielded;

static int
have_begun(void *arg)
{
    atomic_store((atomic_bool *)arg, true);
    filch_event_set(&gate);
    return 0;
}

static int
see_it_begun(void *arg)
{
    atomic_bool one_has = false, other_has = false;
    OK(filch_spawn(NULL, have_begun, &one_has));
    OK(filch_spawn(NULL, have_begun, &other_has));
    filch_yield();
    CHECK(atomic_load(&one_has) && atomic_load(&other_has));
    atomic_fetch_add(&n_yielded, 1);
    return arg != NULL;
}

ONE_WORKER_TEST(yield_lets_others_begin_while_more_yield_and_some_are_woken)
{
    enum { YIELDERS = 40, ROUNDS = 5 };
    filch_task *woken[YIELDERS], *yielders[YIELDERS];
    for (int round = 0; round < ROUNDS; ++round) {
        filch_event_clear(&gate);
        for (int i = 0; i < YIELDERS; ++i)
            woken[i] = park(count_begun_when_woken, NULL);
        for (int i = 0; i < YIELDERS; ++i)
            yielders[i] = spawn(see_it_begun, NULL);
        filch_yield();
        for (int i = 0; i < YIELDERS; ++i)
            EQ(0, join(yielders[i]));
        for (int i = 0; i < YIELDERS; ++i)
            EQ(0, join(woken[i]));
    }
    EQ(ROUNDS * YIELDERS, atomic_load(&n_yielded));
}

TEST(yield_does_nothing_on_a_plain_thread)
{
    filch_yield();
}
