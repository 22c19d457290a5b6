/* What can go on in a deterministic run (sched/pool.h). */
#include "../harness/harness.h"
#include "sched/pool.h"

static fl_pool pool;
static char works[4000]; /* whose addresses stand for work */

static void
add(uint32_t number)
{
    CHECK(fl_pool_reserve(&pool));
    fl_pool_add(&pool, (fl_entry){.work = (struct fl_work *)&works[number],
                                  .number = number});
}

static void
take(size_t at, uint32_t number)
{
    fl_entry entry = fl_pool_take(&pool, at);
    EQ(number, entry.number);
    CHECK((void *)entry.work == &works[number]);
}

TEST(pool_keeps_its_order_whoever_is_taken_out)
{
    for (uint32_t i = 0; i < 300; ++i)
        add(i);
    for (uint32_t i = 0; i < 300; i += 3)
        take(fl_pool_find(&pool, i), i);
    EQ(200, pool.count);
    for (uint32_t i = 0; i < 300; ++i)
        if (i % 3)
            take(pool.begin, i);
    EQ(0, pool.count);
    fl_pool_free(&pool);
}

TEST(pool_moves_together_what_is_left_where_most_are_holes)
{
    for (uint32_t i = 0; i < 1000; ++i) {
        add(i);
        if (i > 0) /* the first stays, and all others leave holes */
            take(fl_pool_find_work(&pool, (struct fl_work *)&works[i]), i);
    }
    CHECK(pool.capacity < 1000);
    EQ(1, pool.count);
    take(pool.begin, 0);
    fl_pool_free(&pool);
}

TEST(pool_that_is_passed_through_takes_no_more_memory)
{
    add(0);
    for (uint32_t i = 1; i < 1000; ++i) {
        add(i);
        take(pool.begin, i - 1);
    }
    CHECK(pool.capacity < 1000);
    take(pool.begin, 999);
    fl_pool_free(&pool);
}

TEST(pool_finds_nobody_who_is_not_there)
{
    EQ(pool.end, fl_pool_find(&pool, 1));
    add(1);
    EQ(pool.end, fl_pool_find(&pool, 2));
    EQ(pool.end, fl_pool_find_work(&pool, (struct fl_work *)&works[2]));
    EQ(pool.begin, fl_pool_find_work(&pool, (struct fl_work *)&works[1]));
    fl_pool_free(&pool);
}

TEST(pool_that_is_trimmed_ends_with_the_last_that_is_there)
{
    for (uint32_t i = 0; i < 100; ++i)
        add(i);
    for (uint32_t i = 99; i > 60; --i)
        take(fl_pool_find(&pool, i), i);
    size_t end = pool.end;
    fl_pool_trim(&pool);
    EQ(end - 39, pool.end);
    for (uint32_t i = 0; i <= 60; ++i)
        take(pool.begin, i);
    fl_pool_trim(&pool);
    EQ(pool.begin, pool.end);
    fl_pool_free(&pool);
}
