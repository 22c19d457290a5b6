/* What every suspending call promises: deadlines, cancels, and who wins. */
#include "../harness/calls.h"

/* Runs of the call as a task. */

static int
plainly(void *arg)
{
    const struct call *call = arg;
    return call->run(PLAIN);
}

static int
with_far_deadline(void *arg)
{
    const struct call *call = arg;
    return call->run(filch_after(FILCH_SEC(3600)));
}

static int
with_no_end(void *arg)
{
    const struct call *call = arg;
    return call->run(FILCH_NEVER);
}

static const filch_fn runs[] = {plainly, with_far_deadline, with_no_end};
enum { RUNS = 3 };

/* --- Deadlines ----------------------------------------------------------- */

TASK_TEST(a_suspending_call_succeeds_at_once_where_it_can)
{
    EACH_CALL(call)
    {
        if (!call->ready)
            continue;
        call->ready();
        OK(call->run(PLAIN));
    }
}

TASK_TEST(a_deadline_that_has_passed_still_succeeds_where_the_call_can_at_once)
{
    EACH_CALL(call)
    {
        if (!call->ready)
            continue;
        call->ready();
        OK(call->run(past()));
        call->ready();
        OK(call->run(0));
    }
}

TASK_TEST(a_deadline_that_has_passed_gives_ETIMEDOUT_where_the_call_must_wait)
{
    EACH_CALL(call)
    {
        call->blocked();
        FAILS(ETIMEDOUT, call->run(past()));
        FAILS(ETIMEDOUT, call->run(0));
        FAILS(ETIMEDOUT, call->run(-1));
        UNTOUCHED(call);
    }
}

TASK_TEST(a_deadline_gives_ETIMEDOUT_when_it_comes_and_not_before)
{
    EACH_CALL(call)
    {
        filch_time deadline = filch_after(FILCH_MS(3));
        call->blocked();
        FAILS(ETIMEDOUT, call->run(deadline));
        CHECK(filch_now() >= deadline);
        UNTOUCHED(call);
    }
}

TASK_TEST(a_call_that_timed_out_leaves_the_next_one_what_it_waited_for)
{
    EACH_CALL(call)
    {
        if (!call->kept)
            continue;
        call->blocked();
        FAILS(ETIMEDOUT, call->run(filch_after(FILCH_MS(1))));
        call->wake();
        OK(call->run(PLAIN));
    }
}

TASK_TEST(a_suspending_call_that_waits_returns_0_when_it_is_let_go_on)
{
    EACH_CALL(call)
    {
        for (int i = 0; i < RUNS; ++i) {
            call->blocked();
            filch_task *task = park(runs[i], (void *)call);
            call->wake();
            EQ(0, join(task));
        }
    }
}

/* --- Cancels ------------------------------------------------------------- */

TASK_TEST(a_suspending_call_that_waits_returns_ECANCELED_when_cancelled)
{
    EACH_CALL(call)
    {
        for (int i = 0; i < RUNS; ++i) {
            call->blocked();
            filch_task *task = park(runs[i], (void *)call);
            OK(filch_cancel(task));
            EQ(ECANCELED, join(task));
            UNTOUCHED(call);
        }
    }
}

TASK_TEST(a_call_that_was_cancelled_leaves_the_next_one_what_it_waited_for)
{
    EACH_CALL(call)
    {
        if (!call->kept)
            continue;
        call->blocked();
        filch_task *task = park(plainly, (void *)call);
        OK(filch_cancel(task));
        call->wake();
        if (join(task) == ECANCELED)
            OK(call->run(filch_after(FILCH_SEC(20))));
    }
}

static int
cancelled_at_once(void *arg)
{
    const struct call *call = arg;
    OK(filch_cancel(filch_current()));
    FAILS(ECANCELED, call->run(PLAIN));
    FAILS(ECANCELED, call->run(past()));
    return 0;
}

TASK_TEST(a_pending_cancel_is_looked_at_first_even_where_the_call_could_succeed)
{
    EACH_CALL(call)
    {
        if (!call->ready)
            continue;
        call->ready();
        EQ(0, join(spawn(cancelled_at_once, (void *)call)));
        UNTOUCHED(call);
    }
}

TASK_TEST(
    a_pending_cancel_is_looked_at_first_even_where_the_deadline_has_passed)
{
    EACH_CALL(call)
    {
        call->blocked();
        EQ(0, join(spawn(cancelled_at_once, (void *)call)));
        UNTOUCHED(call);
    }
}

static atomic_bool bystander_ran;

static int
bystander(void *arg)
{
    atomic_store(&bystander_ran, true);
    return arg != NULL;
}

