/* The ring of a worker's woken fibers, and its next slot. */
#include "../harness/harness.h"
#include "sched/ready.h"

#define FIBERS (UNDER_TSAN ? 100000u : 400000u)
#define MOST 32

static fl_ready ready;

/* By number, from 1: the ring looks at nothing but where they are parked. */
static fl_fiber fibers[500001];

static fl_fiber *
fiber(uintptr_t n)
{
    return &fibers[n];
}

static uintptr_t
number(const fl_fiber *fiber)
{
    return (uintptr_t)(fiber - fibers);
}

static void __attribute__((constructor)) begin(void)
{
    fl_fence_begin();
}

static fl_fiber *
take_one(void)
{
    fl_bias_enter(&ready.bias);
    fl_fiber *got = fl_ready_pick(&ready);
    fl_bias_leave(&ready.bias);
    return got;
}

static void
push(uintptr_t from, uintptr_t to)
{
    for (uintptr_t n = from; n <= to; n++)
        CHECK(fl_ready_push(&ready, fiber(n)));
}

/* --- One thread ---------------------------------------------------------- */

TEST(ready_ring_is_empty_at_first)
{
    fl_fiber *stolen[MOST];
    EQ(0, fl_ready_size(&ready));
    CHECK(!take_one());
    EQ(0, fl_ready_steal(&ready, stolen, MOST));
    CHECK(!fl_ready_steal_next(&ready));
}

TEST(ready_ring_keeps_a_place_that_it_has_passed_behind_all_its_numbers)
{
    uint32_t passed = 5, ahead;
    fl_store_relaxed(&ready.head, 1000u);
    fl_store_relaxed(&ready.tail, 1000u);
    fl_keep_behind(&ready, &passed);
    CHECK(fl_is_served(&ready, passed));
    ahead = 1010;
    fl_keep_behind(&ready, &ahead);
    EQ(1010, ahead);
    fl_store_relaxed(&ready.head, 5u - 100u); /* nearly round */
    fl_store_relaxed(&ready.tail, 5u - 100u);
    CHECK(fl_is_served(&ready, passed));
}

TEST(ready_ring_lets_one_pass_those_before_it_who_keep_their_order)
{
    uintptr_t in = 0;
    for (uint32_t n = 0; n < 2 * FL_READY; n++) {
        push(in + 1, in + 5), in += 5;
        fl_bias_enter(&ready.bias);
        fl_ready_advance(&ready, n % 5);
        fl_bias_leave(&ready.bias);
        CHECK(take_one() == fiber(in - 4 + n % 5));
        for (uint32_t i = 0; i < 5; i++)
            CHECK(i == n % 5 || take_one() == fiber(in - 4 + i));
        CHECK(!take_one());
    }
}

TEST(ready_ring_gives_the_oldest_fiber_first_however_often_it_went_round)
{
    uintptr_t in = 0, out = 0;
    for (int round = 0; round < 5000; round++) {
        for (int i = 0; i < round % 200; i++)
            push(in + 1, in + 1), in++;
        for (int i = 0; i < round % 200; i++)
            CHECK(take_one() == fiber(++out));
        CHECK(!take_one());
    }
}

TEST(ready_ring_works_where_its_indexes_overflow)
{
    ready.head = ready.tail = UINT32_MAX - 100;
    push(1, FL_READY);
    EQ(FL_READY, fl_ready_size(&ready));
    for (uintptr_t n = 1; n <= FL_READY; n++)
        CHECK(take_one() == fiber(n));
    CHECK(!take_one());
}

TEST(ready_ring_has_served_a_place_once_its_head_has_come_there)
{
    for (uint64_t head = FL_READY + 2; head >> 33 == 0; head += 0x0ffffffb) {
        uint32_t at = (uint32_t)head;
        fl_store_relaxed(&ready.head, at);
        CHECK(fl_is_served(&ready, at));
        CHECK(fl_is_served(&ready, at - 1));
        CHECK(!fl_is_served(&ready, at + 1));
        CHECK(!fl_is_served(&ready, at + FL_READY + 1));
    }
    fl_store_relaxed(&ready.head, 0x80000001);
    CHECK(
        fl_is_served(&ready, 0)); /* of a worker on which nobody has yielded */
    fl_store_relaxed(&ready.head, 0);
}

