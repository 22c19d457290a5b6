/* Jobs and tasks that find neither a stack nor room in a deque. */
#include "inject.h"
#include "mill.h"
#include "sched/worker.h"
#include "shortage.h"

static atomic_int ran;
static atomic_uint rests;
static atomic_bool begun;

static int
work(void *arg)
{
    atomic_fetch_add(&ran, 1);
    return (int)(intptr_t)arg;
}

/* --- Syncing without a stack to go on with ------------------------------- */

/* Whether little is left of the stack, so that a job is not called here. */
static bool
is_deep(void)
{
    return (char *)__builtin_frame_address(0) < fl_me()->worker->stack->low;
}

static int
go_down(void *arg)
{
    char volatile room[256];
    room[0] = 1;
    if (!is_deep())
        return go_down(arg) + room[0] - 1;
    filch_job job;
    filch_fork(&job, work, arg);
    return filch_sync(&job);
}

static int
sync_deep_down(void *arg)
{
    shortage_begin();
    fault_from(0);
    int status = go_down(arg);
    CHECK(fault_end() > 0);
    return status;
}

TEST(sync_deep_in_a_stack_calls_the_job_there_where_no_other_can_be_had)
{
    skip_where_stacks_may_run_out();
    filch_config config = {.workers = 1};
    EQ(7, filch_run(&config, sync_deep_down, (void *)7));
    EQ(1, atomic_load(&ran));
}

static int
work_until_awaited(void *arg)
{
    atomic_store(&begun, true);
    while (atomic_load(&rests) == 0)
        sched_yield();
    return (int)(intptr_t)arg;
}

static int
sync_what_was_stolen(void *arg)
{
    filch_job job;
    filch_fork(&job, work_until_awaited, arg);
    while (!atomic_load(&begun)) /* by the other worker */
        sched_yield();
    shortage_begin();
    fault_from(0);
    disturb_count_rests(&rests);
    int status = filch_sync(&job);
    unsigned failed = fault_end();
    CHECK(in_chaos() || failed > 0); /* its delays are rests, too */
    return status;
}

TEST(sync_of_a_stolen_job_holds_its_worker_up_where_no_stack_can_be_had)
{
    skip_where_stacks_may_run_out();
    filch_config config = {.workers = 2};
    EQ(7, filch_run(&config, sync_what_was_stolen, (void *)7));
}

static int
sleep_and_return(void *arg)
{
    atomic_store(&begun, true);
    OK(filch_sleep(FILCH_MS(1)));
    return (int)(intptr_t)arg;
}

/* It was begun on another stack, and has that one. */
ONE_WORKER_TEST(sync_lets_a_job_go_on_that_sleeps_where_no_stack_can_be_had)
{
    skip_where_stacks_may_run_out();
    filch_job job;
    atomic_store(&begun, false);
    filch_fork(&job, sleep_and_return, (void *)7);
    while (!atomic_load(&begun))
        filch_yield();
    shortage_begin();
    fault_from(0);
    EQ(7, filch_sync(&job));
    CHECK(fault_end() > 0);
}

static int
nothing(void *arg)
{
    return arg != NULL;
}

static filch_event event;

static int
wait_for_event(void *arg)
{
    atomic_store(&begun, true);
    OK(filch_event_wait(&event));
    return (int)(intptr_t)arg;
}

static void *
set_event(void *arg)
{
    filch_event_set(&event);
    return arg;
}

/* A job that has begun elsewhere, and waits there. */
static void
fork_and_let_begin(filch_job *job, filch_fn fn)
{
    atomic_store(&begun, false);
    filch_fork(job, fn, (void *)7);
    while (!atomic_load(&begun))
        filch_yield();
}

static void
submit(int n)
{
    for (int i = 0; i < n; ++i)
        OK(filch_submit(filch_runtime_current(), NULL, nothing, NULL));
}

static void
sync_without_stacks(filch_job *job)
{
    shortage_begin();
    fault_from(0);
    EQ(7, filch_sync(job));
    fault_end();
}

/* What needs a stack to begin does not keep those from going on who have one. */
ONE_WORKER_TEST(
    sync_without_stacks_lets_a_job_go_on_beside_one_that_cannot_begin)
{
    skip_where_stacks_may_run_out();
    filch_job job;
    fork_and_let_begin(&job, sleep_and_return);
    submit(1);
    sync_without_stacks(&job);
}

