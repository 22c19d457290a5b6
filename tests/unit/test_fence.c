/* What a heavy fence takes, and how much longer thieves look on where that is much. */
#include "../harness/harness.h"
#include "os/fence.h"

#define MANY 200

static void
note(filch_time took, int times)
{
    while (times-- > 0)
        fl_note_fence(took);
}

/* As long, but for what is lost in rounding. */
static void
looks_on_for(filch_time expected, filch_time usually)
{
    filch_time looks = fl_patience(usually);
    CHECK(looks > expected - expected / 50);
    CHECK(looks < expected + expected / 50);
}

TEST(where_fences_are_cheap_nobody_waits_longer)
{
    looks_on_for(FILCH_US(10), FILCH_US(10));
    note(0, MANY);
    looks_on_for(FILCH_US(10), FILCH_US(10));
}

TEST(where_fences_are_dear_thieves_look_on_for_longer)
{
    note(FILCH_US(42), MANY);
    looks_on_for(FILCH_US(70), FILCH_US(10));
    note(FILCH_US(6), MANY);
    looks_on_for(FILCH_US(10), FILCH_US(10));
}

/* Who lost its CPU meanwhile measures anything. */
TEST(a_fence_that_was_interrupted_hardly_counts)
{
    note(FILCH_US(6), MANY);
    note(FILCH_MS(1000), 1);
    CHECK(fl_patience(FILCH_US(10)) < FILCH_US(22));
    note(FILCH_MS(1000), MANY);
    looks_on_for(FILCH_US(100), FILCH_US(10));
    note(FILCH_US(6), MANY);
}

TEST(fences_are_timed)
{
    fl_fence_begin();
    note(FILCH_MS(1), MANY);
    uint32_t before = fl_load_relaxed(&fl_fence_price);
    for (int i = 0; fl_fence_asymmetric && i < MANY; i++)
        CHECK(fl_fence_heavy());
    CHECK(!fl_fence_asymmetric || fl_load_relaxed(&fl_fence_price) < before);
    note(0, MANY);
}
