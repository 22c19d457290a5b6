/*
 * ThreadSanitizer sees the races of programs that use filch: one planted
 * between two tasks is reported in every run, one between two tasks of the
 * same worker too; and what filch orders is not reported.
 */
#include "../harness/harness.h"

#include <dlfcn.h>

enum { RUNS = 20 };

/* Reports without names, which take most of a second each to be looked up. */
const char *__tsan_default_options(void);

const char *
__tsan_default_options(void)
{
    return "symbolize=0";
}

static int shared[8];
static filch_event event, other;
static filch_queue queue;
static filch_lock lock;

/* --- What is planted ----------------------------------------------------- */

/* Several words, several times, since the sanitizer itself may miss that two
 * threads touch one at the very same moment: both look for the other before they
 * have left a trace. Two plain threads that keep in step over eight words go
 * unseen about once in a thousand times. */
__attribute__((noinline)) static int
write_shared(void *arg)
{
    for (int i = 0; i < 4 * 8; ++i)
        ++shared[i % 8];
    return arg != NULL;
}

static int
race_of_tasks(void *arg)
{
    filch_task *one = spawn(write_shared, NULL);
    filch_task *two = spawn(write_shared, NULL);
    EQ(0, join(one));
    EQ(0, join(two));
    return arg != NULL;
}

static int
write_after_yield(void *arg)
{
    filch_yield();
    return write_shared(arg);
}

/* The two have stacks of their own when they come to it. */
static int
race_of_tasks_that_suspended(void *arg)
{
    filch_task *one = spawn(write_after_yield, NULL);
    filch_task *two = spawn(write_after_yield, NULL);
    EQ(0, join(one));
    EQ(0, join(two));
    return arg != NULL;
}

static int
race_with_parent(void *arg)
{
    filch_task *task = spawn(write_shared, NULL);
    write_shared(NULL);
    EQ(0, join(task));
    return arg != NULL;
}

static atomic_bool stolen;

static int
write_when_stolen(void *arg)
{
    write_shared(NULL);
    atomic_store_explicit(&stolen, true, memory_order_relaxed);
    return arg != NULL;
}

/* A job that nobody steals is a function call, which races with nothing. */
static int
race_with_stolen_job(void *arg)
{
    filch_job job;
    filch_fork(&job, write_when_stolen, NULL);
    while (!atomic_load_explicit(&stolen, memory_order_relaxed))
        sched_yield();
    write_shared(NULL);
    EQ(0, filch_sync(&job));
    return arg != NULL;
}

static int
set_and_write(void *arg)
{
    filch_event_set(&event);
    return write_shared(arg);
}

/* The set orders what came before it, and not what comes after. */
static int
race_after_set(void *arg)
{
    filch_task *task = spawn(set_and_write, NULL);
    OK(filch_event_wait(&event));
    write_shared(NULL);
    EQ(0, join(task));
    return arg != NULL;
}

static void
write_in_callback(void *arg)
{
    write_shared(arg);
    filch_event_set(&event);
}

static int
race_with_callback(void *arg)
{
    OK(filch_call_soon(write_in_callback, NULL));
    write_shared(NULL);
    OK(filch_event_wait(&event));
    return arg != NULL;
}

static atomic_bool called;

static void
write_and_tell(void *arg)
{
    write_shared(arg);
    atomic_store_explicit(&called, true, memory_order_relaxed);
}

static int
write_if_called(void *arg)
{
    bool after = atomic_load_explicit(&called, memory_order_relaxed);
    return after ? write_shared(arg) + 1 : 0;
}

/* A task that begins on a worker after a callback there is not after it. */
static int
race_with_an_earlier_callback(void *arg)
{
    OK(filch_call_soon(write_and_tell, NULL));
    while (!join(spawn(write_if_called, NULL)))
        ;
    return arg != NULL;
}

static int
write_and_sleep(void *arg)
{
    write_and_tell(arg);
    return filch_sleep(FILCH_US(1));
}

