/*
 * Suspending calls that find no stack for those who go on meanwhile: ENOMEM, no
 * effect, and the next try works; or they need none.
 */
#include "../harness/calls.h"
#include "inject.h"
#include "shortage.h"

static struct run {
    const struct call *call;
    bool timed;
    void (*fault)(unsigned n);
    unsigned n;
    atomic_bool failed; /* some point did */
    atomic_bool ended;
} run;

/* The call, as a task for which nothing is left. */
static int
call_short_of_memory(void *arg)
{
    (void)arg;
    filch_time deadline = run.timed ? filch_after(FILCH_SEC(3600)) : PLAIN;
    shortage_begin();
    run.fault(run.n);
    int status = run.call->run(deadline);
    run.failed = fault_end() > 0 || run.failed;
    atomic_store(&run.ended, true);
    return status;
}

/* One task more to let go on, since memory is back. */
static void
call_once_more(void)
{
    filch_task *task;
    run.call->blocked();
    run.n = ~0u;
    task = park(call_short_of_memory, NULL);
    run.call->wake();
    EQ(0, join(task));
}

/* Whether a point has failed. */
static bool
wait_once(unsigned n)
{
    run.call->blocked();
    run.n = n;
    run.failed = false;
    atomic_store(&run.ended, false);
    filch_task *task = park(call_short_of_memory, NULL);
    run.failed = fault_end() > 0; /* it waits, or has ended */
    if (!atomic_load(&run.ended)) {
        run.call->wake();
        EQ(0, join(task));
        return run.failed;
    }
    EQ(ENOMEM, join(task));
    CHECK(run.failed);
    UNTOUCHED(run.call);
    call_once_more();
    return true;
}

static void
wait_at_each_point(void (*fault)(unsigned n))
{
    run.fault = fault;
    call_told = note_call;
    EACH_CALL(call)
    {
        run.call = call;
        for (int timed = 0; timed < 2; ++timed) {
            unsigned n = 0;
            run.timed = timed;
            while (wait_once(n))
                n = fault_next(n);
            CHECK(n > 0); /* it does need a stack */
        }
    }
}

ONE_WORKER_TEST(wait_of_which_one_step_fails_is_ENOMEM_or_works)
{
    wait_at_each_point(fault_once);
}

ONE_WORKER_TEST(wait_of_which_all_fails_from_some_step_on_is_ENOMEM_or_works)
{
    wait_at_each_point(fault_from);
}

/* --- A spawn where there is just one descriptor --------------------------- */

static int
nothing(void *arg)
{
    return arg != NULL;
}

/* Which the worker keeps apart from the others. */
ONE_WORKER_TEST(spawn_takes_the_descriptor_that_has_just_become_free)
{
    filch_task_options options = {0};
    filch_task *task;
    for (int i = 0; i < 10000; ++i) /* until few joins go by the loop */
        EQ(0, join(spawn(nothing, NULL)));
    task = spawn(nothing, NULL);
    shortage_of_descriptors();
    EQ(0, join(task));
    fault_from(0);
    OK(filch_spawn_with(&task, nothing, NULL, &options));
    fault_end();
    EQ(0, join(task));
}

/* --- A lock that is given away before the wait --------------------------- */

static filch_lock lock;
static filch_condition condition;

static int
lock_and_release(void *arg)
{
    OK(filch_lock_acquire(&lock));
    OK(filch_lock_release(&lock));
    return arg != NULL;
}

/* Who has the lock by then could not run here, and give it back. */
ONE_WORKER_TEST(wait_of_a_condition_keeps_the_lock_where_there_is_no_stack)
{
    OK(filch_condition_init(&condition, &lock));
    OK(filch_lock_acquire(&lock));
    filch_task *other = park(lock_and_release, NULL);
    shortage_begin();
    fault_from(0);
    FAILS(ENOMEM, filch_condition_wait(&condition));
    FAILS(ENOMEM,
          filch_condition_wait_until(&condition, filch_after(FILCH_SEC(3600))));
    fault_end();
    CHECK(filch_lock_locked(&lock));
    CHECK(!filch_task_done(other));
    OK(filch_lock_release(&lock));
    EQ(0, join(other));
}

/* --- Yielding where there is no stack to go on with ---------------------- */

static filch_event event;
static atomic_bool told;

static int
sleep_with_the_lock(void *arg)
{
    OK(filch_lock_acquire(&lock));
    OK(filch_sleep(FILCH_MS(1)));
    OK(filch_lock_release(&lock));
    return arg != NULL;
}

static int
wait_for_event(void *arg)
{
    OK(filch_event_wait(&event));
    return arg != NULL;
}

static void *
set_event_when_told(void *arg)
{
    while (!atomic_load(&told))
        sched_yield();
    filch_event_set(&event);
    return arg;
}