static int
cancelled_beside_a_bystander(void *arg)
{
    const struct call *call = arg;
    filch_task *other = spawn(bystander, NULL);
    atomic_store(&bystander_ran, false);
    OK(filch_cancel(filch_current()));
    FAILS(ECANCELED, call->run(PLAIN));
    CHECK(atomic_load(&bystander_ran));
    filch_task_release(other);
    return 0;
}

static int
sleep_for_nothing(filch_time deadline)
{
    (void)deadline;
    return filch_sleep(0);
}

static int
wait_for_none(filch_time deadline)
{
    (void)deadline;
    return filch_wait(NULL, 0, FILCH_ALL_COMPLETED, NULL);
}

static int
cancel_no_timer(filch_time deadline)
{
    static filch_timer timer;
    (void)deadline;
    return filch_timer_cancel_wait(&timer);
}

/* So a cancelled task that tries again and again holds nobody up. */
ONE_WORKER_TEST(a_return_for_a_pending_cancel_lets_other_tasks_run_first)
{
    static const struct call others[] = {{.run = sleep_for_nothing},
                                         {.run = wait_for_none},
                                         {.run = cancel_no_timer}};
    EACH_CALL(call)
    {
        call->blocked();
        EQ(0, join(spawn(cancelled_beside_a_bystander, (void *)call)));
    }
    EACH_CALL(call)
    {
        if (!call->ready)
            continue;
        call->ready();
        EQ(0, join(spawn(cancelled_beside_a_bystander, (void *)call)));
    }
    for (int i = 0; i < 3; ++i)
        EQ(0, join(spawn(cancelled_beside_a_bystander, (void *)&others[i])));
}

static int
shielded(void *arg)
{
    const struct call *call = arg;
    OK(filch_cancel(filch_current()));
    filch_shield_begin();
    OK(call->run(PLAIN));
    filch_shield_end();
    FAILS(ECANCELED, filch_sleep(0));
    return 0;
}

TASK_TEST(a_suspending_call_under_a_shield_takes_no_notice_of_a_cancel)
{
    EACH_CALL(call)
    {
        call->blocked();
        filch_task *task = park(shielded, (void *)call);
        OK(filch_cancel(task));
        call->wake();
        EQ(0, join(task));
    }
}

/* --- Ties: on one worker, where it is known what came first -------------- */

static int
gets_result_and_keeps_cancel(void *arg)
{
    const struct call *call = arg;
    OK(call->run(PLAIN));
    CHECK(filch_cancelled());
    FAILS(ECANCELED, filch_sleep(0));
    return 0;
}

ONE_WORKER_TEST(a_result_wins_over_a_later_cancel_which_stays_pending)
{
    EACH_CALL(call)
    {
        if (!call->direct)
            continue;
        call->blocked();
        filch_task *task = park(gets_result_and_keeps_cancel, (void *)call);
        call->wake();
        OK(filch_cancel(task));
        EQ(0, join(task));
    }
}

ONE_WORKER_TEST(a_cancel_wins_over_a_later_result_which_is_not_lost)
{
    EACH_CALL(call)
    {
        if (!call->kept)
            continue;
        call->blocked();
        filch_task *task = park(plainly, (void *)call);
        OK(filch_cancel(task));
        call->wake();
        EQ(ECANCELED, join(task));
        OK(call->run(filch_after(FILCH_SEC(20))));
    }
}

static filch_time soon;

static int
until_soon(void *arg)
{
    const struct call *call = arg;
    return call->run(soon);
}

ONE_WORKER_TEST(a_result_wins_over_a_deadline_that_passes_before_it_is_noticed)
{
    EACH_CALL(call)
    {
        if (!call->direct)
            continue;
        call->blocked();
        soon = filch_after(FILCH_MS(50));
        filch_task *task = park(until_soon, (void *)call);
        if (filch_now() > soon) /* a slow machine: there was no tie */
            skip("it took 50 ms to start a task");
        compute_until(soon + FILCH_MS(1));
        call->wake();
        EQ(0, join(task));
    }
}

static atomic_int rounds;

/* Runs again and again, each time with a little patience. */
static int
impatient(void *arg)
{
    const struct call *call = arg;
    uint64_t state = test_seed();
    int status = ETIMEDOUT;
    while (status == ETIMEDOUT) {
        status = call->run(filch_after(FILCH_US(chance(&state, 60))));
        atomic_fetch_add(&rounds, 1);
    }
    return status;
}

TASK_TEST(a_result_is_not_lost_to_any_number_of_deadlines)
{
    EACH_CALL(call)
    {
        if (!call->kept)
            continue;
        for (int i = 0; i < (UNDER_SANITIZER ? 5 : 30); ++i) {
            call->blocked();
            atomic_store(&rounds, 0);
            filch_task *task = park(impatient, (void *)call);
            UNTIL(atomic_load(&rounds) > i % 5);
            call->wake();
            EQ(0, join(task));
        }
    }
}
