/* The work-stealing deque. */
#include "../harness/harness.h"
#include "sched/deque.c" /* not from the library: the sanitizers are to see it */

#define THIEVES 3
#define ENTRIES_MOST 400000

static fl_deque deque;

/* How many to push where threads meet. */
static uintptr_t
number_of_entries(void)
{
    return UNDER_VALGRIND ? 20000 : UNDER_TSAN ? 100000 : ENTRIES_MOST;
}

/* Entries are numbers from 1, as pointers. */
static void *
entry(uintptr_t n)
{
    return (void *)(2 * n); /* even: not alone */
}

/* The oldest, as a thief takes it. */
static void *
steal(void)
{
    void *got;
    return fl_deque_steal(&deque, &got, 1) ? got : NULL;
}

static void
push(uintptr_t from, uintptr_t to)
{
    for (uintptr_t n = from; n <= to; n++)
        OK(fl_deque_push(&deque, entry(n)));
}

/* --- One thread ---------------------------------------------------------- */

TEST(deque_is_empty_at_first)
{
    OK(fl_deque_init(&deque));
    EQ(0, fl_deque_size(&deque));
    CHECK(!fl_deque_pop(&deque));
    CHECK(!steal());
    CHECK(!fl_deque_shift(&deque));
    CHECK(!fl_deque_pop_if(&deque, entry(1)));
    fl_deque_free(&deque);
}

TEST(deque_gives_out_an_entry_from_anywhere)
{
    OK(fl_deque_init(&deque));
    CHECK(!fl_deque_remove(&deque, entry(1)));
    push(1, 5);
    CHECK(fl_deque_remove(&deque, entry(3)));
    CHECK(!fl_deque_remove(&deque, entry(3)));
    CHECK(fl_deque_remove(&deque, entry(1)));
    CHECK(fl_deque_remove(&deque, entry(5)));
    push(6, 6);
    CHECK(steal() == entry(2));
    CHECK(!fl_deque_remove(&deque, entry(2)));
    CHECK(fl_deque_pop(&deque) == entry(6));
    CHECK(fl_deque_pop(&deque) == entry(4));
    EQ(0, fl_deque_size(&deque));
    fl_deque_free(&deque);
}

TEST(deque_gives_its_owner_the_newest_entry_first)
{
    OK(fl_deque_init(&deque));
    push(1, 100);
    for (uintptr_t n = 100; n > 0; n--)
        CHECK(fl_deque_pop(&deque) == entry(n));
    CHECK(!fl_deque_pop(&deque));
    fl_deque_free(&deque);
}

TEST(deque_gives_thieves_the_oldest_entry_first)
{
    OK(fl_deque_init(&deque));
    push(1, 100);
    for (uintptr_t n = 1; n <= 100; n++)
        CHECK(steal() == entry(n));
    CHECK(!steal());
    CHECK(!fl_deque_shift(&deque));
    fl_deque_free(&deque);
}

TEST(deque_gives_thieves_half_of_it_at_most_so_many)
{
    void *got[8];
    OK(fl_deque_init(&deque));
    push(1, 20);
    EQ(8, fl_deque_steal(&deque, got, 8)); /* of 20 */
    EQ(6, fl_deque_steal(&deque, got, 8)); /* of 12 */
    CHECK(got[0] == entry(9) && got[5] == entry(14));
    EQ(3, fl_deque_steal(&deque, got, 8));
    EQ(2, fl_deque_steal(&deque, got, 8));
    EQ(1, fl_deque_steal(&deque, got, 8));
    EQ(0, fl_deque_steal(&deque, got, 8));
    fl_deque_free(&deque);
}

TEST(deque_gives_thieves_one_alone_if_it_is_marked_so)
{
    void *got[8], *alone = (void *)((uintptr_t)entry(1) | FL_DEQUE_ALONE);
    OK(fl_deque_init(&deque));
    OK(fl_deque_push(&deque, alone));
    push(2, 20);
    EQ(1, fl_deque_steal(&deque, got, 8));
    CHECK(got[0] == alone);
    EQ(8, fl_deque_steal(&deque, got, 8));
    fl_deque_free(&deque);
}

