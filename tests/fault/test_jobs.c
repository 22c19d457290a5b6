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
