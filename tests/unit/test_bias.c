/* The guard that is cheap for its owner. */
#include "../harness/harness.h"
#include "os/bias.h"

#define ROUNDS (UNDER_TSAN ? 200000u : 2000000u)

static fl_bias bias;
static volatile unsigned long shared; /* under the bias */
static atomic_bool finished;

static void *
visit_often(void *arg)
{
    unsigned long *visits = arg;
    while (!atomic_load(&finished))
        if (fl_bias_visit(&bias)) {
            shared = shared + 1;
            ++*visits;
            fl_bias_depart(&bias);
        }
    return NULL;
}

TEST(bias_lets_a_visitor_in_while_its_owner_is_not)
{
    fl_fence_begin();
    fl_bias_enter(&bias);
    CHECK(!fl_bias_visit(&bias));
    fl_bias_leave(&bias);
    CHECK(fl_bias_visit(&bias));
    CHECK(!fl_bias_visit(&bias)); /* one at a time */
    fl_bias_depart(&bias);
    fl_bias_enter(&bias);
    fl_bias_leave(&bias);
}

TEST(bias_lets_its_owner_in_past_a_visitor_that_does_not_come)
{
    bias.visitor = FL_BIAS_WANTED;
    fl_bias_enter(&bias);
    fl_bias_leave(&bias);
    fl_bias_depart(&bias);
}

TEST(bias_keeps_its_owner_and_visitors_apart)
{
    unsigned long visits[2] = {0, 0};
    pthread_t threads[2];
    fl_fence_begin();
    for (int i = 0; i < 2; i++)
        threads[i] = thread_start(visit_often, &visits[i]);
    for (unsigned i = 0; i < ROUNDS; i++) {
        fl_bias_enter(&bias);
        shared = shared + 1;
        fl_bias_leave(&bias);
    }
    atomic_store(&finished, true);
    for (int i = 0; i < 2; i++)
        thread_join(threads[i]);
    EQ(ROUNDS + visits[0] + visits[1], shared);
}
