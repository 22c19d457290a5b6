/*
 * What once was wrong, and shows only where a thread is held up between two
 * certain steps: here with chaos, which holds them up. That it would show is
 * seen in broken.sh, where it is made wrong again.
 */
#include "../harness/harness.h"

enum { ROUNDS = 400 };

static uint64_t chaos_seed;

/* As FILCH_CHAOS says, or by chance; with at least so many workers. */
static void
run_in_chaos(unsigned least, filch_fn main)
{
    char text[32];
    const char *given = getenv("FILCH_CHAOS");
    unsigned workers = test_workers();

    chaos_seed = given ? strtoull(given, NULL, 10) : test_seed();
    snprintf(text, sizeof text, "%llu", (unsigned long long)chaos_seed);
    CHECK(setenv("FILCH_CHAOS", text, 1) == 0);
    check_context(text);
    run_on(workers > least ? workers : least, main, NULL);
}

/* --- Deadlines ----------------------------------------------------------- */

enum { PAIRS = 4 };

static struct pair {
    filch_event first, second, ended;
    filch_time deadline;
} pairs[PAIRS];

/* Its first wait ends by its deadline or not; the second one has a far one,
 * since no timeout could decide a wait that has none. */
static int
wait_twice(void *arg)
{
    struct pair *pair = arg;
    for (int i = 0; i < ROUNDS; ++i) {
        pair->deadline = filch_after(FILCH_US(30));
        int error = filch_event_wait_until(&pair->first, pair->deadline);
        CHECK(error == 0 || error == ETIMEDOUT);
        OK(filch_event_wait_until(&pair->second, filch_after(FILCH_SEC(3600))));
        filch_event_clear(&pair->first);
        filch_event_clear(&pair->second);
        filch_event_set(&pair->ended);
    }
    return 0;
}

/* Ends the first wait at about its deadline, and the second one later. */
static int
set_twice(void *arg)
{
    struct pair *pair = arg;
    uint64_t state = test_seed() + (uint64_t)(pair - pairs);
    for (int i = 0; i < ROUNDS; ++i) {
        compute_until(filch_after(FILCH_US(chance(&state, 60))));
        filch_event_set(&pair->first);
        filch_sleep(FILCH_US(chance(&state, 300)));
        filch_event_set(&pair->second);
        OK(filch_event_wait(&pair->ended));
        filch_event_clear(&pair->ended);
    }
    return 0;
}

static int
wait_and_set(void *arg)
{
    filch_task *tasks[2 * PAIRS];
    for (int i = 0; i < PAIRS; ++i) {
        tasks[2 * i] = spawn(wait_twice, &pairs[i]);
        tasks[2 * i + 1] = spawn(set_twice, &pairs[i]);
    }
    for (int i = 0; i < 2 * PAIRS; ++i)
        EQ(0, join(tasks[i]));
    return arg != NULL;
}

TEST(deadline_ends_no_later_wait_of_the_same_task)
{
    run_in_chaos(3, wait_and_set);
}

/* --- The watch ----------------------------------------------------------- */

/* Each in turn works for a while, so that workers come and go. */
static int
work(void *arg)
{
    uint64_t state = test_seed() + (uintptr_t)arg;
    for (int i = 0; i < ROUNDS; ++i) {
        compute_until(filch_after(FILCH_US(chance(&state, 20))));
        filch_sleep(FILCH_US(chance(&state, 200)));
    }
    return 0;
}

static int
set_flag(void *arg)
{
    atomic_store((atomic_bool *)arg, true);
    return 0;
}

/* Does not suspend until another worker has run what it spawned. */
static int
wait_for_thief(void *arg)
{
    for (int i = 0; i < ROUNDS / 4; ++i) {
        atomic_bool ran = false;
        filch_task *task = spawn(set_flag, &ran);
        while (!atomic_load(&ran))
            sched_yield();
        EQ(0, join(task));
        filch_sleep(FILCH_US(100));
    }
    return arg != NULL;
}

static int
come_and_go(void *arg)
{
    enum { TASKS = 6 };
    filch_task *tasks[TASKS];
    for (uintptr_t i = 0; i < TASKS; ++i)
        tasks[i] = spawn(i ? work : wait_for_thief, (void *)i);
    for (int i = 0; i < TASKS; ++i)
        EQ(0, join(tasks[i]));
    return arg != NULL;
}

/* That there is just one, the library itself looks after in chaos. */
TEST(watch_is_kept_by_one_worker_and_finds_what_waits)
{
    run_in_chaos(4, come_and_go);
}

/* --- A callback that arms itself ------------------------------------------ */

static filch_timer again;
static atomic_uint calls;

static void
arm_again(void *arg)
{
    atomic_fetch_add(&calls, 1);
    OK(filch_call_later(&again, FILCH_US(20), arm_again, arg));
}

static atomic_bool enough;

/* So that callbacks move from worker to worker. */
static int
keep_busy(void *arg)
{
    while (!atomic_load(&enough)) {
        compute_until(filch_after(FILCH_US(5)));
        filch_yield();
    }
    return arg != NULL;
}

static int
cancel_often(void *arg)
{
    filch_task *busy[2] = {spawn(keep_busy, NULL), spawn(keep_busy, NULL)};
    for (int i = 0; i < ROUNDS; ++i) {
        OK(filch_call_later(&again, 0, arm_again, NULL));
        OK(filch_sleep(FILCH_US(100 + i % 200)));
        OK(filch_timer_cancel_wait(&again));
        unsigned before = atomic_load(&calls);
        OK(filch_sleep(FILCH_US(300)));
        EQ(before, atomic_load(&calls));
    }
    atomic_store(&enough, true);
    for (int i = 0; i < 2; ++i)
        EQ(0, join(busy[i]));
    return arg != NULL;
}

TEST(timer_that_arms_itself_is_quiet_after_a_cancel_that_waits)
{
    run_in_chaos(4, cancel_often);
}
