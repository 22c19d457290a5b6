/*
 * Out of memory is an error of the call that needed it, and has no effect.
 * In child processes, since each takes all memory that there is: an address
 * space that is limited first, and then filled.
 */
#include "../harness/harness.h"
#include <sys/resource.h>
#include <unistd.h>

#if UNDER_SANITIZER

TEST(out_of_memory_is_an_error_of_the_call_that_needed_it)
{
    skip("a sanitizer needs the address space itself");
}

#else

/* --- Taking all memory, and giving it back ------------------------------- */

static void *taken; /* a list */

/* Leaves so many bytes of address space. */
static void
limit_memory(size_t left)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%zu", &pages) == 1);
    fclose(file);
    struct rlimit limit = {pages * (size_t)sysconf(_SC_PAGESIZE) + left,
                           RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
}

static void
take_all_memory(void)
{
    for (size_t size = 1 << 20; size >= 16; size /= 2) {
        void *block;
        while ((block = malloc(size))) {
            *(void **)block = taken;
            taken = block;
        }
    }
}

static void
give_memory_back(void)
{
    while (taken) {
        void *block = taken;
        taken = *(void **)block;
        free(block);
    }
}

/* Another worker may give something back meanwhile, a stack for instance: then
 * what the call took is undone, and all memory is taken again. */
#define FAILS_WITHOUT_MEMORY(call, undo)                                       \
    do {                                                                       \
        int status_;                                                           \
        while ((status_ = (call)) == 0) {                                      \
            OK(undo);                                                          \
            take_all_memory();                                                 \
        }                                                                      \
        EQ(ENOMEM, status_);                                                   \
    } while (0)

/* Runs a test's body as a task, in a child with little memory. */
static filch_fn limited_main;
static size_t limited_to;

static int
limit_and_run(void *arg)
{
    limit_memory(limited_to);
    return limited_main(arg);
}

static void
run_limited(void)
{
    run_on(test_workers(), limit_and_run, NULL);
}

static void
with_memory(size_t bytes, filch_fn main)
{
    struct child child;
    limited_main = main;
    limited_to = bytes;
    child_run(&child, run_limited);
    CHILD_EXITED(&child, 0);
}

/* --- Calls that allocate ------------------------------------------------- */

static filch_event gate;
static filch_queue unbounded, bounded, other;
enum { SLOTS = 65536 }; /* the most that a queue takes memory for at once */

static int
wait_at_gate(void *arg)
{
    (void)arg;
    return filch_event_wait(&gate);
}

static void
nothing(void *arg)
{
    (void)arg;
}

static int
compare(const void *left, const void *right)
{
    return (left > right) - (left < right);
}

static int
call_without_memory(void *arg)
{
    static char long_name[100000];
    filch_task *tasks[50], *self = filch_current();
    filch_runtime *runtime;
    size_t done = 99;
    int status;
    (void)arg;
    memset(long_name, 'x', sizeof long_name - 1);
    OK(filch_task_set_name(self, "before"));
    OK(filch_queue_init(&bounded, SLOTS));
    for (int i = 0; i < 50; ++i)
        tasks[i] = park(wait_at_gate, NULL);

    take_all_memory();
    FAILS_WITHOUT_MEMORY(filch_task_set_name(self, long_name),
                         filch_task_set_name(self, "before"));
    for (size_t i = 0; i < SLOTS; ++i) /* which have their memory already */
        OK(filch_queue_put_nowait(&bounded, &bounded));
    FAILS_WITHOUT_MEMORY(filch_queue_init(&other, 60000),
                         filch_queue_destroy(&other));
    FAILS_WITHOUT_MEMORY(filch_queue_init_lifo(&other, 60000),
                         filch_queue_destroy(&other));
    FAILS_WITHOUT_MEMORY(filch_queue_init_priority(&other, 60000, compare),
                         filch_queue_destroy(&other));
    while ((status = filch_wait_until(tasks, 50, FILCH_ALL_COMPLETED, &done,
                                      filch_now())) == ETIMEDOUT)
        take_all_memory();
    FAILS(ENOMEM, status);
    status = filch_start(&runtime, NULL);
    CHECK(status == ENOMEM || status == EAGAIN);
    while ((status = filch_call_later(NULL, FILCH_SEC(9), nothing, NULL)) == 0)
        ; /* there may be some small blocks left */
    FAILS(ENOMEM, status);
    while ((status = filch_queue_put_nowait(&unbounded, self)) == 0)
        ;
    FAILS(ENOMEM, status);
    FAILS(ENOMEM, filch_queue_put(&unbounded, self));
    give_memory_back();

    CHECK(strcmp("before", filch_task_name(self)) == 0);
    EQ(0, done);
    size_t size = filch_queue_size(&unbounded);
    OK(filch_queue_put(&unbounded, NULL)); /* what was in it is still there */
    for (void *item; size-- > 0;) {
        OK(filch_queue_get(&unbounded, &item));
        CHECK(item == self);
    }
    OK(filch_queue_destroy(&unbounded));
    EQ(SLOTS, filch_queue_size(&bounded));
    OK(filch_queue_destroy(&bounded));
    filch_event_set(&gate);
    for (int i = 0; i < 50; ++i)
        EQ(0, join(tasks[i]));
    return 0;
}

