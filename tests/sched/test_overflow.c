/* Stack overflow: the program ends with a message that helps. */
#include "../harness/harness.h"
#include <signal.h>

static size_t frame_sum;
static size_t volatile bottom = SIZE_MAX; /* never reached */

/* Goes down in steps that the compiler cannot fold. */
__attribute__((noinline)) static size_t
dig(size_t depth)
{
    char volatile room[512];
    if (depth == bottom)
        return 0;
    room[depth % sizeof room] = (char)depth;
    size_t below = dig(depth + 1);
    return below + (size_t)room[(depth + 1) % sizeof room];
}

static int
overflow(void *arg)
{
    filch_yield(); /* so that it has a stack of its own by now */
    frame_sum = dig((size_t)arg);
    return 0;
}

static filch_task_options options;

static int
overflow_in_task(void *arg)
{
    filch_task *task;
    OK(filch_spawn_with(&task, overflow, arg, &options));
    return join(task);
}

static filch_fn main_fn;

static void
run_main(void)
{
    run_on(test_workers(), main_fn, NULL);
}

static void
overflows_with_message(filch_fn fn, const char *name, const char *size)
{
    struct child child;
    main_fn = fn;
    child_run(&child, run_main);
    CHILD_SAID(&child, "overflow");
    CHILD_SAID(&child, name);
    CHILD_SAID(&child, size);
    if (UNDER_SANITIZER) /* whose handler comes next, and ends it as it likes */
        CHECK(child.exit_status != 0);
    else
        CHECK(child.signal == SIGABRT || child.signal == SIGSEGV);
}

TEST(stack_overflow_ends_the_program_naming_the_task_and_its_stacks_size)
{
    options = (filch_task_options){.name = "the deep one"};
    overflows_with_message(overflow_in_task, "the deep one",
                           UNDER_SANITIZER ? "256" : "64");
}

TEST(stack_overflow_tells_the_size_of_a_stack_that_was_asked_for)
{
    options = (filch_task_options){.name = "big", .stack_size = 2 << 20};
    overflows_with_message(overflow_in_task, "big", "2");
}

TEST(stack_overflow_of_a_task_without_a_name_is_told_as_well)
{
    options = (filch_task_options){0};
    overflows_with_message(overflow_in_task, "task",
                           UNDER_SANITIZER ? "256" : "64");
}

TEST(stack_overflow_of_main_is_told_as_well)
{
    overflows_with_message(overflow, "stack", "1");
}

static void
overflow_back(void *arg)
{
    frame_sum = dig((size_t)arg);
}

static int
overflow_in_callback(void *arg)
{
    static filch_event never;
    OK(filch_call_soon(overflow_back, arg));
    return filch_event_wait(&never);
}

TEST(stack_overflow_of_a_callback_is_told_as_well)
{
    overflows_with_message(overflow_in_callback, "a callback",
                           UNDER_SANITIZER ? "256" : "64");
}

/* One frame larger than the guard, entered from the middle of the stack, and
 * used from its near end on. (No memset: a compiler may leave it out.) */
__attribute__((noinline)) static size_t
leap(void *arg)
{
    char volatile room[200 << 10];
    for (size_t at = sizeof room; at > 0; at -= 1024)
        room[at - 1] = (char)(intptr_t)arg;
    return (size_t)room[1023];
}

static int
leap_over_guard(void *arg)
{
    filch_yield();
    frame_sum = leap(arg);
    return 0;
}

static int
leap_in_task(void *arg)
{
    filch_task *task;
    OK(filch_spawn_with(
        &task, leap_over_guard, arg,
        &(filch_task_options){.name = "the wide one", .stack_size = 65536}));
    return join(task);
}

#if !UNDER_SANITIZER /* which fill frames from the far end */
TEST(stack_overflow_by_one_large_frame_is_caught_as_well)
{
    overflows_with_message(leap_in_task, "the wide one", "64");
}
#else
__attribute__((unused)) static const filch_fn unused_here = leap_in_task;
#endif

/* --- The program's own handler ------------------------------------------- */

#if !UNDER_SANITIZER /* whose handler is the one that is found */
#include <unistd.h>

static void
end_well(int signal, siginfo_t *info, void *context)
{
    static const char text[] = "the program's own handler\n";
    (void)context;
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    _exit(written > 0 && signal == SIGSEGV && info->si_addr ? 33 : 34);
}

static void
run_with_handler(void)
{
    struct sigaction action = {.sa_sigaction = end_well,
                               .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    options.name = "deep";
    run_on(test_workers(), overflow_in_task, NULL);
}

TEST(stack_overflow_is_told_before_it_goes_to_the_handler_that_was_found)
{
    struct child child;
    child_run(&child, run_with_handler);
    CHILD_EXITED(&child, 33);
    CHILD_SAID(&child, "'deep'");
    CHILD_SAID(&child, "the program's own handler");
    CHECK(strstr(child.output, "'deep'") <
          strstr(child.output, "the program's own handler"));
}
#endif