static void
tell(void *arg)
{
    atomic_store((atomic_bool *)arg, true);
}

static void
yield_until_done(filch_task *task)
{
    while (!filch_task_done(task))
        filch_yield();
}

ONE_WORKER_TEST(yield_without_a_stack_lets_one_go_on_whose_time_has_come)
{
    filch_task *sleeper = park(sleep_with_the_lock, NULL);
    shortage_begin();
    fault_from(0);
    yield_until_done(sleeper);
    fault_end();
    EQ(0, join(sleeper));
}

ONE_WORKER_TEST(yield_without_a_stack_lets_one_go_on_whom_a_thread_has_woken)
{
    filch_task *waiter = park(wait_for_event, NULL);
    pthread_t thread = thread_start(set_event_when_told, NULL);
    shortage_begin();
    fault_from(0);
    tell(&told);
    yield_until_done(waiter);
    fault_end();
    thread_join(thread);
    EQ(0, join(waiter));
}

ONE_WORKER_TEST(yield_without_a_stack_lets_callbacks_run_and_keeps_errno)
{
    OK(filch_call_later(NULL, FILCH_MS(1), tell, &told));
    shortage_begin();
    fault_from(0);
    errno = 77;
    while (!atomic_load(&told))
        filch_yield();
    EQ(77, errno);
    fault_end();
}

ONE_WORKER_TEST(lock_whose_holder_sleeps_is_had_in_the_end_without_a_stack)
{
    filch_task *holder = park(sleep_with_the_lock, NULL);
    CHECK(filch_lock_locked(&lock));
    shortage_begin();
    fault_from(0);
    FILCH_WITH_LOCK(&lock)
    CHECK(filch_lock_locked(&lock));
    CHECK(fault_end() > 0);
    EQ(0, join(holder));
}

/* --- Tasks that cannot begin yet ------------------------------------------ */

enum { SUBMITTED = 100 };
static atomic_int begun[SUBMITTED];

static int
note_begin(void *arg)
{
    CHECK((atomic_int *)arg >= begun && (atomic_int *)arg < begun + SUBMITTED);
    atomic_fetch_add((atomic_int *)arg, 1);
    return 0;
}

static void *
submit_all(void *runtime)
{
    for (int i = 0; i < SUBMITTED; ++i)
        OK(filch_submit((filch_runtime *)runtime, NULL, note_begin, &begun[i]));
    return NULL;
}

ONE_WORKER_TEST(tasks_that_cannot_begin_for_want_of_stacks_keep_their_arguments)
{
    thread_join(thread_start(submit_all, filch_runtime_current()));
    shortage_begin();
    fault_from(0);
    filch_yield();
    CHECK(fault_end() > 0);
    for (int i = 0; i < SUBMITTED; ++i) {
        while (atomic_load(&begun[i]) == 0)
            filch_yield();
    }
    for (int i = 0; i < SUBMITTED; ++i)
        EQ(1, atomic_load(&begun[i]));
}

/* --- A wait that must not fail -------------------------------------------- */

static int
wait_cancelled(void *arg)
{
    OK(filch_lock_acquire(&lock));
    FAILS(ECANCELED, filch_condition_wait(&condition));
    CHECK(filch_lock_locked(&lock));
    OK(filch_lock_release(&lock));
    return arg != NULL;
}

static uint64_t
switches(void)
{
    filch_stats stats;
    OK(filch_stats_read(NULL, &stats, 1, NULL));
    return stats.switches;
}

ONE_WORKER_TEST(wait_that_is_cancelled_has_the_lock_again_though_it_cannot_wait)
{
    OK(filch_condition_init(&condition, &lock));
    filch_task *other = park(wait_cancelled, NULL);
    OK(filch_lock_acquire(&lock));
    shortage_begin();
    OK(filch_cancel(other));
    fault_from(0);
    uint64_t before = switches();
    for (int i = 0; i < 10; ++i)
        filch_yield();
    CHECK(fault_end() > 0);
    CHECK(switches() >= before + 10); /* to it, which has a stack, and back */
    CHECK(!filch_task_done(other));
    OK(filch_lock_release(&lock));
    EQ(0, join(other));
}

static int
wait_at_event(void *arg)
{
    return filch_event_wait(arg);
}

/* Its tasks have their stacks, and must only be let run. */
ONE_WORKER_TEST(wait_for_a_group_that_is_cancelled_ends_though_it_cannot_wait)
{
    static filch_event never;
    filch_group group = FILCH_GROUP_INIT;
    if (UNDER_TSAN)
        skip("a loop goes on where a task was, which looks like a race there");
    OK(filch_group_spawn(&group, wait_at_event, &never));
    filch_yield();
    shortage_begin();
    OK(filch_cancel(filch_current()));
    fault_from(0);
    FAILS(ECANCELED, filch_group_wait(&group));
    CHECK(fault_end() > 0);
}