TEST(ready_ring_shows_who_stands_in_it_and_nobody_behind_its_end)
{
    ready.head = ready.tail = UINT32_MAX - 1;
    CHECK(!fl_ready_peek(&ready, 0));
    push(1, 3);
    for (uint32_t n = 0; n < 3; n++)
        CHECK(fl_ready_peek(&ready, n) == fiber(n + 1));
    CHECK(!fl_ready_peek(&ready, 3));
    CHECK(take_one() == fiber(1));
    CHECK(fl_ready_peek(&ready, 0) == fiber(2));
    CHECK(!fl_ready_peek(&ready, 2));
}

TEST(ready_ring_refuses_what_does_not_fit)
{
    push(1, FL_READY);
    CHECK(!fl_ready_push(&ready, fiber(9999)));
    CHECK(take_one() == fiber(1));
    push(FL_READY + 1, FL_READY + 1);
    CHECK(!fl_ready_push(&ready, fiber(9999)));
    for (uintptr_t n = 2; n <= FL_READY + 1; n++)
        CHECK(take_one() == fiber(n));
}

TEST(ready_ring_gives_a_thief_the_older_half_and_never_more_than_asked)
{
    static const struct {
        uintptr_t there;
        uint32_t most, stolen;
    } cases[] = {{1, MOST, 1},  {2, MOST, 1}, {3, MOST, 2},    {10, MOST, 5},
                 {11, MOST, 6}, {11, 4, 4},   {200, MOST, 32}, {0, MOST, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fl_fiber *stolen[MOST];
        push(1, cases[i].there);
        uint32_t n = fl_ready_steal(&ready, stolen, cases[i].most);
        EQ(cases[i].stolen, n);
        for (uint32_t k = 0; k < n; k++)
            CHECK(stolen[k] == fiber(k + 1));
        for (uintptr_t k = n + 1; k <= cases[i].there; k++)
            CHECK(take_one() == fiber(k));
        CHECK(!take_one());
    }
}

TEST(ready_next_slot_holds_one_fiber_and_goes_before_the_ring)
{
    CHECK(fl_ready_push(&ready, fiber(1)));
    CHECK(fl_ready_put(&ready, fiber(2)));
    CHECK(fl_ready_put(&ready, fiber(3))); /* behind 1: the slot is taken */
    EQ(2, fl_ready_size(&ready));
    CHECK(take_one() == fiber(2));
    CHECK(take_one() == fiber(1));
    CHECK(take_one() == fiber(3));
    CHECK(fl_ready_empty(&ready));
    CHECK(fl_ready_put(&ready, fiber(4)));
    CHECK(fl_ready_steal_next(&ready) == fiber(4));
    CHECK(!fl_ready_steal_next(&ready));
}

TEST(ready_next_slot_does_not_starve_the_ring)
{
    unsigned runs = 0;
    CHECK(fl_ready_push(&ready, fiber(1)));
    do {
        CHECK(fl_ready_put(&ready, fiber(2)));
        runs++;
    } while (take_one() != fiber(1));
    CHECK(runs <= FL_STREAK + 1);
}

/* --- One that yields ----------------------------------------------------- */

/* As fl_yield_here: who runs next; itself if there is nobody, NULL if there is no
 * room for it. */
static fl_fiber *
yield(fl_fiber *one, bool *shortly)
{
    fl_fiber *next =
        fl_bias_try(&ready.bias, true) ? fl_ready_rotate(&ready, one) : NULL;
    *shortly = next;
    if (!next) {
        fl_bias_enter(&ready.bias);
        if (!fl_ready_swap(&ready, one, &next))
            next = next ? NULL : one;
    }
    fl_bias_leave(&ready.bias);
    return next;
}

TEST(ready_one_that_yields_goes_to_the_end_of_the_ring_and_the_first_is_next)
{
    uint32_t sizes[] = {1, 2, FL_READY_COLD, FL_READY - 1, FL_READY};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint32_t n = sizes[i], shortly = 0, last;
        push(1, n);
        for (uintptr_t k = n + 1; k <= 4 * n + 1; k++) {
            bool was_short;
            last = ready.yielded;
            CHECK(yield(fiber(k), &was_short) == fiber(k - n));
            CHECK(ready.yielded != last || ready.tail == 1);
            EQ(n, fl_ready_size(&ready));
            shortly += was_short;
        }
        EQ(3 * n + 1, shortly);
        for (uintptr_t k = 3 * n + 2; k <= 4 * n + 1; k++)
            CHECK(take_one() == fiber(k));
    }
}

