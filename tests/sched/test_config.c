/* Configurations and the environment. */
#include "../harness/harness.h"
#include <unistd.h>

static bool ran;

static int
nothing(void *arg)
{
    ran = true;
    return arg != NULL;
}

static int
count_workers(void *arg)
{
    OK(filch_stats_read(NULL, NULL, 0, arg));
    return 0;
}

static size_t
workers_of(const filch_config *config)
{
    size_t workers = 0;
    OK(filch_run(config, count_workers, &workers));
    return workers;
}

/* --- Workers ------------------------------------------------------------- */

TEST(workers_are_as_many_as_the_configuration_says)
{
    for (unsigned n = 1; n < 10; n += 2)
        EQ(n, workers_of(&(filch_config){.workers = n}));
}

TEST(workers_are_by_default_not_more_than_the_cpus_of_the_affinity)
{
    cpu_set_t cpus, one;
    CHECK(sched_getaffinity(0, sizeof cpus, &cpus) == 0);
    size_t workers = workers_of(NULL);
    CHECK(workers >= 1 && workers <= (size_t)CPU_COUNT(&cpus));
    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu)
        if (CPU_ISSET(cpu, &cpus))
            CPU_SET(cpu, &one);
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
    EQ(1, workers_of(NULL));
    EQ(1, workers_of(&(filch_config){0}));
    EQ(3, workers_of(&(filch_config){.workers = 3}));
}

TEST(workers_come_from_the_environment_where_the_field_is_zero)
{
    CHECK(setenv("FILCH_WORKERS", "3", 1) == 0);
    EQ(3, workers_of(NULL));
    EQ(3, workers_of(&(filch_config){0}));
    EQ(2, workers_of(&(filch_config){.workers = 2}));
}

TEST(workers_may_be_at_most_1024)
{
    filch_runtime *runtime;
    FAILS(EINVAL, filch_run(&(filch_config){.workers = 1025}, nothing, NULL));
    FAILS(EINVAL, filch_run(&(filch_config){.workers = ~0u}, nothing, NULL));
    FAILS(EINVAL, filch_start(&runtime, &(filch_config){.workers = 1025}));
    CHECK(!ran);
}

/* --- Stacks -------------------------------------------------------------- */

/* Uses so much of its stack, having suspended before. */
__attribute__((noinline)) static int
use_stack(size_t bytes)
{
    char volatile room[1024];
    room[bytes % sizeof room] = 0;
    int below = bytes > sizeof room ? use_stack(bytes - sizeof room) : 0;
    return below + room[bytes % sizeof room];
}

static int
use_much(void *arg)
{
    filch_yield();
    return use_stack((size_t)arg);
}

static int
spawn_user(void *arg)
{
    return join(spawn(use_much, arg));
}

TEST(stack_size_of_the_configuration_is_that_of_tasks)
{
    filch_config config = {.workers = 2, .stack_size = 4 << 20};
    OK(filch_run(&config, spawn_user, (void *)(size_t)(1 << 20)));
}

TEST(stack_size_comes_from_the_environment_with_or_without_a_suffix)
{
    static const char *const sizes[] = {"4M", "4096K", "4194304", "3000K"};
    for (int i = 0; i < 4; ++i) {
        CHECK(setenv("FILCH_STACK_SIZE", sizes[i], 1) == 0);
        check_context(sizes[i]);
        OK(filch_run(NULL, spawn_user, (void *)(size_t)(1 << 20)));
    }
}

TEST(stack_size_must_be_between_16_KiB_and_1_GiB)
{
    static const size_t bad[] = {1, 16383, ((size_t)1 << 30) + 1, SIZE_MAX};
    for (int i = 0; i < 4; ++i)
        FAILS(EINVAL,
              filch_run(&(filch_config){.stack_size = bad[i]}, nothing, NULL));
    CHECK(!ran);
    OK(filch_run(&(filch_config){.workers = 2, .stack_size = 16384}, nothing,
                 NULL));
    CHECK(ran);
}

/* --- Bad values ---------------------------------------------------------- */

static const char *bad_name, *bad_value;

static void
start_with_bad_value(void)
{
    filch_runtime *runtime;
    CHECK(setenv(bad_name, bad_value, 1) == 0);
    FAILS(EINVAL, filch_run(NULL, nothing, NULL));
    FAILS(EINVAL, filch_start(&runtime, NULL));
    CHECK(!ran);
    CHECK(unsetenv(bad_name) == 0);
    OK(filch_run(NULL, nothing, NULL)); /* no harm was done */
}

