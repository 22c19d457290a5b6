/*
 * Who was woken for a lock, and is on its way. Its waker does something else by then,
 * and a worker that idles has it at once, not only when it has waited for so long
 * that it is stolen.
 */
#include "../harness/harness.h"

enum { ROUNDS = 64 };

static filch_lock lock = FILCH_LOCK_INIT;

static uint64_t
count_steals(void)
{
    filch_stats stats[64];
    size_t workers;
    uint64_t steals = 0;
    OK(filch_stats_read(NULL, stats, 64, &workers));
    for (size_t i = 0; i < workers; ++i)
        steals += stats[i].steals;
    return steals;
}

static int
take_and_tell(void *arg)
{
    OK(filch_lock_acquire(&lock));
    atomic_store((atomic_bool *)arg, true);
    return filch_lock_release(&lock);
}

/* Releases a lock that a task waits for, and does not suspend until that one has
 * had it: how much was stolen meanwhile. */
static uint64_t
release_and_stay(void)
{
    atomic_bool served = false;
    OK(filch_lock_acquire(&lock));
    filch_task *task = park(take_and_tell, &served);
    uint64_t steals = count_steals();
    OK(filch_lock_release(&lock));
    while (!atomic_load(&served))
        sched_yield();
    steals = count_steals() - steals;
    EQ(0, join(task));
    return steals;
}

TASK_TEST(lock_is_taken_by_an_idle_worker_which_steals_nothing_for_it)
{
    if (test_workers() < 2)
        skip("it takes two workers");
    if (in_chaos())
        skip("in chaos the watch steals what has not waited");
    uint64_t steals = 0;
    for (int i = 0; i < ROUNDS; ++i)
        steals += release_and_stay();
    CHECK(steals < ROUNDS / 4);
}

static void
release_twice(void)
{
    OK(filch_lock_release(&lock));
    FAILS(EPERM, filch_lock_release(&lock));
}

/* As long as it takes the kernel's coarse clock to tick. */
ONE_WORKER_TEST(lock_that_is_free_or_given_to_who_is_on_its_way_is_not_released)
{
    for (unsigned quick = 1000; quick < 1017; ++quick) {
        atomic_bool served = false;
        OK(filch_lock_acquire(&lock));
        filch_task *task = park(take_and_tell, &served);
        release_twice();
        for (unsigned i = 0; i < quick; ++i) {
            OK(filch_lock_acquire(&lock));
            release_twice();
        }
        OK(filch_lock_acquire(&lock));
        compute_until(filch_after(FILCH_MS(12)));
        release_twice();
        while (!atomic_load(&served)) {
            OK(filch_lock_acquire(&lock));
            release_twice();
        }
        EQ(0, join(task));
    }
}

/* Passes over one who waits with `most` sections, unless it is served before, and
 * lets it go on: how many that were. */
static unsigned
pass_over_and_yield(unsigned most, filch_time length)
{
    atomic_bool served = false;
    unsigned passes = 0;
    OK(filch_lock_acquire(&lock));
    filch_task *task = park(take_and_tell, &served);
    OK(filch_lock_release(&lock));
    for (; !atomic_load(&served) && passes < most; ++passes) {
        OK(filch_lock_acquire(&lock));
        compute_until(filch_after(length));
        OK(filch_lock_release(&lock));
    }
    EQ(0, join(task));
    return passes;
}

/* Sections of no length have it look at the clock seldom. It would never learn that
 * they have become long from fewer than it lets pass between two looks. */
ONE_WORKER_TEST(lock_forgets_that_it_was_held_for_moments)
{
    for (int i = 0; i < 8; ++i) {
        pass_over_and_yield(5000, 0);
        pass_over_and_yield(15, FILCH_MS(1));
        CHECK(pass_over_and_yield(15, FILCH_MS(1)) < 8);
    }
}
