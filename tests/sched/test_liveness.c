/* Who can run comes to run before long, whatever others do. How long is counted
 * in what those have done meanwhile. */
#include "../harness/harness.h"
#include "sched/worker.h"

static atomic_bool over;

static int
nothing(void *arg)
{
    return arg != NULL;
}

/* --- Timers, where so many can run that few are let go off at a time ------ */

enum { CROWD = 200, CALLS = 60000 };
static atomic_int armed, called;

static void
count_call(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static int
arm_and_yield(void *arg)
{
    while (atomic_fetch_add(&armed, 1) < CALLS) {
        OK(filch_call_soon(count_call, arg));
        filch_yield();
    }
    return 0;
}

ONE_WORKER_TEST(callbacks_keep_up_with_many_that_yield)
{
    for (int i = 0; i < CROWD; ++i)
        OK(filch_spawn(NULL, arm_and_yield, &called));
    while (atomic_load(&armed) < CALLS)
        filch_yield();
    CHECK(atomic_load(&armed) - atomic_load(&called) < CALLS / 10);
}

/* --- Who yields, beside two that wake each other, and join others ---------- */

enum { CYCLES = 200000, YIELDS = 100 };
static filch_event turn_of[2];
static atomic_int cycles, yields;

static int
wake_the_other(void *arg)
{
    intptr_t mine = (intptr_t)arg;
    while (!atomic_load(&over)) {
        OK(filch_event_wait(&turn_of[mine]));
        filch_event_clear(&turn_of[mine]);
        filch_event_set(&turn_of[!mine]);
        if (atomic_fetch_add(&cycles, 1) > CYCLES)
            atomic_store(&over, true);
        for (int i = 0; i < 3; ++i)
            EQ(0, join(spawn(nothing, NULL)));
    }
    filch_event_set(&turn_of[!mine]);
    return 0;
}

ONE_WORKER_TEST(who_yields_has_turns_beside_two_that_wake_each_other_and_join)
{
    filch_task *pair[2];
    for (intptr_t i = 0; i < 2; ++i)
        pair[i] = spawn(wake_the_other, (void *)i);
    filch_event_set(&turn_of[0]);
    while (atomic_load(&yields) < YIELDS && !atomic_load(&over)) {
        atomic_fetch_add(&yields, 1);
        OK(filch_spawn(NULL, nothing, NULL));
        filch_yield();
    }
    EQ(YIELDS, atomic_load(&yields));
    atomic_store(&over, true);
    for (int i = 0; i < 2; ++i)
        EQ(0, join(pair[i]));
}

/* --- Who was woken, beside one that spawns and joins ---------------------- */

static filch_event called_for;
static atomic_int joined, joined_then[2];

static int
note_when_called(void *arg)
{
    OK(filch_event_wait(&called_for));
    atomic_store((atomic_int *)arg, atomic_load(&joined));
    return 0;
}

/* As if turns took long: chores are due at each. Only the worker itself looks at that
 * word, which no sanitizer is told. */
__attribute__((no_sanitize("thread"))) static int
seem_to_take_long(void *arg)
{
    fl_me()->worker->poll_mask = 0;
    if (atomic_fetch_add(&joined, 1) == 10)
        filch_event_set(&called_for);
    return arg != NULL;
}

/* One in the next slot, and one in the ring: they come before the next that is
 * joined, or the one after it. */
ONE_WORKER_TEST(who_is_ready_does_not_wait_for_long_tasks_that_are_joined)
{
    filch_task *waits[2];
    for (int i = 0; i < 2; ++i)
        waits[i] = park(note_when_called, &joined_then[i]);
    for (int i = 0; i < 300; ++i)
        EQ(0, join(spawn(seem_to_take_long, NULL)));
    for (int i = 0; i < 2; ++i) {
        EQ(0, join(waits[i]));
        CHECK(in_chaos() || atomic_load(&joined_then[i]) <= 13);
    }
}

/* --- Who was woken behind some that yield, beside a full deque ------------ */

enum { WOKEN = 4, YIELDERS = 20, TASKS = 20000 };
static filch_event awake, finished;
static atomic_int done, done_then[WOKEN];

static int
note_when_woken(void *arg)
{
    OK(filch_event_wait(&awake));
    atomic_store((atomic_int *)arg, atomic_load(&done));
    return 0;
}

static int
yield_until_over(void *arg)
{
    while (!atomic_load(&over))
        filch_yield();
    return arg != NULL;
}

static int
do_one(void *arg)
{
    int n = atomic_fetch_add(&done, 1) + 1;
    if (n == TASKS / 10)
        filch_event_set(&awake);
    if (n == TASKS)
        filch_event_set(&finished);
    return arg != NULL;
}

ONE_WORKER_TEST(
    woken_tasks_behind_some_that_yield_do_not_wait_for_the_whole_deque)
{
    filch_task *woken[WOKEN], *yielders[YIELDERS];
    for (int i = 0; i < WOKEN; ++i)
        woken[i] = park(note_when_woken, &done_then[i]);
    for (int i = 0; i < YIELDERS; ++i)
        yielders[i] = park(yield_until_over, NULL);
    for (int i = 0; i < TASKS; ++i)
        OK(filch_spawn(NULL, do_one, NULL));
    OK(filch_event_wait(&finished));
    atomic_store(&over, true);
    for (int i = 0; i < WOKEN; ++i) {
        EQ(0, join(woken[i]));
        CHECK(atomic_load(&done_then[i]) < TASKS / 2);
    }
    for (int i = 0; i < YIELDERS; ++i)
        EQ(0, join(yielders[i]));
}

/* --- What stands with workers that compute, and only others can take -------- */

enum { CONSUMERS = 64, RUNS = 1000 };
static filch_event items[CONSUMERS];
static atomic_bool wants[CONSUMERS];
static atomic_int runs, runs_of[CONSUMERS];

static int
consume(void *arg)
{
    intptr_t mine = (intptr_t)arg;
    for (;;) {
        OK(filch_event_wait(&items[mine]));
        filch_event_clear(&items[mine]);
        if (atomic_load(&over))
            return 0;
        atomic_fetch_add(&runs, 1);
        atomic_fetch_add(&runs_of[mine], 1);
        compute_until(filch_after(FILCH_MS(1)));
        atomic_store(&wants[mine], true);
    }
}

static int
fewest_runs(void)
{
    int least = atomic_load(&runs_of[0]);
    for (int i = 1; i < CONSUMERS; ++i) {
        int one = atomic_load(&runs_of[i]);
        least = one < least ? one : least;
    }
    return least;
}

/* It has more for them at each look. */
static void
serve_all(void)
{
    for (int i = 0; i < CONSUMERS; ++i)
        if (atomic_exchange(&wants[i], false))
            filch_event_set(&items[i]);
}

static void
start_consumers(filch_task **consumers)
{
    atomic_store(&over, false);
    atomic_store(&runs, 0);
    for (intptr_t i = 0; i < CONSUMERS; ++i) {
        atomic_store(&runs_of[i], 0);
        atomic_store(&wants[i], true);
        consumers[i] = park(consume, (void *)i);
    }
}

static void
stop_consumers(filch_task **consumers)
{
    atomic_store(&over, true);
    for (int i = 0; i < CONSUMERS; ++i)
        filch_event_set(&items[i]);
    for (int i = 0; i < CONSUMERS; ++i)
        EQ(0, join(consumers[i]));
}

static int
serve_until_each_has_run(void *arg)
{
    filch_task *consumers[CONSUMERS];
    start_consumers(consumers);
    while (fewest_runs() < 2 && atomic_load(&runs) < RUNS)
        serve_all();
    CHECK(fewest_runs() >= 2);
    stop_consumers(consumers);
    return arg != NULL;
}

TEST(thief_takes_who_was_woken_first_though_others_are_woken_all_the_time)
{
    run_on(2, serve_until_each_has_run, NULL);
}

static atomic_bool begun, may_end;

static int
note_begin(void *arg)
{
    atomic_store((atomic_bool *)arg, true);
    return 0;
}

/* Some, as one alone is left to the worker. */
static int
spawn_and_compute(void *arg)
{
    for (int i = 0; i < 4; ++i)
        OK(filch_spawn(NULL, note_begin, arg));
    while (!atomic_load(&may_end))
        sched_yield();
    return 0;
}

static int
serve_until_anothers_task_has_run(void *arg)
{
    for (int round = 0; round < 4; ++round) {
        filch_task *consumers[CONSUMERS];
        start_consumers(consumers);
        atomic_store(&begun, false);
        atomic_store(&may_end, false);
        filch_task *other = spawn(spawn_and_compute, &begun);
        while (!atomic_load(&begun) && atomic_load(&runs) < RUNS)
            serve_all();
        CHECK(atomic_load(&begun));
        atomic_store(&may_end, true);
        EQ(0, join(other));
        stop_consumers(consumers);
    }
    return arg != NULL;
}

TEST(thief_comes_to_all_workers_though_the_first_has_more_all_the_time)
{
    run_on(3, serve_until_anothers_task_has_run, NULL);
}