static int
sleep_and_write(void *arg)
{
    do
        OK(filch_sleep(FILCH_US(100)));
    while (!atomic_load_explicit(&called, memory_order_relaxed));
    return write_shared(arg);
}

/* That both are woken by one worker's timers orders nothing. */
static int
race_of_sleepers(void *arg)
{
    filch_task *one = spawn(write_and_sleep, NULL);
    filch_task *two = spawn(sleep_and_write, NULL);
    EQ(0, join(one));
    EQ(0, join(two));
    return arg != NULL;
}

static int
race_of_a_sleeper_with_a_callback(void *arg)
{
    OK(filch_call_soon(write_and_tell, NULL));
    return sleep_and_write(arg);
}

static int
write_and_wait(void *arg)
{
    write_shared(arg);
    FAILS(ECANCELED, filch_event_wait(&event));
    return 0;
}

static int
wait_and_write(void *arg)
{
    FAILS(ECANCELED, filch_event_wait(&other));
    return write_shared(arg);
}

/* Nor does it that one task cancels both, which itself learns nothing of them. */
static int
race_of_cancelled(void *arg)
{
    filch_task *one = park(write_and_wait, NULL);
    filch_task *two = park(wait_and_write, NULL);
    for (int i = 0; i < 100; ++i)
        filch_yield(); /* so that they wait */
    OK(filch_cancel(one));
    OK(filch_cancel(two));
    EQ(0, join(one));
    EQ(0, join(two));
    return arg != NULL;
}

static int
race_with_cancelled(void *arg)
{
    filch_task *task = park(write_and_wait, NULL);
    for (int i = 0; i < 100; ++i)
        filch_yield();
    OK(filch_cancel(task));
    write_shared(NULL);
    EQ(0, join(task));
    return arg != NULL;
}

static int
race_of_a_group(void *arg)
{
    filch_group group = FILCH_GROUP_INIT;
    OK(filch_group_spawn(&group, write_shared, NULL));
    OK(filch_group_spawn(&group, write_shared, NULL));
    OK(filch_group_wait(&group));
    return arg != NULL;
}

/* --- What is ordered ----------------------------------------------------- */

static int
write_and_put(void *arg)
{
    write_shared(NULL);
    OK(filch_queue_put(&queue, NULL));
    return arg != NULL;
}

static int
write_locked(void *arg)
{
    FILCH_WITH_LOCK(&lock)
    {
        write_shared(NULL);
    }
    return arg != NULL;
}

static int
write_when_cancelled(void *arg)
{
    FAILS(ECANCELED, filch_event_wait_until(&event, FILCH_NEVER - 1));
    return write_shared(arg);
}

/* The end of a callback, and of a group's tasks; a cancel. */
static int
no_race_at_ends(void *arg)
{
    filch_timer timer = FILCH_TIMER_INIT;
    filch_group group = FILCH_GROUP_INIT;
    write_shared(NULL);
    OK(filch_call_later(&timer, 0, write_and_tell, NULL));
    while (!atomic_load_explicit(&called, memory_order_relaxed))
        filch_yield();
    for (int i = 0; i < 100; ++i)
        filch_yield(); /* mostly it has ended by then */
    OK(filch_timer_cancel_wait(&timer));
    write_shared(NULL);
    OK(filch_group_spawn(&group, write_shared, NULL));
    OK(filch_group_wait(&group));
    write_shared(NULL);
    filch_task *task = park(write_when_cancelled, NULL);
    write_shared(NULL);
    OK(filch_cancel(task));
    EQ(0, join(task));
    write_shared(NULL);
    return arg != NULL;
}

