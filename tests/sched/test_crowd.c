/* More tasks that may run than a worker's ring holds, which is 1,024, and what
 * comes to them from elsewhere. */
#include "../harness/harness.h"

enum { MOST = 1100 };

static atomic_int turns;
static atomic_bool over;
static atomic_int turns_of[MOST];

static int
yield_until_over(void *arg)
{
    atomic_int *mine = arg;
    while (!atomic_load(&over)) {
        atomic_fetch_add(mine, 1);
        atomic_fetch_add(&turns, 1);
        filch_yield();
    }
    return 0;
}

static int
fewest(int n)
{
    int least = atomic_load(&turns_of[0]);
    for (int i = 1; i < n; ++i) {
        int one = atomic_load(&turns_of[i]);
        least = one < least ? one : least;
    }
    return least;
}

static void
let_each_have(int tasks, int turns_each)
{
    while (fewest(tasks) < turns_each)
        filch_yield();
}

static void
begin(int tasks)
{
    for (int i = 0; i < tasks; ++i)
        OK(filch_spawn(NULL, yield_until_over, &turns_of[i]));
    let_each_have(tasks, 1);
}

/* Those for which there is no room come in one by one, at every 64th turn. */
ONE_WORKER_TEST(more_tasks_yield_than_there_is_room_for_and_all_have_turns)
{
    begin(MOST);
    int before = atomic_load(&turns);
    let_each_have(MOST, 4);
    CHECK(atomic_load(&turns) - before < 40000);
    atomic_store(&over, true);
}

/* --- Turns so long that the worker looks elsewhere before each ------------ */

enum { GIVE_UP = 10000 };

static void
compute(filch_time duration)
{
    filch_time end = filch_after(duration);
    while (filch_now() < end) {
    }
}

static int
compute_until_over(void *arg)
{
    while (!atomic_load(&over)) {
        atomic_fetch_add((atomic_int *)arg, 1);
        if (atomic_fetch_add(&turns, 1) > GIVE_UP)
            atomic_store(&over, true);
        compute(FILCH_US(150));
        filch_yield();
    }
    return 0;
}

ONE_WORKER_TEST(more_tasks_compute_than_there_is_room_for_and_all_have_turns)
{
    for (int i = 0; i < MOST; ++i)
        OK(filch_spawn(NULL, compute_until_over, &turns_of[i]));
    while (fewest(MOST) < 2 && !atomic_load(&over))
        filch_yield();
    CHECK(!atomic_exchange(&over, true));
}

static atomic_int submitted, woken_at;
static filch_event woken;

/* Another comes to the common queue whenever this one ends. */
static int
compute_and_submit_another(void *runtime)
{
    int before = atomic_fetch_add(&submitted, 1);
    atomic_fetch_add(&turns, 1);
    compute(FILCH_US(600));
    if (before == 10) {
        atomic_store(&woken_at, atomic_load(&turns));
        filch_event_set(&woken);
    }
    if (before < 1000 && !atomic_load(&over))
        OK(filch_submit(runtime, NULL, compute_and_submit_another, runtime));
    return 0;
}

ONE_WORKER_TEST(woken_task_does_not_wait_for_all_that_submit_each_other)
{
    void *runtime = filch_runtime_current();
    OK(filch_submit(runtime, NULL, compute_and_submit_another, runtime));
    OK(filch_event_wait(&woken));
    CHECK(atomic_load(&turns) - atomic_load(&woken_at) < 200);
    atomic_store(&over, true);
}

static int
compute_once(void *arg)
{
    if (!atomic_load(&over)) {
        atomic_fetch_add(&turns, 1);
        compute(FILCH_US(600));
    }
    return arg != NULL;
}

static atomic_int waited;

static int
note_how_long_it_waits(void *arg)
{
    OK(filch_event_wait(&woken));
    atomic_store(&waited, atomic_load(&turns) - atomic_load(&woken_at));
    atomic_store(&over, true);
    return arg != NULL;
}

/* Those spawned are owed to who yields, and those submitted take turns with them:
 * every second turn, whichever of two that is. */
ONE_WORKER_TEST(woken_task_does_not_wait_for_all_spawned_beside_some_submitted)
{
    void *runtime = filch_runtime_current();
    for (int odd = 0; odd < 2; ++odd) {
        atomic_store(&submitted, 0);
        atomic_store(&over, false);
        filch_event_clear(&woken);
        filch_task *waiter = park(note_how_long_it_waits, NULL);
        for (int i = 0; i < 300; ++i)
            OK(filch_spawn(NULL, compute_once, NULL));
        OK(filch_submit(runtime, NULL, compute_and_submit_another, runtime));
        for (int i = 0; i <= odd; ++i)
            filch_yield();
        EQ(0, join(waiter));
        CHECK(atomic_load(&waited) < 100);
    }
}

/* --- From elsewhere -------------------------------------------------------- */

enum { SUBMITS = 20 };
static atomic_int ran_at;

static int
note_turn(void *arg)
{
    atomic_store(&ran_at, atomic_load(&turns));
    return (int)(intptr_t)arg;
}

static void *
submit_one_by_one(void *runtime)
{
    for (int i = 0; i < SUBMITS; ++i) {
        filch_task *task;
        OK(filch_submit(runtime, &task, note_turn, NULL));
        int at = atomic_load(&turns);
        EQ(0, join(task));
        CHECK(atomic_load(&ran_at) - at < 200);
    }
    atomic_store(&over, true);
    return NULL;
}

ONE_WORKER_TEST(submitted_task_does_not_wait_for_all_that_yield)
{
    begin(800);
    pthread_t thread = thread_start(submit_one_by_one, filch_runtime_current());
    while (!atomic_load(&over))
        filch_yield();
    thread_join(thread);
}