TEST(environment_that_does_not_parse_is_EINVAL_and_named_on_standard_error)
{
    static const char *const bad[][2] = {
        {"FILCH_WORKERS", "many"},
        {"FILCH_WORKERS", "4x"},
        {"FILCH_WORKERS", "-1"},
        {"FILCH_WORKERS", "1025"},
        {"FILCH_WORKERS", "99999999999999999999999"},
        {"FILCH_STACK_SIZE", "large"},
        {"FILCH_STACK_SIZE", "64Q"},
        {"FILCH_STACK_SIZE", "64KK"},
        {"FILCH_STACK_SIZE", "-64K"},
        {"FILCH_STACK_SIZE", "K"},
        {"FILCH_STACK_SIZE", "1K"},
        {"FILCH_STACK_SIZE", "2048M"},
        {"FILCH_STACK_SIZE", "99999999999999999999M"},
        {"FILCH_SEED", "chance"},
        {"FILCH_SEED", "1K"},
        {"FILCH_CHAOS", "much"},
        {"FILCH_CHAOS", "-1"},
        {"FILCH_CHAOS", "1K"},
        {"FILCH_VIRTUAL_TIME", "2"},
        {"FILCH_VIRTUAL_TIME", "yes"},
        {"FILCH_PIN_WORKERS", "2"},
        {"FILCH_PIN_WORKERS", "no"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        struct child child;
        char text[80];
        bad_name = bad[i][0];
        bad_value = bad[i][1];
        snprintf(text, sizeof text, "%s=%s", bad_name, bad_value);
        check_context(text);
        child_run(&child, start_with_bad_value);
        CHILD_EXITED(&child, 0);
        CHILD_SAID(&child, bad_name);
    }
}

TEST(environment_that_is_long_and_does_not_parse_is_named_all_the_same)
{
    static char text[2000];
    struct child child;
    memset(text, 'x', sizeof text - 1);
    bad_name = "FILCH_WORKERS";
    bad_value = text;
    child_run(&child, start_with_bad_value);
    CHILD_EXITED(&child, 0);
    CHILD_SAID(&child, "FILCH_WORKERS");
}

TEST(a_seed_and_virtual_time_come_from_the_environment_and_mean_one_worker)
{
    EQ(1, workers_of(&(filch_config){.seed = 1}));
    EQ(1, workers_of(&(filch_config){.virtual_time = true}));
    CHECK(setenv("FILCH_SEED", "12345", 1) == 0);
    EQ(1, workers_of(NULL));
    FAILS(EINVAL, filch_run(&(filch_config){.workers = 2}, nothing, NULL));
    CHECK(setenv("FILCH_SEED", "0", 1) == 0);
    EQ(2, workers_of(&(filch_config){.workers = 2}));
    CHECK(setenv("FILCH_VIRTUAL_TIME", "1", 1) == 0);
    EQ(1, workers_of(NULL));
    CHECK(setenv("FILCH_WORKERS", "2", 1) == 0);
    FAILS(EINVAL, filch_run(NULL, nothing, NULL));
    CHECK(!ran);
}

TEST(pinning_comes_from_the_environment_too)
{
    CHECK(setenv("FILCH_PIN_WORKERS", "1", 1) == 0);
    OK(filch_run(NULL, nothing, NULL));
    CHECK(setenv("FILCH_PIN_WORKERS", "0", 1) == 0);
    OK(filch_run(NULL, nothing, NULL));
}

/* --- Names --------------------------------------------------------------- */

static int
look_at_names(void *arg)
{
    EQ(test_workers(), threads_named(arg));
    return 0;
}

TEST(worker_threads_carry_the_name_of_the_runtime)
{
    char name[] = "mill";
    filch_runtime *runtime;
    filch_task *task;
    filch_config config = {.workers = test_workers(), .name = name};
    OK(filch_start(&runtime, &config));
    memset(name, 'x', sizeof name); /* it was copied */
    OK(filch_submit(runtime, &task, look_at_names, "mill"));
    EQ(0, join(task));
    OK(filch_stop(runtime));
    config.name = NULL;
    if (threads_named("filch") == 0) /* as this program is not called so */
        OK(filch_run(&config, look_at_names, "filch"));
}
