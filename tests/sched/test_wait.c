/* filch_wait: for the first, the first failing, or all of some tasks. */
#include "../harness/harness.h"

enum { TASKS = 6 };
static filch_event gates[100];
static filch_task *tasks[100], *handles[100];

/* Ends when its gate is set, with the status that its index says. */
static int statuses[100];

static int
wait_at_gate(void *arg)
{
    intptr_t i = (intptr_t)arg;
    int status = filch_event_wait(&gates[i]);
    return status ? status : statuses[i];
}

static void
spawn_tasks(int n)
{
    for (intptr_t i = 0; i < n; ++i)
        handles[i] = tasks[i] = spawn(wait_at_gate, (void *)i);
}

static void
open_gate(int i)
{
    filch_event_set(&gates[i]);
    UNTIL(filch_task_done(handles[i]));
}

static void
end_tasks(int n)
{
    for (int i = 0; i < n; ++i) {
        filch_event_set(&gates[i]);
        join(handles[i]);
    }
}

/* The array holds the tasks of these numbers, in this order. */
static void
is_order(const int *expected, int n)
{
    for (int i = 0; i < n; ++i)
        CHECK(tasks[i] == handles[expected[i]]);
}

/* --- What it waits for --------------------------------------------------- */

static int
wait_for_all(void *arg)
{
    size_t done;
    OK(filch_wait(tasks, TASKS, FILCH_ALL_COMPLETED, &done));
    EQ(TASKS, done);
    return arg != NULL;
}

TASK_TEST(wait_for_all_returns_when_all_have_ended)
{
    spawn_tasks(TASKS);
    filch_task *waiter = park(wait_for_all, NULL);
    for (int i = TASKS - 1; i >= 0; --i) {
        CHECK(!filch_task_done(waiter));
        open_gate(i);
    }
    EQ(0, join(waiter));
    is_order((int[]){0, 1, 2, 3, 4, 5}, TASKS);
    end_tasks(TASKS);
}

TASK_TEST(wait_puts_tasks_that_end_meanwhile_among_those_that_had_ended)
{
    spawn_tasks(TASKS);
    open_gate(3);
    filch_task *waiter = park(wait_for_all, NULL);
    open_gate(5);
    for (int i = 0; i < TASKS; ++i)
        open_gate(i);
    EQ(0, join(waiter));
    is_order((int[]){0, 1, 2, 3, 4, 5}, TASKS);
    end_tasks(TASKS);
}

static size_t first_done;
static filch_return_when when;

static int
wait_for_first(void *arg)
{
    (void)arg;
    return filch_wait(tasks, TASKS, when, &first_done);
}

TASK_TEST(wait_for_the_first_returns_when_one_has_ended)
{
    spawn_tasks(TASKS);
    when = FILCH_FIRST_COMPLETED;
    filch_task *waiter = park(wait_for_first, NULL);
    CHECK(!filch_task_done(waiter));
    open_gate(3);
    EQ(0, join(waiter));
    EQ(1, first_done);
    is_order((int[]){3, 0, 1, 2, 4, 5}, TASKS);
    end_tasks(TASKS);
}

TASK_TEST(wait_for_the_first_exception_passes_over_success_and_ECANCELED)
{
    spawn_tasks(TASKS);
    when = FILCH_FIRST_EXCEPTION;
    statuses[4] = EIO;
    filch_task *waiter = park(wait_for_first, NULL);
    open_gate(1);
    OK(filch_cancel(handles[2]));
    UNTIL(filch_task_done(handles[2]));
    EQ(ECANCELED, filch_task_status(handles[2]));
    CHECK(!filch_task_done(waiter));
    open_gate(4);
    EQ(0, join(waiter));
    EQ(3, first_done);
    is_order((int[]){1, 2, 4, 0, 3, 5}, TASKS);
    end_tasks(TASKS);
}

TASK_TEST(wait_for_the_first_exception_returns_when_all_ended_without_one)
{
    spawn_tasks(TASKS);
    when = FILCH_FIRST_EXCEPTION;
    filch_task *waiter = park(wait_for_first, NULL);
    for (int i = 0; i < TASKS; ++i)
        open_gate(i);
    EQ(0, join(waiter));
    EQ(TASKS, first_done);
    end_tasks(TASKS);
}

