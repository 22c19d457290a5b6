/* Deterministic runs: the same seed, the same schedule; and following one. */
#include "../harness/harness.h"
#include <unistd.h>

static filch_event gate;
static filch_queue queue;
static filch_lock lock;
static atomic_uint slot;
static atomic_bool broken;

static const char *
path(const char *name)
{
    static char text[4][500];
    static int next;
    char *one = text[next++ % 4];
    snprintf(one, sizeof text[0], "%s/filch-seeded-%ld-%s", scratch_folder(),
             (long)getpid(), name);
    return one;
}

static void
set(const char *name, const char *value)
{
    CHECK(setenv(name, value, 1) == 0);
}

static void
read_file(const char *name, char *text, size_t size)
{
    FILE *file = fopen(name, "r");
    CHECK(file != NULL);
    text[fread(text, 1, size - 1, file)] = 0;
    fclose(file);
}

static void
write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    CHECK(file != NULL);
    CHECK(fputs(text, file) >= 0);
    CHECK(fclose(file) == 0);
}

/* --- A program with many choices ----------------------------------------- */

static int
produce(void *arg)
{
    for (intptr_t i = 0; i < 20; ++i) {
        OK(filch_queue_put(&queue, arg));
        OK(filch_sleep(FILCH_US(i % 3)));
    }
    return 0;
}

static int
consume(void *arg)
{
    void *item;
    for (int i = 0; i < 20; ++i) {
        OK(filch_queue_get(&queue, &item));
        FILCH_WITH_LOCK(&lock)
        {
            slot = slot * 31 + (unsigned)((intptr_t)item + (intptr_t)arg);
            filch_yield();
        }
    }
    return 0;
}

static int
job(void *arg)
{
    filch_event_set(arg);
    return 0;
}

static int
many_choices(void *arg)
{
    filch_task *tasks[6];
    filch_job forked;
    (void)arg;
    OK(filch_queue_init(&queue, 2));
    for (intptr_t i = 0; i < 3; ++i) {
        tasks[i] = spawn(produce, (void *)i);
        tasks[3 + i] = spawn(consume, (void *)i);
    }
    filch_fork(&forked, job, &gate);
    OK(filch_event_wait(&gate));
    EQ(0, filch_sync(&forked));
    for (int i = 0; i < 6; ++i)
        EQ(0, join(tasks[i]));
    OK(filch_queue_destroy(&queue));
    return 0;
}

static void
run_many_choices(void)
{
    OK(filch_run(NULL, many_choices, NULL));
}

/* The schedule of that program in a child process, from its environment. */
static void
schedule_of(const char *seed, const char *policy, char *text, size_t size)
{
    struct child child;
    set("FILCH_SEED", seed);
    set("FILCH_POLICY", policy);
    set("FILCH_SCHEDULE", path("schedule"));
    child_run(&child, run_many_choices);
    CHILD_EXITED(&child, 0);
    read_file(path("schedule"), text, size);
    unlink(path("schedule"));
    CHECK(strstr(text, "\nend ") != NULL);
}

static char first[1 << 18], second[1 << 18];

TEST(the_same_seed_gives_the_same_schedule_in_another_process)
{
    static const char *const policies[] = {"random", "pct", "pct:5",
                                           "pct:5:100", "round-robin"};
    for (size_t i = 0; i < 5; ++i) {
        schedule_of("42", policies[i], first, sizeof first);
        schedule_of("42", policies[i], second, sizeof second);
        EQ(0, strcmp(first, second));
        CHECK(strstr(first, "filch-schedule 1\nseed 42\npolicy ") == first);
    }
}

TEST(other_seeds_give_other_schedules)
{
    schedule_of("1", "random", first, sizeof first);
    schedule_of("2", "random", second, sizeof second);
    CHECK(strcmp(first + 24, second + 24) != 0);
    schedule_of("1", "pct", first, sizeof first);
    schedule_of("2", "pct", second, sizeof second);
    CHECK(strcmp(first + 24, second + 24) != 0);
}

TEST(a_schedule_that_is_followed_is_the_one_that_is_written)
{
    schedule_of("7", "random", first, sizeof first);
    write_file(path("replay"), first);
    set("FILCH_REPLAY", path("replay"));
    schedule_of("8", "pct", second, sizeof second);
    EQ(0, strcmp(first, second));
    unlink(path("replay"));
}

