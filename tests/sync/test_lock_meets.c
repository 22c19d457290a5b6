/*
 * Two threads that take a lock and give it back, each in its own rhythm: now
 * and then one comes back from its sleep just as the other releases. A release
 * that took no notice of that left it asleep beside a free lock.
 */
#include "../harness/harness.h"

#define ROUNDS_MOST 20000
#define LONG_ENOUGH FILCH_MS(700)

static filch_lock lock = FILCH_LOCK_INIT;
static atomic_long others;
static atomic_bool over;

static void
hold_for_a_while(uint64_t *state)
{
    OK(filch_lock_acquire(&lock));
    for (unsigned n = chance(state, 300); n > 0; --n)
        atomic_signal_fence(memory_order_seq_cst);
    OK(filch_lock_release(&lock));
}

static void *
take_again_and_again(void *arg)
{
    uint64_t state = test_seed();
    while (!atomic_load(&over)) {
        hold_for_a_while(&state);
        atomic_fetch_add(&others, 1);
    }
    return arg;
}

/* One that stands still is a hang, which the test's time limit shows. */
static void
wait_for_the_other(void)
{
    long before = atomic_load(&others);
    while (atomic_load(&others) == before)
        sched_yield();
}

TEST(lock_that_is_released_past_a_woken_waiter_does_not_leave_it_asleep)
{
    pthread_t thread = thread_start(take_again_and_again, NULL);
    uint64_t state = test_seed() + 1;
    filch_time end = filch_after(LONG_ENOUGH);
    for (int i = 0; i < ROUNDS_MOST && filch_now() < end; ++i) {
        for (unsigned n = 1 + chance(&state, 40); n > 0; --n)
            hold_for_a_while(&state);
        wait_for_the_other();
    }
    atomic_store(&over, true);
    thread_join(thread);
}

/* The same with waits that time out, and leave the lock marked as waited
 * for. */
static void *
give_up_again_and_again(void *arg)
{
    while (!atomic_load(&over)) {
        int status = filch_lock_acquire_until(&lock, filch_after(FILCH_US(20)));
        CHECK(status == 0 || status == ETIMEDOUT);
        if (status == 0)
            OK(filch_lock_release(&lock));
    }
    return arg;
}

TEST(lock_whose_waiters_gave_up_lets_the_next_ones_in)
{
    pthread_t impatient = thread_start(give_up_again_and_again, NULL);
    pthread_t patient = thread_start(take_again_and_again, NULL);
    uint64_t state = test_seed() + 2;
    filch_time end = filch_after(LONG_ENOUGH);
    for (int i = 0; i < ROUNDS_MOST && filch_now() < end; ++i) {
        hold_for_a_while(&state);
        wait_for_the_other();
    }
    atomic_store(&over, true);
    thread_join(impatient);
    thread_join(patient);
}