/* --- The array ----------------------------------------------------------- */

TASK_TEST(wait_puts_those_that_ended_first_each_in_its_former_order)
{
    spawn_tasks(TASKS);
    open_gate(5);
    open_gate(1);
    open_gate(3);
    OK(filch_wait(tasks, TASKS, FILCH_FIRST_COMPLETED, &first_done));
    EQ(3, first_done);
    is_order((int[]){1, 3, 5, 0, 2, 4}, TASKS);
    end_tasks(TASKS);
}

TASK_TEST(wait_that_times_out_puts_the_array_in_order_too)
{
    spawn_tasks(TASKS);
    open_gate(2);
    open_gate(4);
    FAILS(ETIMEDOUT, filch_wait_until(tasks, TASKS, FILCH_ALL_COMPLETED,
                                      &first_done, filch_after(FILCH_MS(1))));
    EQ(2, first_done);
    is_order((int[]){2, 4, 0, 1, 3, 5}, TASKS);
    FAILS(ETIMEDOUT, filch_wait_until(tasks, TASKS, FILCH_ALL_COMPLETED,
                                      &first_done, past()));
    EQ(2, first_done);
    end_tasks(TASKS);
}

TASK_TEST(wait_that_is_cancelled_puts_the_array_in_order_too)
{
    spawn_tasks(TASKS);
    open_gate(5);
    when = FILCH_ALL_COMPLETED;
    filch_task *waiter = park(wait_for_first, NULL);
    OK(filch_cancel(waiter));
    EQ(ECANCELED, join(waiter));
    EQ(1, first_done);
    is_order((int[]){5, 0, 1, 2, 3, 4}, TASKS);
    end_tasks(TASKS);
}

static int
wait_refused(void *arg)
{
    (void)arg;
    FAILS(EINVAL, filch_wait(tasks, TASKS, (filch_return_when)9, &first_done));
    EQ(1, first_done);
    is_order((int[]){5, 0, 1, 2, 3, 4}, TASKS);
    OK(filch_cancel(filch_current()));
    open_gate(3);
    FAILS(ECANCELED,
          filch_wait(tasks, TASKS, (filch_return_when)9, &first_done));
    EQ(2, first_done);
    is_order((int[]){5, 3, 0, 1, 2, 4}, TASKS);
    return 0;
}

TASK_TEST(wait_that_is_refused_puts_the_array_in_order_too)
{
    spawn_tasks(TASKS);
    open_gate(5);
    OK(join(spawn(wait_refused, NULL)));
    end_tasks(TASKS);
}

TASK_TEST(wait_leaves_the_handles_with_the_caller)
{
    spawn_tasks(1);
    filch_event_set(&gates[0]);
    OK(filch_wait(tasks, 1, FILCH_ALL_COMPLETED, NULL));
    OK(filch_wait(tasks, 1, FILCH_ALL_COMPLETED, NULL));
    EQ(0, join(handles[0]));
}

TASK_TEST(wait_for_no_tasks_returns_at_once)
{
    for (int mode = FILCH_FIRST_COMPLETED; mode <= FILCH_ALL_COMPLETED;
         ++mode) {
        first_done = 99;
        OK(filch_wait(NULL, 0, (filch_return_when)mode, &first_done));
        EQ(0, first_done);
    }
}

TASK_TEST(wait_counts_duplicates_each)
{
    spawn_tasks(2);
    tasks[2] = tasks[0];
    tasks[3] = tasks[1];
    open_gate(0);
    OK(filch_wait(tasks, 4, FILCH_FIRST_COMPLETED, &first_done));
    EQ(2, first_done);
    is_order((int[]){0, 0, 1, 1}, 4);
    filch_event_set(&gates[1]);
    OK(filch_wait(tasks, 4, FILCH_ALL_COMPLETED, &first_done));
    EQ(4, first_done);
    end_tasks(2);
}

