/* filch_run: a runtime from its start to its end. */
#include "../harness/harness.h"
#include <sys/mman.h>
#include <unistd.h>

static atomic_int ran, ended;

static int
give(void *arg)
{
    atomic_fetch_add(&ran, 1);
    return (int)(intptr_t)arg;
}

static int
run(filch_fn fn, void *arg)
{
    filch_config config = {.workers = test_workers()};
    return filch_run(&config, fn, arg);
}

/* --- main ---------------------------------------------------------------- */

TEST(run_returns_the_status_of_main)
{
    EQ(0, run(give, NULL));
    EQ(42, run(give, (void *)42));
    EQ(ECANCELED, run(give, (void *)ECANCELED));
    EQ(3, atomic_load(&ran));
}

static int
look_at_oneself(void *arg)
{
    CHECK(filch_current() != NULL);
    CHECK(filch_runtime_current() != NULL);
    CHECK(!filch_cancelled());
    *(filch_runtime **)arg = filch_runtime_current();
    return 0;
}

TEST(run_runs_main_as_a_task_of_the_runtime)
{
    filch_runtime *runtime = NULL;
    EQ(0, run(look_at_oneself, &runtime));
    CHECK(runtime != NULL);
    CHECK(filch_runtime_current() == NULL);
    CHECK(filch_current() == NULL);
}

TEST(run_may_be_called_again_and_again)
{
    for (int i = 0; i < 30; ++i)
        EQ(i, run(give, (void *)(intptr_t)i));
    EQ(30, atomic_load(&ran));
}

TEST(run_without_a_configuration_takes_the_defaults)
{
    EQ(7, filch_run(NULL, give, (void *)7));
}

static int
run_inside(void *arg)
{
    FAILS(EDEADLK, filch_run(NULL, give, NULL));
    FAILS(EDEADLK, run(give, NULL));
    return arg != NULL;
}

TEST(run_in_a_task_is_EDEADLK)
{
    EQ(0, run(run_inside, NULL));
    EQ(0, atomic_load(&ran));
}

static void
run_in_callback(void *arg)
{
    run_inside(NULL);
    filch_event_set(arg);
}

TASK_TEST(run_in_a_callback_is_EDEADLK)
{
    static filch_event done;
    OK(filch_call_soon(run_in_callback, &done));
    OK(filch_event_wait(&done));
    EQ(0, atomic_load(&ran));
}

/* --- Workers ------------------------------------------------------------- */

static atomic_uint at_once;

/* None of them suspends, so each needs a worker of its own. */
static int
meet_without_suspending(void *arg)
{
    atomic_fetch_add(&at_once, 1);
    while (atomic_load(&at_once) < test_workers())
        sched_yield();
    return arg != NULL;
}

TASK_TEST(run_has_as_many_workers_as_asked_for)
{
    filch_task *tasks[64];
    for (unsigned i = 0; i < test_workers(); ++i)
        tasks[i] = spawn(meet_without_suspending, NULL);
    for (unsigned i = 0; i < test_workers(); ++i)
        EQ(0, join(tasks[i]));
}

static int
look_for_workers(void *arg)
{
    EQ(test_workers(), threads_named(arg));
    return 0;
}

TEST(run_leaves_no_thread_behind)
{
    filch_config config = {.workers = test_workers(), .name = "passing"};
    for (int i = 0; i < 5; ++i) {
        UNTIL(threads_named("passing") == 0);
        OK(filch_run(&config, look_for_workers, "passing"));
    }
    UNTIL(threads_named("passing") == 0);
}

static int
is_pthread(void *arg)
{
    *(pthread_t *)arg = pthread_self();
    return 0;
}

TEST(workers_are_always_new_threads)
{
    pthread_t thread = pthread_self();
    EQ(0, run(is_pthread, &thread));
    CHECK(!pthread_equal(thread, pthread_self()));
}

/* --- The end: tasks that are still alive --------------------------------- */

static int
wait_for_the_end(void *arg)
{
    int status = filch_sleep(FILCH_SEC(3600));
    FAILS(ECANCELED, status);
    CHECK(filch_cancelled());
    atomic_fetch_add(&ended, 1);
    return arg != NULL;
}

static int
leave_tasks_behind(void *arg)
{
    for (intptr_t i = 0; i < (intptr_t)arg; ++i)
        OK(filch_spawn(NULL, wait_for_the_end, NULL));
    filch_yield(); /* some have started by now, others have not */
    return 0;
}

TEST(run_cancels_the_tasks_still_alive_and_waits_for_their_end)
{
    EQ(0, run(leave_tasks_behind, (void *)500));
    EQ(500, atomic_load(&ended));
}

static int
spawn_at_the_end(void *arg)
{
    intptr_t generations = (intptr_t)arg;
    FAILS(ECANCELED, filch_sleep(FILCH_SEC(3600)));
    atomic_fetch_add(&ended, 1);
    if (generations > 0)
        OK(filch_spawn(NULL, spawn_at_the_end, (void *)(generations - 1)));
    return 0;
}

static int
leave_spawner_behind(void *arg)
{
    OK(filch_spawn(NULL, spawn_at_the_end, arg));
    return 0;
}

TEST(run_starts_tasks_that_are_spawned_at_the_end_cancelled)
{
    EQ(0, run(leave_spawner_behind, (void *)10));
    EQ(11, atomic_load(&ended));
}

static int
clean_up_shielded(void *arg)
{
    FAILS(ECANCELED, filch_sleep(FILCH_SEC(3600)));
    filch_shield_begin();
    OK(filch_sleep(FILCH_MS(20)));
    filch_shield_end();
    atomic_fetch_add(&ended, 1);
    return arg != NULL;
}

static int
leave_shielded_behind(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10; ++i)
        OK(filch_spawn(NULL, clean_up_shielded, NULL));
    return 0;
}

