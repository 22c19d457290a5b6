/* Two tasks that take turns. */
#include "crew.h"
#include "groups.h"

static filch_condition condition;
static size_t turn; /* guarded by the condition's lock */

struct player {
    size_t parity, turns;
};

static int
play(void *arg)
{
    const struct player *self = arg;
    int failed = filch_condition_acquire(&condition);

    for (size_t i = 0; i < self->turns; ++i) {
        while (turn % 2 != self->parity)
            failed |= filch_condition_wait(&condition);
        ++turn;
        failed |= filch_condition_notify(&condition, 1);
    }
    return failed | filch_condition_release(&condition);
}

static void
hand_over(size_t n, size_t value)
{
    static struct crew crew;
    struct player players[] = {{0, n / 2}, {1, n / 2}};

    REQUIRE(filch_condition_init(&condition, NULL) == 0);
    turn = 0;
    (void)value;
    watch_start();
    crew_add(&crew, play, &players[0]);
    crew_add(&crew, play, &players[1]);
    crew_join(&crew);
    watch_stop(n);
    REQUIRE(turn == n);
    REQUIRE(filch_condition_destroy(&condition) == 0);
}

const struct workload condition_workloads[] = {
    {"condition", 2000000, 2, hand_over, 1},
    {.name = NULL},
};
