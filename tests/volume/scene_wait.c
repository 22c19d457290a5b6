/*
 * Tasks that are waited for, several at once: who waits goes on when one, a
 * failing one or all have ended, and is told which, however often his time ran
 * out before and whoever else waits for them.
 */
#include "family.h"

static struct troupe parents, strangers;
static struct family family = {.flow = &scene_wait.flow};

static int
wait_somehow(struct actor *me, filch_task **tasks, size_t n,
             filch_return_when when, size_t *done)
{
    return note(me, chance(&me->chance, 2)
                        ? filch_wait(tasks, n, when, done)
                        : filch_wait_until(tasks, n, when, done, soon(me)));
}

/* --- Parents ------------------------------------------------------------- */

static const struct kid *
find(const struct kid *kids, const filch_task *task)
{
    while (kids->task != task)
        ++kids;
    return kids;
}

/* The first `done` have ended, and the others are the rest. */
static void
check_parted(const struct kid *kids, filch_task **tasks, size_t n, size_t done)
{
    CHECK(done <= n);
    for (size_t i = 0; i < done; ++i) {
        CHECK(filch_task_done(tasks[i]));
        kid_is_right(find(kids, tasks[i]), filch_task_status(tasks[i]));
    }
    for (size_t i = done; i < n; ++i)
        find(kids, tasks[i]);
}

static bool
any_failed(filch_task **tasks, size_t done)
{
    for (size_t i = 0; i < done; ++i)
        if (filch_task_status(tasks[i]) == EIO)
            return true;
    return false;
}

static int
wait_until_it_is_so(struct actor *me, const struct kid *kids,
                    filch_task **tasks, size_t n, filch_return_when when)
{
    size_t done = 0;
    int status;
    do {
        status = wait_somehow(me, tasks, n, when, &done);
        check_parted(kids, tasks, n, done);
    } while (status == ETIMEDOUT);
    if (status == 0)
        CHECK(done == n || (when == FILCH_FIRST_COMPLETED && done) ||
              (when == FILCH_FIRST_EXCEPTION && any_failed(tasks, done)));
    return status;
}

/* At first for some, then for all; a cancelled parent goes on shielded. */
static int
parent_turn(struct actor *me)
{
    struct kid kids[MOST_KIDS];
    filch_task *tasks[MOST_KIDS];
    size_t n = kids_bear(me, &family, kids);
    for (size_t i = 0; i < n; ++i)
        tasks[i] = kids[i].task;
    dally(me);
    filch_return_when when = chance(&me->chance, 3);
    int status = wait_until_it_is_so(me, kids, tasks, n, when);
    if (status == 0)
        status = wait_until_it_is_so(me, kids, tasks, n, FILCH_ALL_COMPLETED);
    if (status == ECANCELED) {
        filch_shield_begin();
        OK(wait_until_it_is_so(me, kids, tasks, n, FILCH_ALL_COMPLETED));
        filch_shield_end();
    }
    for (size_t i = 0; i < n; ++i)
        filch_task_release(tasks[i]);
    return status;
}

/* --- Strangers, some of them plain threads ------------------------------- */

static int
stranger_turn(struct actor *me)
{
    filch_task *task = family_take(&family);
    int status;
    if (!task) {
        step_aside(me);
        return 0;
    }
    do {
        status = wait_somehow(me, &task, 1, FILCH_ALL_COMPLETED, NULL);
    } while (status == ETIMEDOUT);
    if (status == 0)
        some_kid_is_right(filch_task_status(task));
    filch_task_release(task);
    return status;
}

/* --- The scene ----------------------------------------------------------- */

static void
wait_open(uint64_t *state)
{
    struct tally *tally = &scene_wait.tally;
    troupe_start(&parents, tally, parent_turn, 1 + chance(state, 6), 0);
    troupe_start(&strangers, tally, stranger_turn, 1 + chance(state, 2),
                 chance(state, 3));
}

static void
wait_close(uint64_t *state)
{
    (void)state;
    troupe_end(&parents);
    troupe_end(&strangers);
    family_is_even(&family);
}

struct scene scene_wait = {
    "wait",
    wait_open,
    wait_close,
    {{0}, ULONG_MAX, FILCH_EVENT_INIT},
    .flow = {.what = "ends", .most = MOST_PLACES * MOST_KIDS}};
