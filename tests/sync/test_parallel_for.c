/* Loops over ranges. */
#include "../harness/harness.h"

enum { MOST = 1000 };
static atomic_int visits[MOST];
static atomic_int calls;

/* A loop as it is expected to be: its ranges check themselves against it. */
struct expected {
    size_t begin, end, grain;
};

static int
visit(size_t begin, size_t end, void *arg)
{
    const struct expected *all = arg;
    CHECK(all->begin <= begin && begin < end && end <= all->end);
    EQ(0, (begin - all->begin) % all->grain);
    CHECK(end - begin == all->grain || end == all->end);
    CHECK(end - begin <= all->grain);
    for (size_t i = begin; i < end; ++i)
        atomic_fetch_add(&visits[i - all->begin], 1);
    atomic_fetch_add(&calls, 1);
    return 0;
}

static void
check_loop(size_t begin, size_t n, size_t grain)
{
    struct expected all = {begin, begin + n, grain};
    memset(visits, 0, sizeof visits);
    atomic_store(&calls, 0);
    OK(filch_parallel_for(begin, begin + n, grain, visit, &all));
    for (size_t i = 0; i < MOST; ++i)
        EQ(i < n, atomic_load(&visits[i]));
    EQ((n + grain - 1) / grain, atomic_load(&calls));
}

static void
check_loops(void)
{
    static const size_t sizes[] = {1, 2, 3, 7, 64, 65, 100, MOST};
    static const size_t grains[] = {1, 2, 3, 10, 64, MOST};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i)
        for (size_t k = 0; k < sizeof grains / sizeof *grains; ++k) {
            check_loop(0, sizes[i], grains[k]);
            check_loop(17, sizes[i], grains[k]);
            check_loop(SIZE_MAX - sizes[i], sizes[i], grains[k]);
        }
}

/* --- Ranges -------------------------------------------------------------- */

TASK_TEST(parallel_for_visits_all_once_in_ranges_of_the_grain)
{
    check_loops();
}

TEST(parallel_for_does_so_on_a_plain_thread_too)
{
    check_loops();
}

static int
count_range(size_t begin, size_t end, void *arg)
{
    CHECK(begin < end);
    atomic_fetch_add((atomic_size_t *)arg, end - begin);
    atomic_fetch_add(&calls, 1);
    return 0;
}

TASK_TEST(parallel_for_without_a_grain_makes_some_ranges_for_each_worker)
{
    static const size_t sizes[] = {1, 5, 1000, 1000000, SIZE_MAX};
    for (int i = 0; i < 5; ++i) {
        atomic_size_t sum = 0;
        int ranges = 8 * (int)test_workers();
        atomic_store(&calls, 0);
        OK(filch_parallel_for(0, sizes[i], 0, count_range, &sum));
        CHECK(atomic_load(&sum) == sizes[i]);
        CHECK(atomic_load(&calls) <= ranges);
        CHECK(sizes[i] < 1000 || atomic_load(&calls) > ranges / 2);
    }
}

TASK_TEST(parallel_for_of_nothing_calls_nothing)
{
    for (size_t grain = 0; grain < 3; ++grain) {
        OK(filch_parallel_for(0, 0, grain, count_range, NULL));
        OK(filch_parallel_for(7, 7, grain, count_range, NULL));
        OK(filch_parallel_for(8, 7, grain, count_range, NULL));
        OK(filch_parallel_for(SIZE_MAX, 0, grain, count_range, NULL));
    }
}

TASK_TEST(parallel_for_without_a_function_is_EINVAL)
{
    FAILS(EINVAL, filch_parallel_for(0, 5, 1, NULL, NULL));
    FAILS(EINVAL, filch_parallel_for(0, 0, 0, NULL, NULL));
}

/* Ranges meet in twos: the first of two waits for the second to begin. */
static int
meet(size_t begin, size_t end, void *arg)
{
    (void)begin, (void)end, (void)arg;
    atomic_fetch_add(&calls, 1);
    while (atomic_load(&calls) < 2) /* this worker does not come to it */
        sched_yield();
    return 0;
}

TASK_TEST(parallel_for_runs_ranges_on_several_workers)
{
    if (test_workers() < 2)
        skip("it takes two workers");
    OK(filch_parallel_for(0, 2, 1, meet, NULL));
}

/* Ranges that must come one after the other; `arg`: where the next begins. */
static int
follow(size_t begin, size_t end, void *arg)
{
    size_t *next = arg;
    EQ(*next, begin);
    *next = end;
    return 0;
}

TEST(parallel_for_runs_its_ranges_in_their_order_on_a_plain_thread)
{
    for (size_t grain = 0; grain < 20; ++grain) {
        size_t next = 3;
        OK(filch_parallel_for(3, MOST, grain, follow, &next));
        EQ(MOST, next);
    }
}

static void
loop_in_callback(void *arg)
{
    for (size_t grain = 0; grain < 20; ++grain) {
        size_t next = 3;
        OK(filch_parallel_for(3, MOST, grain, follow, &next));
        EQ(MOST, next);
    }
    filch_event_set(arg);
}

TASK_TEST(parallel_for_runs_its_ranges_in_their_order_in_a_callback)
{
    static filch_event done;
    OK(filch_call_soon(loop_in_callback, &done));
    OK(filch_event_wait(&done));
}

/* --- Failing ------------------------------------------------------------- */

static unsigned char fails_at[MOST];

