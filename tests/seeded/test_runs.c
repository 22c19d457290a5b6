/* Several deterministic runs in one process, and what else they meet. */
#include "../harness/harness.h"

#include <sys/mman.h>
#include <unistd.h>

static filch_event gate;
static filch_condition condition;
static filch_lock lock;

static int
nothing(void *arg)
{
    return arg != NULL;
}

static int
two_tasks(void *arg)
{
    filch_task *a = spawn(nothing, arg), *b = spawn(nothing, arg);
    EQ(0, join(a));
    EQ(0, join(b));
    return 0;
}

/* --- Their policy -------------------------------------------------------- */

static char steps[4];
static atomic_int taken;

static void
step(char what)
{
    steps[atomic_fetch_add(&taken, 1)] = what;
}

static int
wait_and_step(void *arg)
{
    OK(filch_event_wait(&gate));
    step('t');
    return arg != NULL;
}

static void
step_in_callback(void *what)
{
    step(*(const char *)what);
}

static void
open_gate(void *arg)
{
    (void)arg;
    filch_event_set(&gate);
}

static int
callbacks_at_one_time(void *arg)
{
    filch_task *task = spawn(wait_and_step, arg);
    filch_time then = filch_after(FILCH_MS(1));
    OK(filch_call_at(NULL, then, open_gate, NULL));
    OK(filch_call_at(NULL, then, step_in_callback, "1"));
    OK(filch_call_at(NULL, then, step_in_callback, "2"));
    EQ(0, join(task));
    OK(filch_sleep(FILCH_MS(2)));
    filch_event_clear(&gate);
    return 0;
}

static bool
comes_to(const char *order)
{
    bool found = false;
    for (uint64_t seed = 1; seed <= 300 && !found; ++seed) {
        memset(steps, 0, sizeof steps);
        atomic_store(&taken, 0);
        OK(filch_run(&(filch_config){.seed = seed}, callbacks_at_one_time,
                     NULL));
        found = strcmp(steps, order) == 0;
    }
    return found;
}

TEST(every_policy_of_chance_comes_between_two_timers_that_are_due)
{
    static const char *const policies[] = {"random", "pct:2", "pct:5"};
    for (int i = 0; i < 3; ++i) {
        check_context(policies[i]);
        CHECK(setenv("FILCH_POLICY", policies[i], 1) == 0);
        CHECK(comes_to("t12") && comes_to("1t2") && comes_to("12t"));
    }
}

/* --- Their schedule ------------------------------------------------------ */

static char text[1 << 16];

/* Has schedules written to a file that is nowhere. */
static int
begin_schedule(void)
{
    char name[40];
    int file = memfd_create("schedule", 0);
    CHECK(file >= 0);
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    CHECK(setenv("FILCH_SCHEDULE", name, 1) == 0);
    return file;
}

static int
ends(int file)
{
    ssize_t size = pread(file, text, sizeof text - 1, 0);
    int n = 0;
    CHECK(size > 0);
    text[size] = 0;
    for (const char *at = text; (at = strstr(at, "\nend ")); ++at)
        ++n;
    return n;
}

TEST(runs_that_follow_one_another_write_one_schedule)
{
    int file = begin_schedule();
    for (int run = 1; run <= 3; ++run) {
        OK(filch_run(&(filch_config){.seed = 5}, two_tasks, NULL));
        EQ(run, ends(file));
    }
    CHECK(strstr(text + 1, "filch-schedule 1") == NULL);
}

static int
several_yield(void *arg)
{
    filch_task *tasks[4];
    for (int i = 0; i < 4; ++i)
        tasks[i] = spawn(two_tasks, arg);
    for (int i = 0; i < 4; ++i)
        EQ(0, join(tasks[i]));
    return 0;
}

static int followed, following;

static void
run_one(void)
{
    OK(filch_run(&(filch_config){.seed = 5}, several_yield, NULL));
}

