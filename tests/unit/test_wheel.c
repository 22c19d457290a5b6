/* The wheel of timers, against a list that is searched. */
#include "../harness/harness.h"
#include "sched/wheel.h"

#define TIMERS 300

static fl_wheel wheel;
static filch_timer timers[TIMERS];
static bool in[TIMERS];
static filch_time now;
static bool prepares;

static void
begin(filch_time time)
{
    prepares = false;
    memset(&wheel, 0, sizeof wheel);
    memset(in, 0, sizeof in);
    now = time;
}

static void
put(int i, filch_time deadline)
{
    timers[i].deadline_ = deadline;
    fl_wheel_put(&wheel, &timers[i], now);
    in[i] = true;
}

static void
take(int i)
{
    fl_wheel_take(&wheel, &timers[i]);
    in[i] = false;
}

/* The first by deadline, then by order, -1 if there is none. */
static int
first(void)
{
    int best = -1;
    for (int i = 0; i < TIMERS; i++)
        if (in[i] &&
            (best < 0 || timers[i].deadline_ < timers[best].deadline_ ||
             (timers[i].deadline_ == timers[best].deadline_ &&
              timers[i].order_ < timers[best].order_)))
            best = i;
    return best;
}

/* Asks for the first that is due, and for when to look again. */
static int
look(void)
{
    int best = first();
    filch_time deadline = best < 0 ? FILCH_NEVER : timers[best].deadline_;
    if (prepares && fl_wheel_early(&wheel) <= now)
        fl_wheel_prepare(&wheel, now);
    filch_timer *due = fl_wheel_first(&wheel, now);
    filch_time bound = fl_wheel_bound(&wheel);
    if (best < 0 || deadline > now) {
        CHECK(!due);
        CHECK(best < 0 ? bound == FILCH_NEVER : bound > now);
    } else {
        CHECK(due == &timers[best]);
    }
    CHECK(bound <= deadline);
    CHECK(fl_wheel_early(&wheel) <= bound);
    return due ? best : -1;
}

TEST(wheel_is_empty_at_first)
{
    begin(0);
    CHECK(!fl_wheel_first(&wheel, FILCH_NEVER));
    EQ(FILCH_NEVER, fl_wheel_bound(&wheel));
}

TEST(wheel_has_room_for_every_deadline)
{
    static const filch_time of[] = {INT64_MIN,
                                    -1,
                                    0,
                                    1,
                                    FILCH_US(50),
                                    FILCH_SEC(1),
                                    FILCH_SEC(1000000000),
                                    FILCH_NEVER - 1,
                                    FILCH_NEVER};
    int n = sizeof of / sizeof *of;
    begin(FILCH_SEC(3));
    for (int i = n; i-- > 0;)
        put(i, of[i]);
    now = FILCH_NEVER;
    for (int i = 0; i < n; i++) {
        EQ(i, look());
        take(i);
    }
    EQ(FILCH_NEVER, fl_wheel_bound(&wheel));
}

TEST(wheel_gives_equals_in_the_order_of_their_coming)
{
    begin(1);
    for (int i = 0; i < TIMERS; i++)
        put(i, i % 3 ? FILCH_SEC(5) : FILCH_SEC(4));
    now = FILCH_SEC(5);
    for (int i = 0; i < TIMERS; i += 3) {
        EQ(i, look());
        take(i);
    }
    for (int i = 1; i < TIMERS; i += 1 + i % 3 / 2) {
        EQ(i, look());
        take(i);
    }
    EQ(-1, look());
}

TEST(wheel_has_nobody_look_for_what_was_taken_out)
{
    begin(FILCH_SEC(1));
    put(0, FILCH_SEC(2));
    put(1, FILCH_SEC(200));
    CHECK(fl_wheel_bound(&wheel) <= FILCH_SEC(2));
    take(0);
    CHECK(fl_wheel_bound(&wheel) > FILCH_SEC(2));
}

TEST(wheel_that_is_exact_says_the_first_deadline)
{
    begin(0);
    wheel.exact = true;
    put(0, FILCH_SEC(7));
    put(1, FILCH_SEC(5) + 1);
    EQ(FILCH_SEC(5) + 1, fl_wheel_bound(&wheel));
    take(1);
    EQ(FILCH_SEC(7), fl_wheel_bound(&wheel));
}

/* A time span of any magnitude. */
static filch_time
span(uint64_t *seed)
{
    filch_time most = (filch_time)1 << chance(seed, 50);
    return (filch_time)chance(seed,
                              (unsigned)(most < 1 << 30 ? most : 1 << 30)) +
           most / 2;
}