static int
no_race(void *arg)
{
    filch_task *tasks[10];
    filch_job job;
    void *item;
    write_shared(NULL);
    tasks[0] = spawn(write_and_put, NULL); /* spawn, put and get, join */
    OK(filch_queue_get(&queue, &item));
    write_shared(NULL);
    EQ(0, join(tasks[0]));
    for (int i = 0; i < 10; ++i)
        tasks[i] = spawn(write_locked, NULL);
    for (int i = 0; i < 10; ++i)
        EQ(0, join(tasks[i]));
    write_shared(NULL);
    filch_fork(&job, write_shared, NULL); /* fork, sync */
    EQ(0, filch_sync(&job));
    write_shared(NULL);
    OK(filch_call_soon(write_in_callback, NULL)); /* arming, event */
    OK(filch_event_wait(&event));
    write_shared(NULL);
    return arg != NULL;
}

/* --- Running it ---------------------------------------------------------- */

static filch_fn main_fn;
static unsigned workers;

static void
run_main(void)
{
    run_on(workers, main_fn, NULL);
}

/* Whether a place in write_shared, which is that long at most, is among those that
 * a report names: as (PROGRAM+0xOFFSET). */
static bool
names_write_shared(const char *report)
{
    enum { LONG = 256 };
    Dl_info info;
    CHECK(dladdr((void *)(uintptr_t)write_shared, &info) != 0);
    uintptr_t begin = (uintptr_t)write_shared - (uintptr_t)info.dli_fbase;
    bool found = strstr(report, "write_shared") != NULL;
    while (!found && (report = strstr(report, "+0x"))) {
        report += strlen("+0x");
        uintptr_t offset = strtoull(report, NULL, 16);
        found = offset >= begin && offset < begin + LONG;
    }
    return found;
}

/* Whether ThreadSanitizer reports a race in a run of `fn`, and nothing else. */
static bool
is_reported(filch_fn fn, unsigned on_workers)
{
    struct child child;
    main_fn = fn;
    workers = on_workers;
    child_run(&child, run_main);
    bool reported = strstr(child.output, "data race") != NULL;
    CHECK(!reported || names_write_shared(child.output));
    CHECK(reported == (child.exit_status != 0));
    return reported;
}

static void
is_reported_always(filch_fn fn, unsigned on_workers)
{
    if (!UNDER_TSAN)
        skip("only ThreadSanitizer reports races");
    int reported = 0;
    for (int i = 0; i < RUNS; ++i)
        reported += is_reported(fn, on_workers);
    EQ(RUNS, reported);
}

static const struct {
    const char *name;
    filch_fn fn;
} races[] = {
    {"of tasks", race_of_tasks},
    {"of tasks that suspended", race_of_tasks_that_suspended},
    {"with the parent", race_with_parent},
    {"after a set", race_after_set},
    {"with a callback", race_with_callback},
    {"with an earlier callback", race_with_an_earlier_callback},
    {"of sleepers", race_of_sleepers},
    {"of a sleeper with a callback", race_of_a_sleeper_with_a_callback},
    {"of cancelled tasks", race_of_cancelled},
    {"with a cancelled task", race_with_cancelled},
    {"of a group", race_of_a_group},
    {"with a stolen job", race_with_stolen_job}, /* takes two workers */
};
enum { RACES = sizeof races / sizeof *races };

TEST(race_between_two_tasks_of_the_same_worker_is_reported_in_every_run)
{
    if (test_workers() != 2)
        skip("it is the same whatever the number of workers of the others");
    for (int i = 0; i < RACES - 1; ++i) {
        check_context(races[i].name);
        is_reported_always(races[i].fn, 1);
    }
}

TEST(race_between_two_workers_is_reported_in_every_run)
{
    unsigned several = test_workers() < 2 ? 2 : test_workers();
    for (int i = 0; i < RACES; ++i) {
        check_context(races[i].name);
        is_reported_always(races[i].fn, several);
    }
}

TEST(order_that_filch_makes_is_no_race)
{
    if (!UNDER_TSAN)
        skip("only ThreadSanitizer reports races");
    for (int i = 0; i < RUNS; ++i) {
        CHECK(!is_reported(no_race_at_ends, 1));
        CHECK(!is_reported(no_race_at_ends, test_workers()));
        CHECK(!is_reported(no_race, 1));
        CHECK(!is_reported(no_race, test_workers()));
    }
}