TEST(deque_pop_if_takes_the_newest_entry_and_no_other)
{
    OK(fl_deque_init(&deque));
    push(1, 3);
    CHECK(!fl_deque_pop_if(&deque, entry(1)));
    CHECK(!fl_deque_pop_if(&deque, entry(2)));
    CHECK(fl_deque_pop_if(&deque, entry(3)));
    CHECK(!fl_deque_pop_if(&deque, entry(3)));
    CHECK(fl_deque_pop_if(&deque, entry(2)));
    CHECK(steal() == entry(1));
    CHECK(
        !fl_deque_pop_if(&deque, entry(1))); /* though it still stands there */
    EQ(0, fl_deque_size(&deque));
    fl_deque_free(&deque);
}

TEST(deque_pop_if_takes_nothing_from_one_that_has_grown_and_is_empty)
{
    OK(fl_deque_init(&deque));
    push(1, FL_DEQUE_FIRST + 1);
    for (uintptr_t n = FL_DEQUE_FIRST + 1; n > 0; n--)
        CHECK(fl_deque_pop_if(&deque, entry(n)));
    CHECK(!fl_deque_pop_if(&deque, entry(1)));
    EQ(0, fl_deque_size(&deque));
    fl_deque_free(&deque);
}

TEST(deque_grows_and_keeps_its_order_wherever_its_top_is)
{
    for (uintptr_t stolen = 0; stolen < 600; stolen += 37) {
        OK(fl_deque_init(&deque));
        for (uintptr_t n = 1; n <= stolen; n++) {
            push(n, n);
            CHECK(steal() == entry(n));
        }
        push(1, 5000);
        EQ(5000, fl_deque_size(&deque));
        for (uintptr_t n = 1; n <= 2500; n++) {
            CHECK(steal() == entry(n));
            CHECK(fl_deque_pop(&deque) == entry(5001 - n));
        }
        EQ(0, fl_deque_size(&deque));
        fl_deque_free(&deque);
    }
}

TEST(deque_moves_its_entries_back_and_grows_only_where_more_than_half_is_used)
{
    uintptr_t pushed = FL_DEQUE_FIRST / 2 - 1;
    OK(fl_deque_init(&deque));
    push(1, pushed);
    for (uintptr_t n = 1; n <= 10000; n++) {
        push(pushed + n, pushed + n);
        CHECK(steal() == entry(n));
    }
    EQ(FL_DEQUE_FIRST, deque.room);
    push(1, FL_DEQUE_FIRST);
    EQ(2 * FL_DEQUE_FIRST, deque.room);
    EQ(pushed + FL_DEQUE_FIRST, fl_deque_size(&deque));
    fl_deque_free(&deque);
}

/* Each time some of a crowd are stolen, of which the owner takes the others. */
TEST(deque_never_grows_for_what_is_stolen_of_one_crowd_after_the_other)
{
    OK(fl_deque_init(&deque));
    for (int crowd = 0; crowd < 100; crowd++) {
        uintptr_t n = FL_DEQUE_FIRST, stolen = 1 + (uintptr_t)crowd % 7;
        push(1, n);
        for (uintptr_t i = 1; i <= stolen; i++)
            CHECK(steal() == entry(i));
        while (n > stolen)
            CHECK(fl_deque_pop_if(&deque, entry(n--)));
        if (crowd % 2)
            CHECK(!fl_deque_pop_if(&deque, entry(n)));
        else
            CHECK(!fl_deque_has_any(&deque));
        CHECK(!fl_deque_pop_if(&deque, entry(n)));
        EQ(0, fl_deque_size(&deque));
    }
    EQ(FL_DEQUE_FIRST, deque.room);
    push(1, 2);
    CHECK(fl_deque_has_any(&deque));
    CHECK(steal() == entry(1) && fl_deque_pop(&deque) == entry(2));
    fl_deque_free(&deque);
}

