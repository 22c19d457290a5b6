/* The door to atomic operations. */
#include "../harness/harness.h"
#include "base/atomic.h"

#define THREADS 3
#define ROUNDS 100000

TEST(atomic_operations_give_what_they_should_on_32_bits)
{
    fl_atomic32 word = 0;
    fl_store_relaxed(&word, 1u);
    EQ(1, fl_load_relaxed(&word));
    fl_store_release(&word, 2u);
    EQ(2, fl_load_acquire(&word));
    EQ(2, fl_load_seq_cst(&word));
    EQ(2, fl_exchange_acq_rel(&word, 3u));
    EQ(3, fl_exchange_seq_cst(&word, 4u));
    EQ(4, fl_add_acq_rel(&word, 5u));
    EQ(9, fl_add_seq_cst(&word, (uint32_t)-10));
    EQ(UINT32_MAX, fl_load_relaxed(&word));
}

TEST(atomic_operations_give_what_they_should_on_64_bits)
{
    uint64_t big = (uint64_t)1 << 40;
    fl_atomic64 word = 0;
    fl_store_relaxed(&word, big);
    EQ(big, fl_load_relaxed(&word));
    fl_store_release(&word, 2 * big);
    EQ(2 * big, fl_load_acquire(&word));
    EQ(2 * big, fl_load_seq_cst(&word));
    EQ(2 * big, fl_exchange_acq_rel(&word, 3 * big));
    EQ(3 * big, fl_exchange_seq_cst(&word, 4 * big));
    EQ(4 * big, fl_add_acq_rel(&word, big));
    EQ(5 * big, fl_add_seq_cst(&word, (uint64_t)-1));
    fl_count(&word);
    EQ(5 * big, fl_load_relaxed(&word));
}

TEST(atomic_operations_give_what_they_should_on_pointers)
{
    int a, b;
    fl_atomic_ptr word = NULL;
    fl_store_relaxed(&word, (void *)&a);
    CHECK(fl_load_relaxed(&word) == &a);
    fl_store_release(&word, (void *)&b);
    CHECK(fl_load_acquire(&word) == &b);
    CHECK(fl_load_seq_cst(&word) == &b);
    CHECK(fl_exchange_acq_rel(&word, (void *)&a) == &b);
    CHECK(fl_exchange_seq_cst(&word, (void *)NULL) == &a);
    CHECK(!fl_load_relaxed(&word));
}

TEST(atomic_cas_stores_where_it_finds_what_it_expects)
{
    fl_atomic32 a = 1;
    fl_atomic64 b = 1;
    fl_atomic_ptr c = &a;
    uint32_t old32 = 1;
    uint64_t old64 = 1;
    void *old = &a;
    CHECK(fl_cas_acq_rel(&a, &old32, 2u) && a == 2);
    CHECK(fl_cas_seq_cst(&b, &old64, (uint64_t)2) && b == 2);
    CHECK(fl_cas_acq_rel(&c, &old, (void *)&b) && c == &b);
}

TEST(atomic_cas_tells_what_it_found_elsewhere)
{
    fl_atomic32 a = 7;
    fl_atomic64 b = 7;
    fl_atomic_ptr c = &a;
    uint32_t old32 = 1;
    uint64_t old64 = 1;
    void *old = NULL;
    CHECK(!fl_cas_seq_cst(&a, &old32, 2u) && a == 7 && old32 == 7);
    CHECK(!fl_cas_acq_rel(&b, &old64, (uint64_t)2) && b == 7 && old64 == 7);
    CHECK(!fl_cas_seq_cst(&c, &old, (void *)&b) && c == &a && old == &a);
}

/* --- Threads ------------------------------------------------------------- */

static fl_atomic32 added, swapped;
static fl_atomic64 mail, seen_by[2];
static int letter; /* plain: what it is stored with publishes it */

static void *
add(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        fl_add_acq_rel(&added, 1u);
        uint32_t old = fl_load_relaxed(&swapped);
        while (!fl_cas_acq_rel(&swapped, &old, old + 1))
            ;
    }
    return NULL;
}

TEST(atomic_additions_are_not_lost)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        threads[i] = thread_start(add, NULL);
    for (int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    EQ(THREADS * ROUNDS, added);
    EQ(THREADS * ROUNDS, swapped);
}

static void *
read_mail(void *arg)
{
    (void)arg;
    for (uint64_t n = 1; n <= ROUNDS; n++) {
        for (int i = 0; fl_load_acquire(&mail) != n; i++)
            if (i > 1000)
                sched_yield();
        EQ(n, letter);
        fl_store_release(&mail, (uint64_t)0);
    }
    return NULL;
}

TEST(atomic_release_publishes_to_acquire)
{
    pthread_t thread = thread_start(read_mail, NULL);
    for (int n = 1; n <= ROUNDS; n++) {
        letter = n;
        fl_store_release(&mail, (uint64_t)n);
        for (int i = 0; fl_load_acquire(&mail); i++)
            if (i > 1000)
                sched_yield();
    }
    thread_join(thread);
}

static fl_atomic64 flags[2][ROUNDS / 10];
static pthread_barrier_t begin;

/* Each raises its flag, then looks for the other's. */
static void *
raise_and_look(void *arg)
{
    int me = (int)(intptr_t)arg;
    uint64_t missed = 0;
    pthread_barrier_wait(&begin);
    for (int i = 0; i < ROUNDS / 10; i++) {
        fl_exchange_seq_cst(&flags[me][i], (uint64_t)1);
        if (!fl_load_seq_cst(&flags[!me][i]))
            flags[me][i] |= 2;
        missed += flags[me][i] >> 1;
    }
    fl_store_relaxed(&seen_by[me], missed);
    return NULL;
}

TEST(atomic_store_and_look_in_seq_cst_never_misses_on_both_sides)
{
    pthread_t threads[2];
    if (UNDER_TSAN)
        skip("the flags are marked without an order");
    OK(pthread_barrier_init(&begin, NULL, 2));
    for (intptr_t i = 0; i < 2; i++)
        threads[i] = thread_start(raise_and_look, (void *)i);
    for (int i = 0; i < 2; i++)
        thread_join(threads[i]);
    for (int i = 0; i < ROUNDS / 10; i++)
        CHECK(!(flags[0][i] & flags[1][i] & 2));
}
