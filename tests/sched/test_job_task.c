/* A job belongs to the task that forked it; both may suspend. */
#include "../harness/harness.h"
#include <signal.h>

static filch_event gate, reached;

static int
give(void *arg)
{
    return (int)(intptr_t)arg;
}

static int
wait_at_gate(void *arg)
{
    int status = filch_event_wait(&gate);
    return status ? status : (int)(intptr_t)arg;
}

/* --- Belonging ----------------------------------------------------------- */

static int
look_at_forker(void *arg)
{
    CHECK(filch_current() == arg);
    CHECK(filch_cancelled());
    OK(filch_sleep(0)); /* shielded, stolen or not */
    OK(filch_event_wait(&reached));
    CHECK(filch_current() == arg);
    return 0;
}

static int
fork_cancelled(void *arg)
{
    filch_job jobs[3];
    (void)arg;
    filch_event_set(&reached);
    OK(filch_cancel(filch_current()));
    for (int i = 0; i < 3; ++i)
        filch_fork(&jobs[i], look_at_forker, filch_current());
    for (int i = 0; i < 100; ++i)
        sched_yield(); /* time for thieves */
    for (int i = 2; i >= 0; --i)
        EQ(0, filch_sync(&jobs[i]));
    return filch_sleep(0); /* not shielded out here */
}

TASK_TEST(job_tells_the_forkers_current_and_cancelled_and_is_shielded)
{
    for (int i = 0; i < 50; ++i)
        EQ(ECANCELED, join(spawn(fork_cancelled, NULL)));
}

static int
end_more_shields(void *arg)
{
    (void)arg;
    filch_shield_end();
    filch_shield_end();
    filch_shield_begin();
    OK(filch_sleep(0));
    filch_shield_end();
    return filch_sleep(0); /* shielded all the same, as each job is */
}

static int
begin_a_shield(void *arg)
{
    (void)arg;
    filch_shield_begin();
    return 0;
}

static int
fork_careless(void *arg)
{
    filch_job job;
    filch_fork(&job, (filch_fn)(uintptr_t)arg, NULL);
    OK(filch_sync(&job));
    OK(filch_cancel(filch_current()));
    FAILS(ECANCELED, filch_sleep(0));
    filch_shield_begin();
    OK(filch_sleep(0));
    filch_shield_end();
    return filch_sleep(0);
}

TASK_TEST(job_that_leaves_shields_unbalanced_does_not_change_its_forkers)
{
    EQ(ECANCELED,
       join(spawn(fork_careless, (void *)(uintptr_t)end_more_shields)));
    EQ(ECANCELED,
       join(spawn(fork_careless, (void *)(uintptr_t)begin_a_shield)));
}

static int
shield_between(void *arg)
{
    filch_job job;
    for (int i = 0; i < 4; ++i) {
        filch_fork(&job, i % 2 ? give : begin_a_shield, arg);
        filch_shield_begin();
        EQ(i % 2 ? 5 : 0, filch_sync(&job));
        filch_fork(&job, give, arg);
        filch_shield_end();
        EQ(5, filch_sync(&job));
    }
    OK(filch_cancel(filch_current()));
    return filch_sleep(0);
}

TASK_TEST(forker_may_be_shielded_between_fork_and_sync_or_no_more)
{
    EQ(ECANCELED, join(spawn(shield_between, (void *)5)));
}

static int
fork_deeper(void *arg)
{
    uintptr_t depth = (uintptr_t)arg;
    filch_job job;
    if (depth == 0)
        return filch_sleep(0);
    filch_fork(&job, fork_deeper, (void *)(depth - 1));
    return filch_sync(&job);
}

static int
fork_deep_and_cancelled(void *arg)
{
    OK(filch_cancel(filch_current()));
    return fork_deeper(arg);
}

