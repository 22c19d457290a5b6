/*
 * A signal comes in every call by which the library may enter the kernel, and
 * interrupts it where the kernel would: nothing gives EINTR, nothing is lost.
 * In the end none is left in which none came.
 */
#include "much.h"
#include "os/chaos.h"
#include "os/os.h"
#include "system.h"

#include <signal.h>
#include <unistd.h>

/* --- A run that does what it can ----------------------------------------- */

/* Its main thread is a plain one that waits. */
static void
run_much(void)
{
    filch_config config = {.workers = test_workers()};
    for (int i = 0; i < 3; ++i)
        EQ(42, filch_run(&config, much_use, NULL));
    much_wait();
}

static void
run_on_old_kernel(void)
{
    fault_old_kernel(true);
    run_much();
}

static void
run_in_chaos(void)
{
    CHECK(setenv("FILCH_CHAOS", "1", 1) == 0);
    run_much();
}

/* --- A schedule, a dump, the end of a program ------------------------------ */

static void
write_and_follow_schedule(void)
{
    char name[200];
    filch_config config = {.seed = 1};
    snprintf(name, sizeof name, "%s/filch-signals-%d", scratch_folder(),
             (int)getpid());
    CHECK(setenv("FILCH_SCHEDULE", name, 1) == 0);
    EQ(42, filch_run(&config, much_use, NULL));
    CHECK(unsetenv("FILCH_SCHEDULE") == 0);
    CHECK(setenv("FILCH_REPLAY", name, 1) == 0);
    EQ(42, filch_run(&config, much_use, NULL));
    CHECK(unlink(name) == 0);
}

static int
dump(void *arg)
{
    FILE *nowhere = fopen("/dev/null", "w");
    filch_dump(nowhere);
    fclose(nowhere);
    return arg != NULL;
}

static void
run_dump(void)
{
    run_on(1, dump, NULL);
}

static int
overflow(void *arg)
{
    char volatile room[4096];
    room[0] = 1;
    return room[0] ? overflow(arg) + room[0] : 0;
}

static void
run_overflow(void)
{
    run_on(1, overflow, NULL);
}

/* One that somebody sends is no overflow, and is passed on. */
static int
raise_fault(void *arg)
{
    kill(getpid(), SIGSEGV);
    return arg != NULL;
}

static void
run_fault(void)
{
    signal(SIGSEGV, SIG_DFL); /* whatever a sanitizer has there */
    run_on(1, raise_fault, NULL);
}

static filch_lock lock;

static void
misuse(void *arg)
{
    (void)arg;
    FILCH_WITH_LOCK(&lock)
    (void)0;
}

static int
misuse_in_callback(void *arg)
{
    OK(filch_call_soon(misuse, arg));
    return filch_sleep(FILCH_SEC(3600));
}

static void
run_misuse(void)
{
    run_on(1, misuse_in_callback, NULL);
}

/* --- What comes seldom ---------------------------------------------------- */

static void
call_rest(void)
{
    fl_os_range range;
    size_t size = fl_os_page();
    OK(fl_os_map(&range.base, size));
    range.size = size;
    *(char *)range.base = 1;
    fl_os_renew(range.base, size);
    EQ(0, *(char *)range.base);
    fl_os_unmap(range.base, size);
    for (unsigned round = 0; round < 8; ++round)
        fl_os_back_off(round);
    void *base = NULL;
    fl_os_thread_stack(&base, &size);
    CHECK(base != NULL);
    free(realloc(malloc(1), 2));
}

/* --- All of that ----------------------------------------------------------- */

static void
run_child(void (*body)(void))
{
    struct child child;
    child_run(&child, body);
    CHILD_EXITED(&child, 0);
}

static void
run_dying_child(void (*body)(void), int number, const char *says)
{
    struct child child;
    child_run(&child, body);
    CHILD_SAID(&child, says);
    if (number)
        CHILD_DIED(&child, number);
}

static void
came_in_each(void)
{
    for (int call = 0; call < SYSTEM_CALL_COUNT; ++call) {
        check_context(system_call_names[call]);
        CHECK(signals_in((enum system_call)call) > 0);
    }
}

TEST(signal_in_each_call_of_the_kernel_does_no_harm)
{
    signals_begin();
    run_child(run_on_old_kernel);
    run_child(run_in_chaos);
    run_child(write_and_follow_schedule);
    run_child(run_dump);
    run_dying_child(run_overflow, UNDER_SANITIZER ? 0 : SIGSEGV, "overflow");
    run_dying_child(run_fault, SIGSEGV, "");
    run_dying_child(run_misuse, SIGABRT, "filch");
    run_much();
    call_rest();
    signals_end();
    came_in_each();
}