static void
run_two(void)
{
    run_one();
    run_one();
}

/* The first run says nothing of lines that are the second's. */
static void
follow_with_two(void)
{
    run_one();
    EQ(1, ends(following));
    CHECK(strstr(text, "lines are left for a next run") != NULL);
    run_one();
    EQ(2, ends(following));
    CHECK(strstr(text, "passed over") == NULL);
}

TEST(runs_that_follow_one_schedule_pass_over_none_of_each_other_s_lines)
{
    struct child child;
    char name[40];
    CHECK(setenv("FILCH_POLICY", "random", 1) == 0);
    followed = begin_schedule();
    child_run(&child, run_two);
    CHILD_EXITED(&child, 0);
    snprintf(name, sizeof name, "/proc/self/fd/%d", followed);
    CHECK(setenv("FILCH_REPLAY", name, 1) == 0);
    following = begin_schedule();
    child_run(&child, follow_with_two);
    CHILD_EXITED(&child, 0);
}

/* Its own standard error is closed, and so is the first number that is free. */
static void
complain_while_one_is_written(void)
{
    char name[300], line[100];
    snprintf(name, sizeof name, "%s/filch-runs-%d", scratch_folder(),
             (int)getpid());
    CHECK(setenv("FILCH_SCHEDULE", name, 1) == 0);
    OK(close(STDERR_FILENO));
    filch_runtime *runtime;
    OK(filch_start(&runtime, &(filch_config){.seed = 5}));
    bool written = write(STDERR_FILENO, "complaint", 9) == 9;
    OK(filch_stop(runtime));
    FILE *schedule = fopen(name, "r");
    bool first = schedule && fgets(line, sizeof line, schedule);
    unlink(name);
    _exit(written || !first || strncmp(line, "filch-schedule", 14) ? 1 : 0);
}

TEST(schedule_does_not_take_the_place_of_a_standard_stream_that_is_closed)
{
    struct child child;
    child_run(&child, complain_while_one_is_written);
    CHILD_EXITED(&child, 0);
}

static int file_of_child;

static void
run_two_at_once(void)
{
    filch_runtime *outer, *inner;
    OK(filch_start(&outer, &(filch_config){.seed = 1}));
    OK(filch_start(&inner, &(filch_config){.seed = 2}));
    OK(filch_stop(outer)); /* which began first */
    OK(filch_stop(inner));
    EQ(1, ends(file_of_child));
}

TEST(schedule_of_a_second_run_at_the_same_time_is_not_written)
{
    struct child child;
    file_of_child = begin_schedule();
    child_run(&child, run_two_at_once);
    CHILD_EXITED(&child, 0);
    CHILD_SAID(&child, "the schedule of a second run at the same time is "
                       "neither written nor followed");
}

static void
run_then_follow(void)
{
    filch_config config = {.seed = 5};
    OK(filch_run(&config, two_tasks, NULL));
    CHECK(setenv("FILCH_REPLAY", "/nowhere/schedule", 1) == 0);
    FAILS(EINVAL, filch_run(&config, two_tasks, NULL));
    FAILS(EINVAL, filch_run(NULL, two_tasks, NULL));
    CHECK(unsetenv("FILCH_REPLAY") == 0);
    OK(filch_run(&config, two_tasks, NULL));
}

TEST(schedule_that_a_later_run_is_to_follow_is_read)
{
    struct child child;
    child_run(&child, run_then_follow);
    CHILD_EXITED(&child, 0);
    CHILD_SAID(&child, "cannot read the schedule '/nowhere/schedule' "
                       "(FILCH_REPLAY)");
}

/* --- Others who meddle --------------------------------------------------- */

/* Has the condition's lock until it waits. */
static int
wait_for_other(void *arg)
{
    OK(filch_condition_acquire(&condition));
    filch_event_set(&gate);
    OK(filch_condition_wait(&condition));
    OK(filch_condition_release(&condition));
    return arg != NULL;
}