/* 65,536, where a shield that is counted in 16 bits is none. */
ONE_WORKER_TEST(jobs_are_shielded_however_deep_they_are_nested)
{
    filch_task_options options = {.stack_size = (size_t)128 << 20};
    filch_task *task;
    if (UNDER_SANITIZER)
        skip("their frames are larger than any stack");
    OK(filch_spawn_with(&task, fork_deep_and_cancelled,
                        (void *)(uintptr_t)65536, &options));
    EQ(0, join(task));
}

static int
is_not_cancelled(void *arg)
{
    CHECK(filch_current() == arg);
    CHECK(!filch_cancelled());
    return 0;
}

TASK_TEST(job_is_not_cancelled_where_its_forker_is_not)
{
    for (int i = 0; i < 1000; ++i) {
        filch_job job;
        filch_fork(&job, is_not_cancelled, filch_current());
        EQ(0, filch_sync(&job));
    }
}

/* --- Suspending ---------------------------------------------------------- */

static void
open_gate(void *arg)
{
    filch_event_set(arg);
}

TASK_TEST(job_may_suspend)
{
    filch_job jobs[10];
    for (intptr_t i = 0; i < 10; ++i)
        filch_fork(&jobs[i], wait_at_gate, (void *)i);
    OK(filch_call_later(NULL, FILCH_MS(2), open_gate, &gate));
    for (int i = 9; i >= 0; --i)
        EQ(i, filch_sync(&jobs[i]));
}

static int
sync_with_gate(void *arg)
{
    filch_job job;
    (void)arg;
    filch_fork(&job, wait_at_gate, (void *)6);
    filch_event_set(&reached);
    EQ(6, filch_sync(&job));
    return filch_sleep(0);
}

TASK_TEST(sync_cannot_be_cancelled)
{
    filch_task *task = spawn(sync_with_gate, NULL);
    OK(filch_event_wait(&reached));
    OK(filch_cancel(task));
    for (int i = 0; i < 100; ++i)
        let_others_run();
    CHECK(!filch_task_done(task));
    filch_event_set(&gate);
    EQ(ECANCELED, join(task)); /* by the sleep after it */
}

static int
suspend_between(void *arg)
{
    filch_job jobs[3];
    for (intptr_t round = 0; round < 20; ++round) {
        for (intptr_t i = 0; i < 3; ++i) {
            filch_fork(&jobs[i], give, (void *)(round + i));
            filch_yield();
        }
        OK(filch_sleep(FILCH_US(round * 10)));
        for (intptr_t i = 2; i >= 0; --i) {
            EQ(round + i, filch_sync(&jobs[i]));
            filch_yield();
        }
    }
    return arg != NULL;
}

/* With many at it, tasks move to other workers meanwhile. */
TASK_TEST(forker_may_suspend_and_move_between_fork_and_sync)
{
    filch_task *tasks[20];
    for (int i = 0; i < 20; ++i)
        tasks[i] = spawn(suspend_between, NULL);
    for (int i = 0; i < 20; ++i)
        EQ(0, join(tasks[i]));
}

struct node {
    int depth;
    uint64_t state;
};

/* A random tree whose nodes fork, yield, sleep and spawn. */
static int
grow(void *arg)
{
    struct node *node = arg, left, right;
    filch_job job;
    if (node->depth == 0)
        return 1;
    left = (struct node){node->depth - 1, node->state * 2 + 1};
    right = (struct node){node->depth - 1, node->state * 2 + 2};
    filch_fork(&job, grow, &left);
    switch (chance(&node->state, 16)) {
    case 0:
        filch_yield();
        break;
    case 1:
        OK(filch_sleep(FILCH_US(5)));
        break;
    case 2:
        EQ(9, join(spawn(give, (void *)9)));
    }
    int sum = grow(&right);
    return sum + filch_sync(&job);
}

TASK_TEST(jobs_and_their_forkers_suspend_at_random)
{
    int depth = UNDER_SANITIZER ? 7 : 10;
    for (uint64_t i = 0; i < 5; ++i) {
        struct node root = {depth, test_seed() + i};
        EQ(1 << depth, grow(&root));
    }
}