TEST(deque_does_the_same_as_a_list_for_any_sequence_of_calls)
{
    static uintptr_t list[100000];
    size_t top = 0, bottom = 0;
    uint64_t seed = test_seed();
    OK(fl_deque_init(&deque));
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        uint32_t what = chance(&seed, 9);
        if (what < 4) {
            list[bottom++] = i + 1;
            OK(fl_deque_push(&deque, entry(i + 1)));
        } else if (what < 6) {
            void *expected = bottom > top ? entry(list[--bottom]) : NULL;
            CHECK(fl_deque_pop(&deque) == expected);
        } else if (what < 7) {
            void *expected = bottom > top ? entry(list[top++]) : NULL;
            CHECK(fl_deque_shift(&deque) == expected);
        } else if (what < 8) {
            EQ(bottom > top, fl_deque_has_any(&deque));
        } else {
            void *expected = bottom > top ? entry(list[top++]) : NULL;
            CHECK(steal() == expected);
        }
        EQ(bottom - top, fl_deque_size(&deque));
    }
    fl_deque_free(&deque);
}

/* --- Thieves ------------------------------------------------------------- */

static atomic_uchar taken[ENTRIES_MOST + 1];
static int payload[ENTRIES_MOST + 1]; /* plain: the deque is to publish it */
static atomic_bool finished;

static void
take(void *got)
{
    uintptr_t n = (uintptr_t)got / 2;
    EQ(0, atomic_fetch_add(&taken[n], 1));
    EQ(n, payload[n]);
}

static void *
thieve(void *arg)
{
    uintptr_t last = 0;
    (void)arg;
    while (!atomic_load(&finished)) {
        void *got[8];
        uint64_t n = fl_deque_steal(&deque, got, 8);
        for (uint64_t i = 0; i < n; i++) {
            CHECK((uintptr_t)got[i] >
                  last); /* from the top, which only grows */
            last = (uintptr_t)got[i];
            take(got[i]);
        }
    }
    return NULL;
}

/* Pushes all entries, in bursts of up to `most`, popping some in between. */
static void
contend(bool asymmetric, int thieves, uint32_t most)
{
    pthread_t threads[THIEVES];
    uint64_t seed = test_seed();
    uintptr_t pushed = 0, entries = number_of_entries();
    void *got;

    if (asymmetric)
        fl_fence_begin();
    OK(fl_deque_init(&deque));
    for (int i = 0; i < thieves; i++)
        threads[i] = thread_start(thieve, NULL);
    while (pushed < entries) {
        for (uint32_t n = chance(&seed, most) + 1; n && pushed < entries; n--) {
            pushed++;
            payload[pushed] = (int)pushed;
            OK(fl_deque_push(&deque, entry(pushed)));
        }
        for (uint32_t n = chance(&seed, most) + 1; n; n--)
            if ((got = fl_deque_pop(&deque)))
                take(got);
    }
    while ((got = fl_deque_pop(&deque)))
        take(got);
    while (fl_deque_size(&deque))
        ;
    atomic_store(&finished, true);
    for (int i = 0; i < thieves; i++)
        thread_join(threads[i]);
    for (uintptr_t n = 1; n <= entries; n++)
        EQ(1, atomic_load(&taken[n]));
    fl_deque_free(&deque);
}

TEST(deque_entries_come_out_once_when_a_thief_meets_the_owner_at_the_last)
{
    contend(true, 1, 1);
}

TEST(deque_entries_come_out_once_where_both_fences_are_whole)
{
    contend(false, 2, 2);
}

TEST(deque_entries_come_out_once_with_three_thieves)
{
    contend(true, 3, 8);
}

TEST(deque_entries_come_out_once_while_it_grows_under_a_thief)
{
    contend(true, 1, 5000);
}

TEST(deque_entries_come_out_once_while_it_grows_under_three_thieves)
{
    contend(true, 3, 5000);
}

TEST(deque_pop_if_and_a_thief_never_both_take_an_entry)
{
    pthread_t thread;
    uintptr_t mine = 0, entries = number_of_entries();
    fl_fence_begin();
    OK(fl_deque_init(&deque));
    thread = thread_start(thieve, NULL);
    for (uintptr_t n = 1; n <= entries; n++) {
        payload[n] = (int)n;
        OK(fl_deque_push(&deque, entry(n)));
        if (fl_deque_pop_if(&deque, entry(n))) {
            take(entry(n));
            mine++;
        }
    }
    while (fl_deque_size(&deque))
        ;
    atomic_store(&finished, true);
    thread_join(thread);
    for (uintptr_t n = 1; n <= entries; n++)
        EQ(1, atomic_load(&taken[n]));
    CHECK(mine > 0);
    fl_deque_free(&deque);
}