static int
notify(void *arg)
{
    OK(filch_event_wait(&gate));
    OK(filch_condition_acquire(&condition));
    OK(filch_condition_notify(&condition, 1));
    OK(filch_condition_release(&condition));
    return arg != NULL;
}

static void
run_beside_another(void)
{
    filch_runtime *runtime;
    filch_task *task;
    filch_foreign_begin();
    OK(filch_start(&runtime, &(filch_config){.workers = 1}));
    OK(filch_submit(runtime, &task, notify, NULL));
    OK(filch_run(&(filch_config){.seed = 1}, wait_for_other, NULL));
    EQ(0, join(task));
    OK(filch_stop(runtime));
    filch_foreign_end();
}

TEST(task_of_another_runtime_that_wakes_one_is_named)
{
    struct child child;
    child_run(&child, run_beside_another);
    CHILD_EXITED(&child, 0);
    CHILD_SAID(&child, "another runtime's task was called from outside of a "
                       "deterministic run");
}

/* --- Locks in reports ---------------------------------------------------- */

static int
leave_locked(void *arg)
{
    OK(filch_lock_try_acquire(&lock));
    return arg != NULL;
}

static int
wait_for_the_dead(void *arg)
{
    EQ(0, join(spawn(leave_locked, arg)));
    FAILS(ECANCELED, filch_lock_acquire(&lock));
    return 0;
}

static void
run_wait_for_the_dead(void)
{
    filch_config config = {.virtual_time = true};
    FAILS(EDEADLK, filch_run(&config, wait_for_the_dead, NULL));
}

TEST(lock_whose_holder_has_ended_is_told_to_be_its)
{
    struct child child;
    child_run(&child, run_wait_for_the_dead);
    CHILD_EXITED(&child, 0);
    CHILD_SAID(&child, "last acquired by task 2, which has ended");
}

/* --- Conditions ---------------------------------------------------------- */

static int wanted;

static bool
is_wanted(void *arg)
{
    return wanted == *(int *)arg;
}

static int
pass_turn(void *arg)
{
    int mine = (int)(intptr_t)arg;
    for (int round = 0; round < 10; ++round) {
        int turn = 3 * round + mine;
        OK(filch_condition_acquire(&condition));
        OK(filch_condition_wait_for(&condition, is_wanted, &turn));
        ++wanted;
        OK(filch_condition_notify_all(&condition));
        OK(filch_condition_release(&condition));
    }
    return 0;
}

static int
pass_turns(void *arg)
{
    filch_task *tasks[3];
    wanted = 0;
    for (intptr_t i = 0; i < 3; ++i)
        tasks[i] = spawn(pass_turn, (void *)i);
    for (int i = 0; i < 3; ++i)
        EQ(0, join(tasks[i]));
    EQ(30, wanted);
    return arg != NULL;
}

TEST(those_who_take_turns_by_a_condition_come_to_their_end)
{
    for (uint64_t seed = 1; seed <= 20; ++seed)
        OK(filch_run(&(filch_config){.seed = seed}, pass_turns, NULL));
}

/* --- What main returns --------------------------------------------------- */

static int
wait_at_gate(void *arg)
{
    (void)arg;
    return filch_event_wait(&gate);
}

static int
end_as_busy(void *arg)
{
    OK(filch_event_init(&gate));
    OK(filch_spawn(NULL, wait_at_gate, arg));
    filch_yield();
    return EBUSY;
}

static void
run_busy_mains(void)
{
    for (uint64_t seed = 1; seed <= 50; ++seed)
        EQ(EBUSY, filch_run(&(filch_config){.seed = seed}, end_as_busy, NULL));
}

/* EBUSY is also what a task is that has not ended. */
TEST(main_that_returns_EBUSY_has_ended)
{
    struct child child;
    child_run(&child, run_busy_mains);
    CHILD_EXITED(&child, 0);
    CHECK(strstr(child.output, "stalled") == NULL);
}