/* --- Misuse, in child processes ------------------------------------------ */

static int
sync_in_the_wrong_order(void *arg)
{
    filch_job one, two;
    filch_fork(&one, give, arg);
    filch_fork(&two, give, arg);
    filch_sync(&one);
    filch_sync(&two);
    return 0;
}

static int
sync_twice(void *arg)
{
    filch_job one, two;
    filch_fork(&one, give, arg);
    filch_fork(&two, give, arg);
    filch_sync(&two);
    filch_sync(&two);
    filch_sync(&one);
    return 0;
}

/* As many are not synced then as were when the job was forked. */
static int
sync_again_in_anothers_place(void *arg)
{
    filch_job one, two;
    filch_fork(&one, give, arg);
    filch_sync(&one);
    filch_fork(&two, give, arg);
    return filch_sync(&one);
}

static int
sync_what_was_not_forked(void *arg)
{
    static filch_job job;
    (void)arg;
    return filch_sync(&job);
}

static filch_job lent;

static int
sync_lent(void *arg)
{
    filch_job own;
    filch_fork(&own, give, arg); /* as many as its forker had */
    return filch_sync(&lent);
}

static int
lend(void *arg)
{
    filch_fork(&lent, give, arg);
    return join(spawn(sync_lent, arg));
}

static int
end_without_sync(void *arg)
{
    static filch_job job;
    filch_fork(&job, give, arg);
    return 0;
}

static int
end_task_without_sync(void *arg)
{
    filch_task *task = spawn(end_without_sync, arg);
    return join(task);
}

static filch_fn misuse;

static void
run_misuse(void)
{
    run_on(test_workers(), misuse, NULL);
}

static void
aborts_with_a_message(filch_fn fn)
{
    struct child child;
    misuse = fn;
    child_run(&child, run_misuse);
    CHILD_DIED(&child, SIGABRT);
    CHILD_SAID(&child, "filch");
    CHILD_SAID(&child, "sync");
}

TEST(sync_in_the_wrong_order_aborts_with_a_message)
{
    aborts_with_a_message(sync_in_the_wrong_order);
}

TEST(sync_again_aborts_with_a_message)
{
    aborts_with_a_message(sync_twice);
}

TEST(sync_again_in_the_place_of_another_aborts_with_a_message)
{
    aborts_with_a_message(sync_again_in_anothers_place);
}

TEST(sync_of_what_was_not_forked_aborts_with_a_message)
{
    aborts_with_a_message(sync_what_was_not_forked);
}

TEST(sync_of_another_tasks_job_aborts_with_a_message)
{
    aborts_with_a_message(lend);
}

TEST(end_of_main_with_a_job_that_is_not_synced_aborts_with_a_message)
{
    aborts_with_a_message(end_without_sync);
}

static int
do_nothing(void *arg)
{
    return arg != NULL;
}

static int
leave_job_behind(void *arg)
{
    static filch_job left;
    filch_fork(&left, do_nothing, arg);
    return 0;
}

static int
end_job_without_sync(void *arg)
{
    filch_job job;
    filch_fork(&job, leave_job_behind, arg);
    return filch_sync(&job);
}

TEST(end_of_a_job_with_a_job_that_is_not_synced_aborts_with_a_message)
{
    aborts_with_a_message(end_job_without_sync);
}

TEST(end_of_a_task_with_a_job_that_is_not_synced_aborts_with_a_message)
{
    aborts_with_a_message(end_task_without_sync);
}

static void
call_back_without_sync(void *event)
{
    (void)leave_job_behind(NULL);
    filch_event_set(event);
}

static int
wait_for_callback_without_sync(void *arg)
{
    static filch_event event;
    OK(filch_call_soon(call_back_without_sync, &event));
    OK(filch_event_wait(&event));
    return arg != NULL;
}

TEST(end_of_a_callback_with_a_job_that_is_not_synced_aborts_with_a_message)
{
    aborts_with_a_message(wait_for_callback_without_sync);
}
