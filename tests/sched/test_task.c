/* Spawning, joining, handles, names. */
#include "../harness/harness.h"

static filch_event gate;
static atomic_int ran;

static int
give(void *arg)
{
    atomic_fetch_add(&ran, 1);
    return (int)(intptr_t)arg;
}

static int
wait_at_gate(void *arg)
{
    int status = filch_event_wait(&gate);
    atomic_fetch_add(&ran, 1);
    return status ? status : (int)(intptr_t)arg;
}

/* --- Spawning ------------------------------------------------------------ */

TASK_TEST(task_that_is_spawned_runs_its_function_with_its_argument)
{
    filch_task *task;
    int status = -1;
    OK(filch_spawn(&task, give, (void *)42));
    OK(filch_join(task, &status));
    EQ(42, status);
    EQ(1, atomic_load(&ran));
}

TASK_TEST(task_that_is_detached_runs_without_a_handle)
{
    for (int i = 0; i < 1000; ++i)
        OK(filch_spawn(NULL, give, NULL));
    UNTIL(atomic_load(&ran) == 1000);
}

static int
spawn_tree(void *arg)
{
    intptr_t depth = (intptr_t)arg;
    filch_task *children[2];
    if (depth == 0)
        return give(NULL);
    for (int i = 0; i < 2; ++i)
        children[i] = spawn(spawn_tree, (void *)(depth - 1));
    for (int i = 0; i < 2; ++i)
        EQ(0, join(children[i]));
    return 0;
}

TASK_TEST(task_may_spawn_and_join_tasks_itself)
{
    EQ(0, join(spawn(spawn_tree, (void *)10)));
    EQ(1024, atomic_load(&ran));
}

TEST(task_cannot_be_spawned_on_a_plain_thread)
{
    filch_task *task;
    FAILS(EPERM, filch_spawn(&task, give, NULL));
    FAILS(EPERM, filch_spawn(NULL, give, NULL));
    FAILS(EPERM, filch_spawn_with(&task, give, NULL,
                                  &(filch_task_options){.name = "none"}));
    EQ(0, atomic_load(&ran));
}

static filch_task *of_callback;

static void
spawn_in_callback(void *arg)
{
    OK(filch_spawn(&of_callback, give, (void *)7));
    filch_event_set(arg);
}

TASK_TEST(task_may_be_spawned_in_a_callback)
{
    static filch_event spawned;
    OK(filch_call_soon(spawn_in_callback, &spawned));
    OK(filch_event_wait(&spawned));
    EQ(7, join(of_callback));
}

/* --- Joining ------------------------------------------------------------- */

TASK_TEST(task_join_waits_for_the_end_and_takes_the_status_where_asked)
{
    filch_task *task = park(wait_at_gate, (void *)5);
    filch_event_set(&gate);
    EQ(5, join(task));
    task = spawn(give, (void *)5);
    OK(filch_join(task, NULL));
    EQ(2, atomic_load(&ran));
}

TASK_TEST(task_join_of_one_that_has_ended_returns_at_once)
{
    filch_task *task = spawn(give, (void *)9);
    int status;
    UNTIL(filch_task_done(task));
    OK(filch_join_until(task, &status, past()));
    EQ(9, status);
}

TASK_TEST(task_join_of_oneself_is_EDEADLK_and_the_handle_stays)
{
    filch_task *self = filch_task_hold(filch_current());
    FAILS(EDEADLK, filch_join(self, NULL));
    FAILS(EDEADLK, filch_join_until(self, NULL, filch_after(FILCH_SEC(9))));
    EQ(EBUSY, filch_task_status(self));
    filch_task_release(self);
}

TASK_TEST(task_join_that_times_out_leaves_the_handle)
{
    filch_task *task = park(wait_at_gate, (void *)3);
    int status = -1;
    FAILS(ETIMEDOUT, filch_join_until(task, &status, past()));
    FAILS(ETIMEDOUT, filch_join_until(task, &status, filch_after(FILCH_MS(1))));
    EQ(-1, status);
    filch_event_set(&gate);
    EQ(3, join(task));
}

static filch_task *child;

static int
join_child(void *arg)
{
    (void)arg;
    return filch_join(child, NULL);
}

/* The child must not run on top of the joiner's stack. */
TASK_TEST(task_join_may_be_cancelled_while_the_child_waits)
{
    child = spawn(wait_at_gate, (void *)3);
    filch_task *joiner = park(join_child, NULL);
    OK(filch_cancel(joiner));
    EQ(ECANCELED, join(joiner)); /* the child is still at the gate */
    CHECK(!filch_task_done(child));
    filch_event_set(&gate);
    EQ(3, join(child));
}

TASK_TEST(task_may_be_joined_by_each_holder_of_a_handle)
{
    filch_task *joiners[10];
    child = spawn(wait_at_gate, NULL);
    for (int i = 0; i < 10; ++i) {
        filch_task_hold(child);
        joiners[i] = spawn(join_child, NULL);
    }
    filch_event_set(&gate);
    for (int i = 0; i < 10; ++i)
        EQ(0, join(joiners[i]));
    EQ(0, join(child));
}

static filch_event joined;

static void *
join_in_thread(void *arg)
{
    EQ(6, join(arg));
    filch_event_set(&joined);
    return NULL;
}

TASK_TEST(task_may_be_joined_by_a_plain_thread)
{
    filch_task *task = park(wait_at_gate, (void *)6);
    pthread_t thread = thread_start(join_in_thread, task);
    filch_event_set(&gate);
    OK(filch_event_wait(&joined));
    thread_join(thread);
}

/* --- Handles ------------------------------------------------------------- */

TASK_TEST(task_release_gives_the_handle_back_without_waiting)
{
    filch_task *task = park(wait_at_gate, NULL);
    filch_task_release(task);
    EQ(0, atomic_load(&ran));
    filch_event_set(&gate);
    UNTIL(atomic_load(&ran) == 1);
    filch_task_release(NULL);
}

TASK_TEST(task_hold_makes_another_handle_of_the_same_task)
{
    filch_task *task = spawn(give, (void *)8);
    filch_task *other = filch_task_hold(task);
    EQ(8, join(task));
    CHECK(filch_task_done(other));
    EQ(8, filch_task_status(other));
    EQ(8, join(other));
}

TASK_TEST(task_status_is_EBUSY_before_the_end_and_then_what_it_returned)
{
    filch_task *task = park(wait_at_gate, (void *)4);
    CHECK(!filch_task_done(task));
    EQ(EBUSY, filch_task_status(task));
    filch_event_set(&gate);
    UNTIL(filch_task_done(task));
    EQ(4, filch_task_status(task));
    filch_task_release(task);
}

TASK_TEST(task_current_is_the_task_that_calls)
{
    filch_task *self = filch_current();
    CHECK(self != NULL);
    filch_yield();
    CHECK(filch_current() == self);
}

static filch_task *seen;

static int
see_current(void *arg)
{
    (void)arg;
    seen = filch_current();
    filch_yield();
    CHECK(filch_current() == seen);
    return 0;
}

TASK_TEST(task_current_is_what_spawn_gave)
{
    filch_task *task = spawn(see_current, NULL), *handle = task;
    EQ(0, join(task));
    CHECK(seen == handle);
}

static void
current_in_callback(void *arg)
{
    CHECK(filch_current() == NULL);
    filch_event_set(arg);
}

TASK_TEST(task_current_is_NULL_in_a_callback)
{
    OK(filch_call_soon(current_in_callback, &gate));
    OK(filch_event_wait(&gate));
}

TEST(task_current_is_NULL_on_a_plain_thread)
{
    CHECK(filch_current() == NULL);
}