TEST(out_of_memory_is_an_error_of_the_call_that_needed_it)
{
    with_memory(32 << 20, call_without_memory);
}

/* --- Tasks and stacks ---------------------------------------------------- */

static atomic_int waited, refused;

static int
wait_and_count(void *arg)
{
    int status = filch_event_wait(&gate);
    CHECK(status == 0 || status == ENOMEM);
    atomic_fetch_add(status ? &refused : &waited, 1);
    return arg != NULL;
}

static int
spawn_until_refused(void *arg)
{
    int spawned = 0, status = 0;
    (void)arg;
    while (status == 0 && atomic_load(&refused) == 0 && spawned < 1000000) {
        status = filch_spawn(NULL, wait_and_count, NULL);
        spawned += status == 0;
        filch_yield();
    }
    CHECK(status == 0 || status == ENOMEM || status == EAGAIN);
    CHECK(spawned < 1000000);
    filch_event_set(&gate);
    UNTIL(atomic_load(&waited) + atomic_load(&refused) == spawned);
    CHECK(atomic_load(&waited) > 10);
    EQ(0, join(spawn(wait_at_gate, NULL))); /* and life goes on */
    return 0;
}

TEST(task_that_finds_no_stack_to_wait_on_gets_ENOMEM_and_the_rest_goes_on)
{
    with_memory(64 << 20, spawn_until_refused);
}

static int
count(void *arg)
{
    atomic_fetch_add(&waited, 1);
    return arg != NULL;
}

static atomic_bool may_end;

/* So that nothing else can begin on that worker. */
static int
occupy_worker(void *arg)
{
    atomic_fetch_add((atomic_uint *)arg, 1);
    while (!atomic_load(&may_end))
        sched_yield();
    return 0;
}

/* The other workers, which might end tasks as fast as they are spawned. */
static void
occupy_others(void)
{
    static atomic_uint occupied;
    unsigned others = test_workers() - 1;
    for (unsigned i = 0; i < others; ++i)
        OK(filch_spawn(NULL, occupy_worker, &occupied));
    UNTIL(atomic_load(&occupied) == others);
}

static int
spawn_without_yielding(void *arg)
{
    int spawned = 0, status;
    (void)arg;
    occupy_others();
    while ((status = filch_spawn(NULL, count, NULL)) == 0)
        ++spawned;
    CHECK(status == ENOMEM || status == EAGAIN);
    atomic_store(&may_end, true);
    UNTIL(atomic_load(&waited) == spawned);
    return 0;
}

TEST(spawn_without_memory_is_an_error_and_never_a_crash)
{
    with_memory(8 << 20, spawn_without_yielding);
}

static void
submit_without_memory(void)
{
    static atomic_uint occupied;
    filch_config config = {.workers = test_workers()};
    filch_runtime *runtime;
    filch_task *task;
    int submitted = 0, status;
    OK(filch_start(&runtime, &config));
    for (unsigned i = 0; i < test_workers(); ++i)
        OK(filch_submit(runtime, NULL, occupy_worker, &occupied));
    UNTIL(atomic_load(&occupied) == test_workers());
    limit_memory(4 << 20);
    while ((status = filch_submit(runtime, NULL, count, NULL)) == 0)
        ++submitted;
    FAILS(ENOMEM, status);
    FAILS(ENOMEM, filch_submit(runtime, &task, count, NULL));
    atomic_store(&may_end, true);
    UNTIL(atomic_load(&waited) == submitted);
    OK(filch_submit(runtime, &task, count, NULL)); /* and life goes on */
    EQ(0, join(task));
    OK(filch_stop(runtime));
    EQ(submitted + 1, atomic_load(&waited));
}

TEST(submit_without_memory_is_ENOMEM_and_never_a_crash)
{
    struct child child;
    child_run(&child, submit_without_memory);
    CHILD_EXITED(&child, 0);
}

