/*
 * Tasks that are joined: whoever joins a task learns of its end, and what it
 * returned, however often his time ran out before and whoever else waits for
 * it; and each task that began ends.
 */
#include "family.h"

static struct troupe parents, strangers;
static struct family family = {.flow = &scene_join.flow};

static int
join_somehow(struct actor *me, filch_task *task, int *status)
{
    return note(me, chance(&me->chance, 2)
                        ? filch_join(task, status)
                        : filch_join_until(task, status, soon(me)));
}

/* Until it has ended, whatever comes: a cancelled parent goes on shielded. */
static int
bury(struct actor *me, const struct kid *kid)
{
    bool shielded = false;
    int status, error, cancelled = 0;
    while ((error = join_somehow(me, kid->task, &status)) != 0)
        if (error == ECANCELED && !shielded) {
            shielded = true;
            cancelled = ECANCELED;
            filch_shield_begin();
        }
    if (shielded)
        filch_shield_end();
    kid_is_right(kid, status);
    return cancelled;
}

static int
parent_turn(struct actor *me)
{
    struct kid kids[MOST_KIDS];
    size_t n = kids_bear(me, &family, kids);
    int status = 0;
    dally(me);
    for (size_t i = 0; i < n; ++i) {
        int cancelled = bury(me, &kids[i]);
        status = cancelled ? cancelled : status;
    }
    return status;
}

/* Some of them plain threads. */
static int
stranger_turn(struct actor *me)
{
    filch_task *task = family_take(&family);
    int error, status;
    if (!task) {
        step_aside(me);
        return 0;
    }
    do {
        error = join_somehow(me, task, &status);
    } while (error == ETIMEDOUT);
    if (error)
        filch_task_release(task);
    else
        some_kid_is_right(status);
    return error;
}

static void
join_open(uint64_t *state)
{
    struct tally *tally = &scene_join.tally;
    troupe_start(&parents, tally, parent_turn, 1 + chance(state, 6), 0);
    troupe_start(&strangers, tally, stranger_turn, 1 + chance(state, 2),
                 chance(state, 3));
}

static void
join_close(uint64_t *state)
{
    (void)state;
    troupe_end(&parents);
    troupe_end(&strangers);
    family_is_even(&family);
}

struct scene scene_join = {
    "join",
    join_open,
    join_close,
    {{0}, ULONG_MAX, FILCH_EVENT_INIT},
    .flow = {.what = "ends", .most = MOST_PLACES * MOST_KIDS}};