TEST(ready_one_that_yields_lets_the_next_slot_go_first)
{
    bool shortly;
    push(1, 2);
    CHECK(fl_ready_put(&ready, fiber(3)));
    CHECK(yield(fiber(4), &shortly) == fiber(3));
    CHECK(!shortly);
    CHECK(yield(fiber(5), &shortly) == fiber(1));
    CHECK(shortly);
    CHECK(take_one() == fiber(2));
    CHECK(take_one() == fiber(4));
    CHECK(take_one() == fiber(5));
    CHECK(fl_ready_empty(&ready));
}

TEST(ready_one_that_yields_goes_on_where_nobody_else_is)
{
    bool shortly;
    CHECK(yield(fiber(1), &shortly) == fiber(1));
    CHECK(fl_ready_empty(&ready));
    CHECK(fl_ready_put(&ready, fiber(2)));
    push(3, FL_READY + 2); /* a full ring */
    CHECK(!yield(fiber(1), &shortly));
    CHECK(take_one() == fiber(3));
}

/* --- A thief ------------------------------------------------------------- */

static atomic_uchar taken[400001];
static int payload[400001]; /* plain: the ring is to publish it */
static atomic_bool finished;

static void
take(fl_fiber *got)
{
    uintptr_t n = number(got);
    EQ(0, atomic_fetch_add(&taken[n], 1));
    EQ(n, payload[n]);
}

static void *
steal_from_ring(void *arg)
{
    fl_fiber *stolen[MOST];
    (void)arg;
    while (!atomic_load(&finished)) {
        uint32_t n = fl_ready_steal(&ready, stolen, MOST);
        for (uint32_t i = 0; i < n; i++) {
            CHECK(i == 0 || stolen[i] == fiber(number(stolen[i - 1]) + 1));
            take(stolen[i]);
        }
    }
    return NULL;
}

static void *
steal_next(void *arg)
{
    (void)arg;
    while (!atomic_load(&finished)) {
        fl_fiber *got = fl_ready_steal_next(&ready);
        if (got)
            take(got);
    }
    return NULL;
}

static void
all_were_taken_once(void)
{
    for (uintptr_t n = 1; n <= FIBERS; n++)
        EQ(1, atomic_load(&taken[n]));
}

TEST(ready_ring_gives_each_fiber_once_with_thieves)
{
    pthread_t threads[2];
    uint64_t seed = test_seed();
    uintptr_t pushed = 0;
    fl_fiber *got;
    for (int i = 0; i < 2; i++)
        threads[i] = thread_start(steal_from_ring, NULL);
    while (pushed < FIBERS) {
        for (uint32_t n = chance(&seed, 300); n && pushed < FIBERS; n--) {
            payload[pushed + 1] = (int)pushed + 1;
            if (!fl_ready_push(&ready, fiber(pushed + 1)))
                break;
            pushed++;
        }
        for (uint32_t n = chance(&seed, 300); n; n--)
            if ((got = take_one()))
                take(got);
    }
    while ((got = take_one()))
        take(got);
    atomic_store(&finished, true);
    for (int i = 0; i < 2; i++)
        thread_join(threads[i]);
    all_were_taken_once();
}

TEST(ready_next_slot_gives_each_fiber_once_with_a_thief)
{
    pthread_t thread = thread_start(steal_next, NULL);
    fl_fiber *got;
    for (uintptr_t n = 1; n <= FIBERS; n++) {
        payload[n] = (int)n;
        CHECK(fl_ready_put(&ready, fiber(n)));
        if (n % 3 == 0)
            while ((got = take_one()))
                take(got);
    }
    while ((got = take_one()))
        take(got);
    atomic_store(&finished, true);
    thread_join(thread);
    all_were_taken_once();
}
