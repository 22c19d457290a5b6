/* When a worker that has much to do lets its timers go off. */
#include "../harness/harness.h"
#include "sched/worker.h"

static int
nothing(void *arg)
{
    (void)arg;
    return 0;
}

/* Lets the worker see to its timers once, and nothing else. Only the worker itself
 * looks at that word, which no sanitizer is told. */
__attribute__((no_sanitize("thread"))) static void
have_timers_tended(fl_worker *worker)
{
    worker->poll_mask = 0;
    fl_store_relaxed(&worker->timers->early, (uint64_t)0);
    filch_task *task = spawn(nothing, NULL);
    EQ(0, join(task));
}

__attribute__((no_sanitize("thread"))) static uint32_t
last_turn(const fl_worker *worker)
{
    return worker->timers_turn;
}

static void
note(void *arg)
{
    atomic_store((atomic_bool *)arg, true);
}

/* Where many are ready, timers have a turn now and then: but none is gone where
 * nothing went off. */
ONE_WORKER_TEST(timers_that_are_only_prepared_have_not_had_their_turn)
{
    fl_worker *worker = fl_me()->worker;
    filch_timer timer = FILCH_TIMER_INIT;
    atomic_bool went_off = false;
    have_timers_tended(worker);
    uint32_t before = last_turn(worker);
    OK(filch_call_later(&timer, FILCH_SEC(1000), note, &went_off));
    have_timers_tended(worker);
    EQ(before, last_turn(worker));
    CHECK(filch_timer_cancel(&timer));
    OK(filch_call_later(&timer, 0, note, &went_off));
    while (!atomic_load(&went_off))
        have_timers_tended(worker);
    CHECK(last_turn(worker) != before);
}

/* More than go off at a time: each wakes somebody. */
enum { TOGETHER = 300 };

static filch_event wakes[TOGETHER], early_called;
static filch_timer together[TOGETHER], early;
static int callbacks, early_was;

static int
wait_to_be_woken(void *arg)
{
    OK(filch_event_wait(arg));
    return 0;
}

static void
note_early(void *arg)
{
    early_was = ++callbacks;
    filch_event_set(arg);
}

static void
wake_one(void *arg)
{
    if (++callbacks == 1)
        OK(filch_call_at(&early, 1, note_early, &early_called));
    filch_event_set(arg);
}

ONE_WORKER_TEST(what_a_callback_arms_comes_after_all_that_were_due_before_it)
{
    filch_task *tasks[TOGETHER];
    callbacks = 0;
    for (int i = 0; i < TOGETHER; ++i) {
        OK(filch_event_init(&wakes[i]));
        tasks[i] = park(wait_to_be_woken, &wakes[i]);
    }
    filch_time when = filch_after(FILCH_MS(2));
    for (int i = 0; i < TOGETHER; ++i)
        OK(filch_call_at(&together[i], when, wake_one, &wakes[i]));
    compute_until(when);
    OK(filch_event_wait(&early_called));
    EQ(TOGETHER + 1, early_was);
    for (int i = 0; i < TOGETHER; ++i)
        EQ(0, join(tasks[i]));
}

/* --- As soon as the caller lets others run -------------------------------- */

static atomic_bool is_over;

static int
yield_until_it_is_over(void *arg)
{
    while (!atomic_load(&is_over))
        filch_yield();
    return arg != NULL;
}

static void
note_that_it_was_called(void *arg)
{
    atomic_store((atomic_bool *)arg, true);
}

static void
call_soon_and_yield(void)
{
    for (int i = 0; i < 200; ++i) {
        atomic_bool called = false;
        OK(filch_call_soon(note_that_it_was_called, &called));
        filch_yield();
        CHECK(atomic_load(&called));
        for (int j = 0; j < i; ++j)
            filch_yield();
    }
}

ONE_WORKER_TEST(what_is_called_soon_has_run_when_its_caller_has_yielded)
{
    call_soon_and_yield();
    filch_task *other = spawn(yield_until_it_is_over, NULL);
    call_soon_and_yield();
    atomic_store(&is_over, true);
    EQ(0, join(other));
}