TEST(run_waits_for_tasks_that_clean_up_under_a_shield)
{
    EQ(0, run(leave_shielded_behind, NULL));
    EQ(10, atomic_load(&ended));
}

static filch_task *left[3];

static int
leave_handles_behind(void *arg)
{
    (void)arg;
    OK(filch_spawn_with(&left[0], give, (void *)5,
                        &(filch_task_options){.name = "five"}));
    left[1] = spawn(wait_for_the_end, NULL);
    left[2] = filch_task_hold(filch_current());
    return 6;
}

TEST(handles_outlive_their_runtime)
{
    EQ(6, run(leave_handles_behind, NULL));
    for (int i = 0; i < 3; ++i)
        CHECK(filch_task_done(left[i]));
    EQ(5, filch_task_status(left[0]));
    CHECK(strcmp("five", filch_task_name(left[0])) == 0);
    OK(filch_cancel(left[0]));
    EQ(5, join(left[0]));
    OK(filch_wait(&left[1], 1, FILCH_ALL_COMPLETED, NULL));
    EQ(0, join(left[1]));
    EQ(6, filch_task_status(left[2]));
    filch_task_release(left[2]);
}

/* --- The end: objects ---------------------------------------------------- */

static filch_event survivor;
static filch_queue numbers;

static int
put_and_set(void *arg)
{
    OK(filch_queue_put(&numbers, arg));
    filch_event_set(&survivor);
    return 0;
}

TEST(primitives_belong_to_no_runtime_and_outlive_all_of_them)
{
    void *item;
    for (intptr_t i = 0; i < 5; ++i) {
        EQ(0, run(put_and_set, (void *)i));
        OK(filch_event_wait(&survivor));
    }
    for (intptr_t i = 0; i < 5; ++i) {
        OK(filch_queue_get(&numbers, &item));
        EQ(i, (intptr_t)item);
    }
    OK(filch_queue_destroy(&numbers));
}

/* --- Somebody who does not end ------------------------------------------- */

/*
 * Standard error is a file, where these look until both are named, rather than
 * trust in time.
 */
static int said_to;

static bool
both_are_named(void)
{
    char text[4096];
    ssize_t n = pread(said_to, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    return strstr(text, "the shielded one") &&
           strstr(text, "the computing one");
}

static int
shield_past_the_end(void *arg)
{
    filch_shield_begin();
    while (!both_are_named())
        OK(filch_sleep(FILCH_MS(1)));
    filch_shield_end();
    atomic_fetch_add(&ended, 1);
    return arg != NULL;
}

static int
compute_past_the_end(void *arg)
{
    while (!both_are_named())
        sched_yield();
    atomic_fetch_add(&ended, 1);
    return arg != NULL;
}

static void
spawn_named(filch_fn fn, const char *name)
{
    filch_task_options options = {.name = name};
    OK(filch_spawn_with(NULL, fn, NULL, &options));
}

static int
leave_delayers_behind(void *arg)
{
    spawn_named(shield_past_the_end, "the shielded one");
    spawn_named(compute_past_the_end, "the computing one");
    spawn_named(wait_for_the_end, "the prompt one");
    return arg != NULL;
}

static void
run_with_delayers(void)
{
    char text[4096];
    FILE *file = fdopen(memfd_create("said", MFD_CLOEXEC), "w+");
    int stderr_before = dup(STDERR_FILENO);
    CHECK(file != NULL && stderr_before >= 0);
    said_to = fileno(file);
    CHECK(dup2(said_to, STDERR_FILENO) == STDERR_FILENO);
    EQ(0, run(leave_delayers_behind, NULL));
    CHECK(dup2(stderr_before, STDERR_FILENO) == STDERR_FILENO);
    EQ(3, atomic_load(&ended)); /* they were waited for */
    rewind(file);
    while (fgets(text, sizeof text, file))
        fputs(text, stderr);
    fclose(file);
}

TEST(tasks_that_delay_the_end_for_5_s_are_named_on_standard_error)
{
    struct child child;
    if (test_workers() != 2)
        skip("it takes long, and is the same with any number of workers");
    child_run(&child, run_with_delayers);
    CHILD_EXITED(&child, 0);
    CHILD_SAID(&child, "the shielded one");
    CHILD_SAID(&child, "the computing one");
    CHECK(strstr(child.output, "the prompt one") == NULL);
    CHECK(strstr(child.output, "main") == NULL);
}

static int
leave_prompt_tasks_behind(void *arg)
{
    for (int i = 0; i < 20; ++i)
        spawn_named(wait_for_the_end, "the prompt one");
    filch_yield();
    return arg != NULL;
}

static void
run_with_prompt_tasks(void)
{
    EQ(0, run(leave_prompt_tasks_behind, NULL));
}

TEST(run_whose_tasks_end_when_cancelled_says_nothing)
{
    struct child child;
    child_run(&child, run_with_prompt_tasks);
    CHILD_EXITED(&child, 0);
    EQ(0, strlen(child.output));
}

/* --- What a run's tasks did, seen after it -------------------------------- */

enum { DETACHED = 50 };
static int written[DETACHED]; /* plain: the end of the run is to publish it */

static int
write_one(void *arg)
{
    int *one = arg;
    filch_yield();
    *one = 1;
    return 0;
}

static int
spawn_writers(void *arg)
{
    (void)arg;
    for (int i = 0; i < DETACHED; ++i)
        OK(filch_spawn(NULL, write_one, &written[i]));
    return 0;
}

TEST(run_ends_after_all_that_its_detached_tasks_did)
{
    run_on(test_workers(), spawn_writers, NULL);
    for (int i = 0; i < DETACHED; ++i)
        EQ(1, written[i]);
}
