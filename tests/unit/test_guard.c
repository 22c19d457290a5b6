/* The small lock around slow paths. */
#include "../harness/harness.h"
#include "os/guard.h"

#include <sched.h>

#define THREADS 3
#define ROUNDS 100000

static fl_atomic32 guard; /* a zero word is a free one */
static int count;         /* plain: the guard orders it */
static atomic_bool held, begun, entered;

static void *
add(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        fl_guard_lock(&guard);
        count++;
        fl_guard_unlock(&guard);
    }
    return NULL;
}

TEST(guard_lets_one_thread_in_at_a_time)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        threads[i] = thread_start(add, NULL);
    for (int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    EQ(THREADS * ROUNDS, count);
    EQ(0, fl_load_relaxed(&guard));
}

static void *
enter(void *arg)
{
    (void)arg;
    atomic_store(&begun, true);
    fl_guard_lock(&guard);
    CHECK(!atomic_load(&held));
    atomic_store(&entered, true);
    fl_guard_unlock(&guard);
    return NULL;
}

TEST(guard_keeps_others_out_while_its_holder_has_lost_the_cpu)
{
    fl_guard_lock(&guard);
    atomic_store(&held, true);
    pthread_t thread = thread_start(enter, NULL);
    UNTIL(atomic_load(&begun));
    struct timespec pause = {0, FILCH_MS(20)}; /* to give it time to go wrong */
    nanosleep(&pause, NULL);
    CHECK(!atomic_load(&entered));
    atomic_store(&held, false);
    fl_guard_unlock(&guard);
    thread_join(thread);
    CHECK(atomic_load(&entered));
}

static void *
unlock(void *arg)
{
    (void)arg;
    for (int i = 0; i < 100; i++)
        sched_yield(); /* the other one is to spin for long, mostly */
    count++;
    fl_guard_unlock(&guard);
    return NULL;
}

TEST(guard_may_be_released_by_another_thread)
{
    fl_guard_lock(&guard);
    errno = 4711;
    pthread_t thread = thread_start(unlock, NULL);
    fl_guard_lock(&guard);
    EQ(1, count);
    EQ(4711, errno); /* also of who had to wait */
    fl_guard_unlock(&guard);
    thread_join(thread);
}