TEST(lines_of_a_schedule_may_be_dropped_or_name_nobody)
{
    write_file(path("replay"), "filch-schedule 1\nseed 7\npolicy random\n"
                               "# for people\n\n3 2\n5 999\n6 1\n7 1\n8 1\n"
                               "9 1\n10 1\n11 1\n1000000 1\n");
    set("FILCH_REPLAY", path("replay"));
    schedule_of("8", "pct", second, sizeof second);
    CHECK(strstr(second, "seed 7\npolicy random\n") != NULL);
    CHECK(strstr(second, " lines were passed over\n") != NULL);
    CHECK(strstr(second, "# 1 lines are left for a next run\n") != NULL);
    unlink(path("replay"));
}

static int
spawn_with_odd_names(void *arg)
{
    filch_task *tasks[2];
    filch_task_options options = {.name = "two\nlines\t"};
    for (int i = 0; i < 2; ++i)
        OK(filch_spawn_with(&tasks[i], job, &gate, &options));
    for (int i = 0; i < 2; ++i)
        EQ(0, join(tasks[i]));
    return arg != NULL;
}

static void
run_odd_names(void)
{
    OK(filch_run(NULL, spawn_with_odd_names, NULL));
}

TEST(a_name_with_control_characters_stays_in_its_line_of_the_schedule)
{
    struct child child;
    set("FILCH_SEED", "1");
    set("FILCH_SCHEDULE", path("schedule"));
    child_run(&child, run_odd_names);
    CHILD_EXITED(&child, 0);
    read_file(path("schedule"), first, sizeof first);
    CHECK(strstr(first, "two?lines? (2) goes on") != NULL);
    write_file(path("replay"), first);
    set("FILCH_REPLAY", path("replay"));
    child_run(&child, run_odd_names);
    CHILD_EXITED(&child, 0);
    read_file(path("schedule"), second, sizeof second);
    EQ(0, strcmp(first, second));
    unlink(path("replay"));
    unlink(path("schedule"));
}

/* --- Bugs ---------------------------------------------------------------- */

/* Loses an addition if another comes between. */
static int
add(void *arg)
{
    unsigned before = slot;
    (void)arg;
    filch_event_is_set(&gate);
    slot = before + 1;
    return 0;
}

static int
add_twice(void *arg)
{
    slot = 0;
    filch_task *a = spawn(add, arg), *b = spawn(add, arg);
    EQ(0, join(a));
    EQ(0, join(b));
    broken = slot != 2;
    return 0;
}

/* The first seed, of at most 100, that breaks it. */
static uint64_t
find_seed(filch_fn program)
{
    for (uint64_t seed = 1; seed <= 100; ++seed) {
        broken = false;
        OK(filch_run(&(filch_config){.seed = seed}, program, NULL));
        if (broken)
            return seed;
    }
    return 0;
}

TEST(a_lost_addition_is_found_and_comes_back_100_times_of_100)
{
    static const char *const policies[] = {"random", "pct"};
    for (size_t i = 0; i < 2; ++i) {
        set("FILCH_POLICY", policies[i]);
        uint64_t seed = find_seed(add_twice);
        check_context(policies[i]);
        CHECK(seed != 0);
        for (int again = 0; again < 100; ++again) {
            broken = false;
            OK(filch_run(&(filch_config){.seed = seed}, add_twice, NULL));
            CHECK(broken);
        }
    }
}

TEST(a_run_that_interrupts_nobody_does_not_lose_it)
{
    for (int i = 0; i < 10; ++i) {
        OK(filch_run(&(filch_config){.virtual_time = true}, add_twice, NULL));
        CHECK(!broken);
    }
}

/* Broken only if `a` runs to its end between the two steps of `b`, which does
 * so within those of the third. */
static atomic_int steps;

static int
step_a(void *arg)
{
    (void)arg;
    filch_event_is_set(&gate);
    steps += steps == 2;
    return 0;
}

static int
step_b(void *arg)
{
    (void)arg;
    filch_event_is_set(&gate);
    steps += steps == 1;
    filch_event_is_set(&gate);
    steps += steps == 3;
    return 0;
}

static int
step_c(void *arg)
{
    (void)arg;
    steps = 1;
    filch_event_is_set(&gate);
    if (steps == 4)
        broken = true;
    steps = 0;
    return 0;
}

static int
three_steps(void *arg)
{
    steps = 0;
    filch_task *a = spawn(step_a, arg), *b = spawn(step_b, arg);
    filch_task *c = spawn(step_c, arg);
    EQ(0, join(a));
    EQ(0, join(b));
    EQ(0, join(c));
    return 0;
}

