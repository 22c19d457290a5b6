/* Whether a theft was worth it: sched/watch.c. */
#include "../harness/harness.h"
#include "sched/watch.c"

static fl_worker *worker; /* of no runtime: nothing else of it is looked at */

static void
begin(uint32_t n)
{
    free(worker);
    worker = aligned_alloc(_Alignof(fl_worker), sizeof *worker);
    memset(worker, 0, sizeof *worker);
    fl_begin_theft(worker, n);
}

/* The thief idles so much later, by the clock that it knows. */
static bool
is_vain_after(filch_time passed)
{
    worker->theft.at -= passed;
    return was_vain(&worker->theft);
}

TEST(theft_is_worth_it_that_took_longer_than_it_cost)
{
    begin(1);
    CHECK(!is_vain_after(FILCH_MS(10)));
    begin(8);
    CHECK(!is_vain_after(FILCH_MS(10)));
}

TEST(theft_is_vain_that_was_done_sooner_than_stolen)
{
    begin(1u << 30); /* each is 250 ns: no test takes so long */
    CHECK(is_vain_after(FILCH_MS(10)));
}

/* Whoever waited for what was stolen has come along: the thief was kept busy since. */
TEST(theft_is_weighed_by_the_first_that_was_stolen)
{
    begin(8);
    fl_weigh_theft(worker);
    CHECK(worker->theft.first > 0);
    worker->theft.first = FILCH_US(1);
    CHECK(is_vain_after(FILCH_MS(10)));
    worker->theft.first = FILCH_MS(1);
    CHECK(!is_vain_after(FILCH_MS(10)));
}

/* It joined others, or waited: all that it has spawned may be a part of it. */
TEST(theft_of_a_tree_is_not_weighed_by_how_soon_it_suspends)
{
    begin(2);
    fl_count(&worker->stats.switches);
    fl_weigh_theft(worker);
    EQ(0, worker->theft.first);
    CHECK(!is_vain_after(FILCH_MS(10)));
}

/* Each theft in vain has the thief rest for longer, up to a bound; one that was worth
 * it ends that. */
TEST(thief_rests_longer_after_each_theft_in_vain)
{
    begin(8);
    filch_time before = 0;
    for (int i = 0; i < 2 * VAIN_MOST; i++) {
        worker->theft.n = 8;
        worker->theft.first = 1;
        filch_time nap = first_nap(worker);
        CHECK(nap > before || nap == FL_NAP_LAST || i >= VAIN_MOST);
        CHECK(nap <= FL_NAP_LAST);
        before = nap;
    }
    worker->theft.n = 8;
    worker->theft.first = FILCH_MS(1);
    worker->theft.at -= FILCH_MS(10);
    EQ(0, first_nap(worker));
}
