/* The runtime's common queue. */
#include "../harness/harness.h"
#include "sched/inject.c" /* not from the library: the sanitizers are to see it */

#define PRODUCERS 3
#define EACH 30000

static fl_inject inject;
static fl_fiber fibers[PRODUCERS * EACH];

/* Pushes n fibers, from that one on, as one chain. */
static void
push(size_t from, uint32_t n)
{
    for (size_t i = from; i + 1 < from + n; i++)
        fibers[i].next = &fibers[i + 1];
    fl_inject_push(&inject, &fibers[from], &fibers[from + n - 1], n);
}

/* Pops up to n, which are to be as many fibers from that one on. */
static void
pops(size_t from, uint32_t expected, uint32_t n)
{
    fl_fiber *first;
    EQ(expected, fl_inject_pop(&inject, &first, n));
    for (size_t i = from; i < from + expected; i++, first = first->next)
        CHECK(first == &fibers[i]);
    CHECK(!first);
}

TEST(inject_is_empty_at_first)
{
    EQ(0, fl_inject_count(&inject));
    pops(0, 0, 10);
    EQ(0, fl_inject_count(&inject));
}

TEST(inject_gives_first_in_first_out)
{
    push(0, 1);
    push(1, 5);
    push(6, 1);
    EQ(7, fl_inject_count(&inject));
    pops(0, 1, 1);
    pops(1, 3, 3);
    EQ(3, fl_inject_count(&inject));
    push(7, 2);
    pops(4, 5, 100);
    EQ(0, fl_inject_count(&inject));
    pops(0, 0, 1);
}

TEST(inject_forgets_how_a_chain_went_on_where_it_is_cut)
{
    fibers[0].next = &fibers[9]; /* left over from an earlier list */
    fl_inject_push(&inject, &fibers[0], &fibers[0], 1);
    pops(0, 1, 10);
    push(0, 4);
    pops(0, 2, 2); /* which checks that the chain ends there */
    pops(2, 2, 2);
}

static atomic_uint next_producer, out;

static void *
produce(void *arg)
{
    size_t from = EACH * atomic_fetch_add(&next_producer, 1);
    uint64_t seed = test_seed() + from;
    (void)arg;
    for (size_t i = 0; i < EACH;) {
        uint32_t n = chance(&seed, 20) + 1;
        n = i + n <= EACH ? n : (uint32_t)(EACH - i);
        for (size_t k = i; k < i + n; k++)
            fibers[from + k].shield = 1; /* plain: the queue publishes it */
        push(from + i, n);
        i += n;
    }
    return NULL;
}

static void *
consume(void *arg)
{
    fl_fiber *last[PRODUCERS] = {0}, *first, *next;
    uint64_t seed = test_seed();
    (void)arg;
    while (atomic_load(&out) < PRODUCERS * EACH) {
        uint32_t n = fl_inject_pop(&inject, &first, chance(&seed, 30) + 1);
        for (; first; first = next, n--) {
            size_t producer = (size_t)(first - fibers) / EACH;
            next = first->next;
            CHECK(first > last[producer]);
            last[producer] = first;
            EQ(1, first->shield++);
            atomic_fetch_add(&out, 1);
        }
        EQ(0, n);
    }
    return NULL;
}

TEST(inject_gives_each_fiber_once_and_those_of_a_producer_in_their_order)
{
    pthread_t threads[PRODUCERS + 2];
    for (int i = 0; i < PRODUCERS + 2; i++)
        threads[i] = thread_start(i < PRODUCERS ? produce : consume, NULL);
    for (int i = 0; i < PRODUCERS + 2; i++)
        thread_join(threads[i]);
    for (size_t i = 0; i < PRODUCERS * EACH; i++)
        EQ(2, fibers[i].shield);
    EQ(0, fl_inject_count(&inject));
}