TEST(pct_finds_what_takes_three_steps_in_a_certain_order)
{
    int found = 0;
    set("FILCH_POLICY", "pct:3:12");
    for (uint64_t seed = 1; seed <= 5000; ++seed) {
        broken = false;
        OK(filch_run(&(filch_config){.seed = seed}, three_steps, NULL));
        found += broken;
    }
    CHECK(found > 0);
}

/* --- Fairness ------------------------------------------------------------ */

static int
poll_gate(void *arg)
{
    (void)arg;
    while (!filch_event_is_set(&gate))
        ;
    return 0;
}

static int
open_gate(void *arg)
{
    (void)arg;
    filch_event_set(&gate);
    return 0;
}

static int
poll_and_open(void *arg)
{
    filch_task *poller = spawn(poll_gate, arg);
    filch_event_clear(&gate);
    filch_yield();
    filch_task *opener = spawn(open_gate, arg);
    EQ(0, join(poller));
    EQ(0, join(opener));
    return 0;
}

TEST(who_calls_without_end_is_interrupted_whatever_the_policy)
{
    static const char *const policies[] = {"random", "pct", "pct:1",
                                           "round-robin"};
    for (uint64_t i = 0; i < 40; ++i) {
        set("FILCH_POLICY", policies[i % 4]);
        OK(filch_run(&(filch_config){.seed = 1 + i}, poll_and_open, NULL));
    }
    OK(filch_run(&(filch_config){.virtual_time = true}, poll_and_open, NULL));
}

/* --- What is wrong ------------------------------------------------------- */

static int
nothing(void *arg)
{
    return arg != NULL;
}

static void
run_nothing(void)
{
    FAILS(EINVAL, filch_run(NULL, nothing, NULL));
}

/* A start that fails, and says so. */
static void
fails_saying(const char *text)
{
    struct child child;
    child_run(&child, run_nothing);
    CHILD_EXITED(&child, 0);
    CHILD_SAID(&child, text);
}

TEST(a_bad_policy_is_named)
{
    static const char *const bad[] = {
        "chance", "pct:",    "pct:0",       "pct:65", "pct:3x",
        "pct:3:", "pct:3:0", "round_robin", ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
        char text[100];
        set("FILCH_POLICY", bad[i]);
        snprintf(text, sizeof text,
                 "bad value '%s' of the environment variable FILCH_POLICY",
                 bad[i]);
        fails_saying(text);
    }
}

TEST(more_workers_than_one_are_refused_with_a_seed)
{
    set("FILCH_SEED", "1");
    set("FILCH_WORKERS", "2");
    fails_saying("has one worker, not 2");
}

TEST(a_file_that_is_no_schedule_is_named_with_its_line)
{
    static const struct {
        const char *text, *said;
    } bad[] = {
        {"", ":1: this is not a schedule"},
        {"seed 1\n", ":1: this is not a schedule"},
        {"filch-schedule 2\n", ":1: this is not a schedule"},
        {"filch-schedule 1\nseed x\n", ":2: this is not a schedule"},
        {"filch-schedule 1\nseed 1\npolicy luck\n", ":3: this is not"},
        {"filch-schedule 1\nseed 1\n3 2\n3 1\n", ":4: this is not"},
        {"filch-schedule 1\nseed 1\n3\n", ":3: this is not"},
        {"filch-schedule 1\nseed 1\n3 2 1\n", ":3: this is not"},
        {"filch-schedule 1\nhello\n", ":2: this is not a schedule"},
    };
    set("FILCH_REPLAY", path("replay"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
        write_file(path("replay"), bad[i].text);
        check_context(bad[i].text);
        fails_saying(bad[i].said);
    }
    unlink(path("replay"));
    fails_saying("cannot read the schedule");
    set("FILCH_REPLAY", "/");
    fails_saying("cannot read the schedule '/' (FILCH_REPLAY): Is a directory");
}

TEST(a_schedule_that_cannot_be_written_is_an_error_of_the_start)
{
    set("FILCH_SEED", "1");
    set("FILCH_SCHEDULE", "/nowhere/at/all");
    fails_saying("cannot write the schedule to '/nowhere/at/all'");
    set("FILCH_SCHEDULE", "/dev/full");
    fails_saying("cannot write the schedule to '/dev/full'");
}