static int
fail_where_told(size_t begin, size_t end, void *arg)
{
    (void)end, (void)arg;
    atomic_fetch_add(&visits[begin], 1);
    if (begin % 7 == 0)
        filch_yield();
    return fails_at[begin];
}

TASK_TEST(parallel_for_returns_the_status_of_the_lowest_range_that_fails)
{
    uint64_t state = test_seed();
    for (int round = 0; round < (UNDER_SANITIZER ? 50 : 500); ++round) {
        size_t lowest = MOST;
        memset(fails_at, 0, sizeof fails_at);
        memset(visits, 0, sizeof visits);
        for (unsigned n = chance(&state, 5); n > 0; --n) {
            size_t at = chance(&state, MOST);
            fails_at[at] = (unsigned char)(1 + chance(&state, 100));
            lowest = at < lowest ? at : lowest;
        }
        int status = filch_parallel_for(0, MOST, 1, fail_where_told, NULL);
        EQ(lowest < MOST ? fails_at[lowest] : 0, status);
        for (size_t i = 0; i < MOST; ++i)
            CHECK(atomic_load(&visits[i]) == 1 ||
                  (i > lowest && atomic_load(&visits[i]) == 0));
    }
}

static int
fail_always(size_t begin, size_t end, void *arg)
{
    (void)begin, (void)end, (void)arg;
    return EIO;
}

/* It would not end in our days. */
TASK_TEST(parallel_for_skips_what_is_above_a_failure)
{
    EQ(EIO, filch_parallel_for(0, SIZE_MAX, 1, fail_always, NULL));
}

/* --- Tasks --------------------------------------------------------------- */

static int
be_the_caller(size_t begin, size_t end, void *arg)
{
    (void)begin, (void)end;
    CHECK(filch_current() == arg);
    CHECK(filch_cancelled());
    OK(filch_sleep(FILCH_US(10)));
    return 0;
}

TASK_TEST(parallel_for_does_not_look_at_a_cancel_nor_do_calls_in_its_ranges)
{
    filch_task *me = filch_current();
    OK(filch_cancel(me));
    OK(filch_parallel_for(0, 100, 1, be_the_caller, me));
    FAILS(ECANCELED, filch_sleep(0));
}

static int
end_when_cancelled(size_t begin, size_t end, void *arg)
{
    (void)begin, (void)end;
    atomic_store((atomic_bool *)arg, true);
    return filch_cancelled() ? ECANCELED : filch_sleep(FILCH_US(1));
}

/* Not one without end: as its ranges sleep, any number of them may be under way,
 * and fill the memory before who cancels has its turn. */
static int
loop_for_ever(void *arg)
{
    int status;
    do
        status = filch_parallel_for(0, 1000, 1, end_when_cancelled, arg);
    while (status == 0);
    return status;
}

TASK_TEST(parallel_for_ends_when_a_range_returns_that_it_was_cancelled)
{
    atomic_bool begun = false;
    filch_task *task = spawn(loop_for_ever, &begun);
    UNTIL(atomic_load(&begun));
    OK(filch_cancel(task));
    EQ(ECANCELED, join(task));
}

static int
loop_within(size_t begin, size_t end, void *arg)
{
    for (size_t i = begin; i < end; ++i)
        OK(filch_parallel_for(0, i, 1, count_range, arg));
    return 0;
}

static int
loop_in_loop(void *arg)
{
    atomic_size_t sum = 0;
    (void)arg;
    OK(filch_parallel_for(0, 100, 3, loop_within, &sum));
    EQ(99 * 100 / 2, atomic_load(&sum));
    return 0;
}

TASK_TEST(parallel_for_may_be_called_in_a_range_in_a_job_and_by_several_tasks)
{
    filch_task *tasks[5];
    filch_job job;
    for (int i = 0; i < 5; ++i)
        tasks[i] = spawn(loop_in_loop, NULL);
    filch_fork(&job, loop_in_loop, NULL);
    EQ(0, loop_in_loop(NULL));
    EQ(0, filch_sync(&job));
    for (int i = 0; i < 5; ++i)
        EQ(0, join(tasks[i]));
}

TASK_TEST(parallel_for_leaves_shields_as_they_were)
{
    atomic_size_t sum = 0;
    OK(filch_cancel(filch_current()));
    FAILS(ECANCELED, filch_sleep(0));
    filch_shield_begin();
    OK(filch_parallel_for(0, 10, 1, count_range, &sum));
    OK(filch_sleep(0));
    filch_shield_end();
    OK(filch_parallel_for(0, 10, 1, count_range, &sum));
    FAILS(ECANCELED, filch_sleep(0));
}

#if !UNDER_SANITIZER
#include <malloc.h>

TASK_TEST(parallel_for_may_be_called_however_deep_the_task_is_shielded)
{
    for (int i = 0; i < 32767; ++i)
        filch_shield_begin();
    check_loop(0, 100, 7);
    for (int i = 0; i < 32767; ++i)
        filch_shield_end();
    OK(filch_cancel(filch_current()));
    FAILS(ECANCELED, filch_sleep(0));
}

ONE_WORKER_TEST(parallel_for_costs_no_heap_memory)
{
    atomic_size_t sum = 0;
    OK(filch_parallel_for(0, 10000, 1, count_range,
                          &sum)); /* the deque grows */
    size_t before = mallinfo2().uordblks;
    OK(filch_parallel_for(0, 10000, 1, count_range, &sum));
    EQ(before, mallinfo2().uordblks);
}
#endif