static void
compare_with_list(bool prepared)
{
    uint64_t seed = test_seed();
    begin(FILCH_SEC(chance(&seed, 1000000)));
    prepares = prepared;
    for (int step = 0; step < 60000; step++) {
        int i = (int)chance(&seed, TIMERS);
        if (!in[i])
            put(i, now + span(&seed) - (filch_time)chance(&seed, 1000));
        else if (chance(&seed, 3) == 0)
            take(i);
        if (chance(&seed, 4) == 0)
            now += span(&seed) / 16;
        for (int due = look(); due >= 0 && chance(&seed, 20); due = look())
            take(due);
    }
    now = FILCH_NEVER;
    for (int due = look(); due >= 0; due = look())
        take(due);
    EQ(-1, first());
}

TEST(wheel_does_as_a_searched_list_does_for_any_sequence_of_calls)
{
    compare_with_list(false);
}

TEST(wheel_does_so_too_where_it_is_prepared_ahead_of_time)
{
    compare_with_list(true);
}

TEST(wheel_may_be_told_a_time_that_is_late_or_goes_back)
{
    uint64_t seed = test_seed();
    begin(FILCH_SEC(100));
    for (int step = 0; step < 20000; step++) {
        int i = (int)chance(&seed, TIMERS);
        filch_time present = now;
        now -= span(&seed) / 8;
        if (!in[i])
            put(i, present + span(&seed));
        now = present + (filch_time)chance(&seed, 100000);
        for (int due = look(); due >= 0; due = look())
            take(due);
    }
}

/* How many timers have changed their slot since the last time. */
static int
count_moved(void)
{
    static uint32_t before[TIMERS];
    int moved = 0;
    for (int i = 0; i < TIMERS; i++) {
        moved += timers[i].slot_ != before[i];
        before[i] = timers[i].slot_;
    }
    return moved;
}

/* All but one in one slot, some seconds away. */
TEST(wheel_that_is_prepared_has_nothing_left_to_move_when_the_time_comes)
{
    int last = TIMERS - 1;
    begin(FILCH_SEC(100));
    for (int i = 0; i < last; i++)
        put(i, FILCH_SEC(110) + i * FILCH_US(100));
    put(last, FILCH_SEC(1000));
    count_moved();
    now = fl_wheel_early(&wheel);
    CHECK(now < fl_wheel_bound(&wheel));
    fl_wheel_prepare(&wheel, now - FILCH_MS(1));
    EQ(0, count_moved());
    for (int left = last; left > 0;) {
        CHECK(fl_wheel_early(&wheel) <= now);
        fl_wheel_prepare(&wheel, now);
        int moved = count_moved();
        CHECK(moved > 0 && moved < TIMERS / 2);
        left -= moved;
    }
    CHECK(fl_wheel_early(&wheel) > now);
    prepares = true;
    for (; first() != last; now = fl_wheel_early(&wheel)) {
        CHECK(count_moved() < TIMERS / 2);
        for (int due = look(); due >= 0; due = look())
            take(due);
    }
}

TEST(wheel_that_is_half_prepared_gives_back_every_timer)
{
    begin(FILCH_SEC(100));
    for (int i = 0; i < TIMERS; i++)
        put(i, FILCH_SEC(110) + i * FILCH_US(100));
    fl_wheel_prepare(&wheel, fl_wheel_early(&wheel));
    for (int i = TIMERS; i-- > 0;)
        take(i);
    EQ(FILCH_NEVER, fl_wheel_bound(&wheel));
}

TEST(wheel_may_be_prepared_by_a_time_that_is_late)
{
    begin(FILCH_SEC(100));
    put(0, FILCH_SEC(110));
    filch_time early = fl_wheel_early(&wheel);
    now = early + FILCH_MS(20);
    put(1, now);
    fl_wheel_prepare(&wheel, early);
    now = early;
    put(2, early + FILCH_MS(10));
    now = early + FILCH_MS(20);
    EQ(2, look());
}

/* One timer, put in at one time for another; a second one comes and goes. */
static void
pass(uint64_t from, uint64_t to)
{
    begin((filch_time)from << FL_TICK_SHIFT);
    filch_time deadline = (filch_time)to << FL_TICK_SHIFT;
    put(0, deadline);
    put(1, now + FILCH_MS(1));
    take(1);
    CHECK(fl_wheel_bound(&wheel) > now);
    int looks = 0;
    while (look() < 0) {
        now = fl_wheel_bound(&wheel);
        CHECK(now <= deadline && looks++ < 20);
    }
    EQ(deadline, now);
}

/* Where the next level begins, seen from just before and after a span. */
TEST(wheel_gives_one_in_time_at_the_borders_of_its_levels)
{
    for (unsigned level = 0; level + 1 < FL_WHEEL_LEVELS; level++) {
        uint64_t span = (uint64_t)1 << level * FL_SPAN_SHIFT;
        for (uint64_t n = FL_WHEEL_SLOTS - 1; n <= FL_WHEEL_SLOTS + 1; n++)
            for (uint64_t off = 0; off < 9; off++)
                pass(200 * span + off % 3 - 1, (200 + n) * span + off / 3 - 1);
    }
}
