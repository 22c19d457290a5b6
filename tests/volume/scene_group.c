/*
 * Groups: a wait returns when all that were spawned into the group have ended,
 * however impatient it was, whoever is cancelled, fails or spawns more; and it
 * tells of a failure just if there was one. Those who wait besides are all let
 * go on.
 */
#include "kit.h"

/* A household has some ten members; one of hundreds does not come. */
enum { MOST_ALIVE = 1000 };

static struct troupe heads;

struct household {
    filch_group group;
    atomic_ulong alive;
    atomic_bool failed;
    atomic_uint births;
    uint64_t chance;
};

static int live_in(void *arg);

static int
spawn_in(struct household *household)
{
    atomic_fetch_add(&household->alive, 1);
    flow_in(&scene_group.flow, 1);
    int error = filch_group_spawn(&household->group, live_in, household);
    if (error) {
        flow_back(&scene_group.flow, 1);
        atomic_fetch_sub(&household->alive, 1);
    }
    return error;
}

/* What one does in a household: waits, spawns, fails, cancels. */
static int
do_something(struct household *household, uint64_t *state)
{
    switch (chance(state, 10)) {
    case 0:
    case 1:
        return spawn_in(household);
    case 2:
        return chance(state, 8) ? 0 : EIO;
    case 3:
        return chance(state, 8) ? 0 : filch_group_cancel(&household->group);
    case 4:
        return filch_cancel(filch_current());
    case 5:
        FAILS(EDEADLK, filch_group_wait(&household->group));
        return 0;
    case 6:
        return filch_sleep(FILCH_US(chance(state, 50)));
    default:
        filch_yield();
        return 0;
    }
}

static int
live_in(void *arg)
{
    struct household *household = arg;
    uint64_t state =
        household->chance + 977 * atomic_fetch_add(&household->births, 1);
    int status = 0;
    for (unsigned i = chance(&state, 4); i > 0 && !status; --i)
        status = do_something(household, &state);
    if (status && status != ECANCELED)
        atomic_store(&household->failed, true);
    flow_out(&scene_group.flow, 1);
    atomic_fetch_sub(&household->alive, 1);
    return status;
}

/* Waits until all are gone. */
static int
wait_impatiently(struct actor *me, struct household *household)
{
    int status;
    do {
        bool patient = chance(&me->chance, 2);
        status = patient ? filch_group_wait(&household->group)
                         : filch_group_wait_until(&household->group, soon(me));
        if (note(me, status) == ETIMEDOUT && chance(&me->chance, 10) == 0)
            note(me, filch_group_cancel(&household->group));
    } while (status == ETIMEDOUT);
    return status;
}

/* Somebody else who waits for the same, and is not patient either. */
static int
wait_besides(void *arg)
{
    filch_group *group = arg;
    return filch_group_wait_until(group, filch_after(FILCH_US(20)));
}

/* Whether the other was told of a failure; those who wait are told the same. */
static bool
was_told(filch_task *other)
{
    if (!other)
        return false;
    filch_shield_begin();
    int status = join(other);
    filch_shield_end();
    CHECK(status == 0 || status == EIO || status == ETIMEDOUT);
    return status == EIO;
}

static int
head_turn(struct actor *me)
{
    struct household household = {.chance = me->chance};
    filch_task *other = NULL;
    for (unsigned i = chance(&me->chance, 6); i > 0; --i)
        note(me, spawn_in(&household));
    if (chance(&me->chance, 8) == 0)
        other = spawn(wait_besides, &household.group);
    int status = wait_impatiently(me, &household);
    EQ(0, atomic_load(&household.alive));
    CHECK(status == 0 || status == EIO || status == ECANCELED);
    bool told = was_told(other) || status == EIO;
    EQ(atomic_load(&household.failed), told);
    OK(note(me, filch_group_destroy(&household.group)));
    return status == ECANCELED ? ECANCELED : 0;
}

static void
group_open(uint64_t *state)
{
    troupe_start(&heads, &scene_group.tally, head_turn, 1 + chance(state, 8),
                 0);
}

static void
group_close(uint64_t *state)
{
    (void)state;
    troupe_end(&heads);
    flow_is_even(&scene_group.flow);
}

struct scene scene_group = {"group",
                            group_open,
                            group_close,
                            {{0}, ULONG_MAX, FILCH_EVENT_INIT},
                            .flow = {.what = "members", .most = MOST_ALIVE}};