TASK_TEST(wait_may_be_for_more_tasks_than_fit_on_the_stack)
{
    spawn_tasks(100);
    FAILS(ETIMEDOUT, filch_wait_until(tasks, 100, FILCH_FIRST_COMPLETED, NULL,
                                      filch_after(FILCH_MS(1))));
    for (int i = 0; i < 100; ++i)
        filch_event_set(&gates[i]);
    OK(filch_wait(tasks, 100, FILCH_ALL_COMPLETED, &first_done));
    EQ(100, first_done);
    end_tasks(100);
}

/* --- Misuse, other runtimes, plain threads ------------------------------- */

TASK_TEST(wait_for_oneself_is_EDEADLK)
{
    spawn_tasks(1);
    tasks[1] = filch_current();
    FAILS(EDEADLK, filch_wait(tasks, 2, FILCH_FIRST_COMPLETED, NULL));
    FAILS(EDEADLK, filch_wait_until(tasks, 2, FILCH_ALL_COMPLETED, NULL,
                                    filch_after(FILCH_SEC(9))));
    end_tasks(1);
}

TASK_TEST(wait_for_an_unknown_thing_is_EINVAL)
{
    spawn_tasks(1);
    FAILS(EINVAL, filch_wait(tasks, 1, (filch_return_when)77, NULL));
    end_tasks(1);
}

TEST(wait_may_be_for_tasks_of_any_runtime_and_on_a_plain_thread)
{
    struct crew crew;
    crew_start(&crew);
    for (intptr_t i = 0; i < TASKS; ++i)
        handles[i] = tasks[i] = crew_park(&crew, wait_at_gate, (void *)i);
    filch_event_set(&gates[2]);
    OK(filch_wait(tasks, TASKS, FILCH_FIRST_COMPLETED, &first_done));
    EQ(1, first_done);
    CHECK(tasks[0] == handles[2]);
    FAILS(ETIMEDOUT, filch_wait_until(tasks, TASKS, FILCH_ALL_COMPLETED,
                                      &first_done, filch_after(FILCH_MS(1))));
    for (int i = 0; i < TASKS; ++i)
        filch_event_set(&gates[i]);
    OK(filch_wait(tasks, TASKS, FILCH_ALL_COMPLETED, &first_done));
    EQ(TASKS, first_done);
    end_tasks(TASKS);
    crew_stop(&crew);
}

/* --- Stress -------------------------------------------------------------- */

static int
yield_some(void *arg)
{
    for (intptr_t i = 0; i < (intptr_t)arg; ++i)
        filch_yield();
    return (int)(intptr_t)arg % 3 ? 0 : EIO;
}

TASK_TEST(wait_for_the_first_again_and_again_sees_all_of_them_end)
{
    uint64_t state = test_seed();
    for (int round = 0; round < 50; ++round) {
        size_t left = 40, done;
        for (size_t i = 0; i < left; ++i)
            tasks[i] = spawn(yield_some, (void *)(intptr_t)chance(&state, 20));
        for (; left > 0; left -= done) {
            OK(filch_wait(tasks, left,
                          chance(&state, 2) ? FILCH_FIRST_COMPLETED
                                            : FILCH_FIRST_EXCEPTION,
                          &done));
            CHECK(done > 0);
            for (size_t i = 0; i < done; ++i)
                join(tasks[i]);
            memmove(tasks, tasks + done, (left - done) * sizeof *tasks);
        }
    }
}

/* --- Memory -------------------------------------------------------------- */

#if !UNDER_SANITIZER
#include <malloc.h>

ONE_WORKER_TEST(wait_for_32_pending_tasks_costs_no_heap_memory)
{
    spawn_tasks(32);
    for (int i = 0; i < 2; ++i) { /* the second time for the first time's */
        size_t before = mallinfo2().uordblks;
        FAILS(ETIMEDOUT, filch_wait_until(tasks, 32, FILCH_ALL_COMPLETED, NULL,
                                          filch_after(FILCH_MS(1))));
        if (i)
            EQ(before, mallinfo2().uordblks);
    }
    for (int i = 0; i < 32; ++i)
        filch_event_set(&gates[i]);
    end_tasks(32);
}
#endif