enum { SMALL = 5000 };

/* There are small blocks, but no memory for more descriptors. */
static int
spawn_into_group(void *arg)
{
    static filch_group group;
    static void *small[SMALL];
    int spawned = 0, status;
    for (int i = 0; i < SMALL; ++i)
        CHECK((small[i] = malloc(64)) != NULL);
    occupy_others();
    take_all_memory();
    for (int i = 0; i < SMALL; ++i)
        free(small[i]);
    while ((status = filch_group_spawn(&group, count, arg)) == 0)
        ++spawned;
    FAILS(ENOMEM, status);
    CHECK(spawned < SMALL);
    atomic_store(&may_end, true);
    give_memory_back();
    OK(filch_group_wait(&group));
    EQ(spawned, atomic_load(&waited));
    OK(filch_group_destroy(&group));
    return 0;
}

TEST(group_does_not_wait_for_a_task_that_could_not_be_had)
{
    with_memory(32 << 20, spawn_into_group);
}

static int
fork_without_memory(void *arg)
{
    enum { JOBS = 50000 };
    static filch_job jobs[JOBS];
    take_all_memory();
    for (int i = 0; i < JOBS; ++i)
        filch_fork(&jobs[i], count, arg);
    for (int i = JOBS - 1; i >= 0; --i)
        EQ(0, filch_sync(&jobs[i]));
    give_memory_back();
    EQ(JOBS, atomic_load(&waited));
    return 0;
}

TEST(job_that_finds_no_memory_is_run_by_sync)
{
    with_memory(32 << 20, fork_without_memory);
}

static int
ask_for_large_stacks(void *arg)
{
    filch_task_options options = {.stack_size = 512 << 20};
    filch_task *task;
    (void)arg;
    int status = filch_spawn_with(&task, count, NULL, &options);
    if (status == 0)
        status = join(task); /* it may also be refused when it starts */
    CHECK(status == ENOMEM || status == EAGAIN);
    EQ(0, atomic_load(&waited));
    return 0;
}

TEST(stack_that_cannot_be_had_is_an_error)
{
    with_memory(64 << 20, ask_for_large_stacks);
}

/* --- Threads ------------------------------------------------------------- */

static int
run_nothing(void *arg)
{
    atomic_fetch_add(&waited, 1);
    return arg != NULL;
}

static void
start_too_many_workers(void)
{
    filch_config config = {.workers = 1024};
    limit_memory(256 << 20); /* for some 30 threads */
    int status = filch_run(&config, run_nothing, NULL);
    CHECK(status == EAGAIN || status == ENOMEM);
    EQ(0, atomic_load(&waited));
    limit_memory((size_t)1 << 32);
    config.workers = 2;
    OK(filch_run(&config, run_nothing, NULL));
    EQ(1, atomic_load(&waited));
}

TEST(run_whose_threads_cannot_be_had_is_an_error_and_has_run_nothing)
{
    struct child child;
    child_run(&child, start_too_many_workers);
    CHILD_EXITED(&child, 0);
}

/* --- A start that fails leaves no stacks behind -------------------------- */

static void
start_with_stacks_that_cannot_be_had(void)
{
    filch_config config = {.workers = 64, .stack_size = 256 << 20};
    filch_runtime *runtime;
    limit_memory((size_t)1 << 30); /* for some of the stacks */
    FAILS(ENOMEM, filch_start(&runtime, &config));
    config = (filch_config){.workers = 2, .stack_size = 128 << 20};
    OK(filch_run(&config, run_nothing, NULL)); /* for which there is room */
}

TEST(start_whose_stacks_cannot_be_had_leaves_none_of_them_mapped)
{
    struct child child;
    child_run(&child, start_with_stacks_that_cannot_be_had);
    CHILD_EXITED(&child, 0);
}

static void
start_with_threads_that_cannot_be_had(void)
{
    filch_config config = {.workers = 1024};
    filch_runtime *runtime;
    limit_memory((size_t)1400 << 20); /* for all stacks, but not all threads */
    int status = filch_start(&runtime, &config);
    CHECK(status == EAGAIN || status == ENOMEM);
    config = (filch_config){.workers = 2, .stack_size = 256 << 20};
    OK(filch_run(&config, run_nothing, NULL));
}

TEST(start_whose_threads_cannot_be_had_leaves_no_stack_mapped)
{
    struct child child;
    child_run(&child, start_with_threads_that_cannot_be_had);
    CHILD_EXITED(&child, 0);
}

#endif