ONE_WORKER_TEST(
    sync_without_stacks_lets_a_job_go_on_behind_many_that_cannot_begin)
{
    skip_where_stacks_may_run_out();
    filch_job job;
    fork_and_let_begin(&job, wait_for_event);
    submit(1200); /* more than the ring holds */
    thread_join(thread_start(set_event, NULL));
    sync_without_stacks(&job);
}

ONE_WORKER_TEST(sync_without_stacks_calls_a_job_that_lies_below_a_task)
{
    skip_where_stacks_may_run_out();
    filch_job job;
    filch_fork(&job, work, (void *)7);
    OK(filch_spawn(NULL, nothing, NULL));
    sync_without_stacks(&job);
}

static atomic_bool submitted_ran;

static int
note_run(void *arg)
{
    atomic_store(&submitted_ran, true);
    return arg != NULL;
}

/* On the worker that has stacks. */
static int
yield_until_submitted_has_run(void *arg)
{
    atomic_store(&begun, true);
    for (int i = 0; i < 100 && !atomic_load(&submitted_ran); ++i) {
        compute_until(filch_after(FILCH_MS(10)));
        filch_yield();
    }
    CHECK(atomic_load(&submitted_ran));
    return (int)(intptr_t)arg;
}

static int
submit_and_sync(void *arg)
{
    filch_job job;
    filch_fork(&job, yield_until_submitted_has_run, arg);
    while (!atomic_load(&begun)) /* by the other worker */
        sched_yield();
    OK(filch_submit(filch_runtime_current(), NULL, note_run, NULL));
    shortage_begin();
    fault_from(0);
    int status = filch_sync(&job);
    fault_end();
    return status;
}

TEST(worker_without_stacks_leaves_what_was_submitted_to_one_that_has_some)
{
    skip_where_stacks_may_run_out();
    filch_config config = {.workers = 2};
    EQ(7, filch_run(&config, submit_and_sync, (void *)7));
}

/* --- A deque that cannot grow -------------------------------------------- */

TEST(deque_that_cannot_grow_takes_as_many_as_it_has_room_for)
{
    fl_deque deque;
    int entry, taken = FL_DEQUE_FIRST / 4;
    OK(fl_deque_init(&deque));
    for (int i = 0; i < FL_DEQUE_FIRST; ++i)
        OK(fl_deque_push(&deque, &entry));
    for (int i = 0; i < taken; ++i)
        CHECK(fl_deque_shift(&deque) == &entry);
    fault_from(0);
    for (int i = 0; i < taken; ++i)
        OK(fl_deque_push(&deque, &entry)); /* they are moved back */
    EQ(ENOMEM, fl_deque_push(&deque, &entry));
    CHECK(fault_end() > 0);
    OK(fl_deque_push(&deque, &entry));
    EQ(FL_DEQUE_FIRST + 1, fl_deque_size(&deque));
    fl_deque_free(&deque);
}

enum { MANY = 2000 };
static filch_task *tasks[MANY];

static void
join_many(void)
{
    for (int i = 0; i < MANY; ++i)
        EQ(i, join(tasks[i]));
    EQ(MANY, atomic_exchange(&ran, 0));
}

static int
spawn_many(void *arg)
{
    for (intptr_t i = 0; i < MANY; ++i)
        tasks[i] = spawn(work, (void *)i);
    join_many(); /* their descriptors are there from now on */
    return arg != NULL;
}

static int
spawn_more_than_fit(void *arg)
{
    fault_from(0);
    for (intptr_t i = 0; i < MANY; ++i)
        tasks[i] = spawn(work, (void *)i);
    CHECK(fault_end() > 0);
    join_many();
    return arg != NULL;
}

TEST(tasks_that_do_not_fit_into_a_deque_that_cannot_grow_run_as_well)
{
    skip_where_stacks_may_run_out();
    filch_config config = {.workers = 1};
    OK(filch_run(&config, spawn_many, NULL));
    OK(filch_run(&config, spawn_more_than_fit, NULL)); /* a deque as new */
}
