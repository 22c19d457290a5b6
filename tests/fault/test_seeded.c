/* Deterministic runs that are short of memory. */
#include "inject.h"
#include "shortage.h"

#include <sys/mman.h>
#include <unistd.h>

static filch_event event;
static filch_lock locks[20];

static int
answer(void *arg)
{
    return *(int *)arg;
}

/* --- Their start --------------------------------------------------------- */

#define SCHEDULE "filch-schedule 1\nseed 1\npolicy random\n3 2\n"

static void
follow_a_schedule(const char *text)
{
    char name[40];
    int file = memfd_create("schedule", 0);
    CHECK(file >= 0);
    EQ(strlen(text), write(file, text, strlen(text)));
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    CHECK(setenv("FILCH_REPLAY", name, 1) == 0);
    CHECK(setenv("FILCH_SCHEDULE", "/dev/null", 1) == 0);
}

static unsigned nth;
static bool *failed; /* shared with the child */

static void
start_badly(void)
{
    filch_config config = {.seed = 1};
    int status = 42;
    fault_once(nth);
    int error = filch_run(&config, answer, &status);
    *failed = fault_end() > 0;
    CHECK(error == 42 || (*failed && error != 0));
    EQ(42, filch_run(&config, answer, &status)); /* now there is enough */
}

TEST(start_of_which_one_step_fails_works_the_next_time)
{
    failed = mmap(NULL, sizeof *failed, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(failed != MAP_FAILED);
    follow_a_schedule(SCHEDULE);
    do {
        struct child child;
        child_run(&child, start_badly);
        CHILD_EXITED(&child, 0);
        nth = fault_next(nth);
    } while (*failed);
    CHECK(nth > 5);
}

static void
run_spoilt_schedule(void)
{
    int status = 42;
    fault_once(nth);
    int error = filch_run(&(filch_config){0}, answer, &status);
    *failed = fault_end() > 0;
    CHECK(error == EINVAL || (*failed && error == ENOMEM));
}

/* Its last line is none: so who goes on has not seen it. */
TEST(schedule_that_cannot_be_read_to_its_end_is_not_followed)
{
    failed = mmap(NULL, sizeof *failed, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(failed != MAP_FAILED);
    follow_a_schedule(SCHEDULE "rubbish\n");
    do {
        struct child child;
        child_run(&child, run_spoilt_schedule);
        CHILD_EXITED(&child, 0);
        nth++;
    } while (*failed);
    CHECK(nth > 5);
}

static void
start_a_second_badly(void)
{
    filch_runtime *first, *second;
    OK(filch_start(&first, &(filch_config){.seed = 1}));
    OK(filch_start(&second, &(filch_config){.seed = 2}));
    OK(filch_stop(second)); /* what it keeps is there from now on */
    unsigned n = 0;
    bool any;
    do {
        fault_once(n++);
        int error = filch_start(&second, &(filch_config){.seed = 2});
        any = fault_end() > 0;
        CHECK(error == 0 || any);
        OK(error ? 0 : filch_stop(second));
    } while (any);
    OK(filch_stop(first));
}

TEST(start_of_a_second_run_of_which_one_step_fails_is_an_error)
{
    struct child child;
    child_run(&child, start_a_second_badly);
    CHILD_EXITED(&child, 0);
}

/* --- Going on without ---------------------------------------------------- */

static int
wait_for_event(void *arg)
{
    FAILS(ECANCELED, filch_event_wait(&event));
    return arg != NULL;
}

/* Nobody is interrupted where nothing is left to go on with. */
static int
call_without_stacks(void *arg)
{
    filch_task *other = spawn(wait_for_event, arg);
    shortage_begin();
    fault_from(0);
    for (int i = 0; i < 100; ++i)
        CHECK(!filch_event_is_set(&event));
    CHECK(fault_end() > 0);
    OK(filch_cancel(other));
    EQ(0, join(other));
    return 0;
}

TEST(call_where_no_stack_can_be_had_is_no_point)
{
    OK(filch_run(&(filch_config){.seed = 3}, call_without_stacks, NULL));
}

static int
acquire_many(void *arg)
{
    fault_from(0);
    for (int i = 0; i < 20; ++i)
        OK(filch_lock_try_acquire(&locks[i]));
    for (int i = 0; i < 20; ++i)
        OK(filch_lock_release(&locks[i]));
    CHECK(fault_end() > 0);
    return arg != NULL;
}

TEST(locks_are_acquired_though_it_cannot_be_noted_whose_they_are)
{
    OK(filch_run(&(filch_config){.seed = 1}, acquire_many, NULL));
}

static int
leave_others_behind(void *arg)
{
    for (int i = 0; i < 10; ++i)
        filch_task_release(park(wait_for_event, arg));
    fault_once(0); /* what the worker asks for next is the list */
    return arg != NULL;
}

TEST(end_of_a_run_cancels_all_though_they_cannot_be_listed)
{
    OK(filch_run(&(filch_config){.virtual_time = true}, leave_others_behind,
                 NULL));
    CHECK(fault_end() > 0);
}
