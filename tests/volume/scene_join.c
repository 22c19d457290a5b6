/*
 * Tasks whose ends are awaited, by filch_join and filch_wait: whoever waits for
 * the end of a task learns of it, and what it returned, however often his time
 * ran out before and whoever else waits for it; and each task that began ends.
 */
#include "kit.h"

enum { MOST_CHILDREN = 6 };

static struct troupe parents, strangers;
static atomic_ulong begun, ended, born;   /* children */
static _Atomic(filch_task *) left_behind; /* a handle that somebody may join */
static atomic_ulong held, given_back;     /* such handles */

/* --- Children ------------------------------------------------------------ */

enum fate { FATE_END, FATE_FAIL, FATE_YIELD, FATE_SLEEP, FATE_CANCEL, FATES };

static int
child(void *arg)
{
    uintptr_t fate = (uintptr_t)arg % FATES, number = (uintptr_t)arg / FATES;
    int status = 0;
    atomic_fetch_add(&begun, 1);
    switch (fate) {
    case FATE_FAIL:
        status = EIO;
        break;
    case FATE_YIELD:
        for (uintptr_t i = 0; i < number % 4; ++i)
            filch_yield();
        break;
    case FATE_SLEEP:
        status = filch_sleep(FILCH_US(number % 30));
        break;
    case FATE_CANCEL:
        status = filch_sleep(FILCH_SEC(3600));
        break;
    default:
        break;
    }
    atomic_fetch_add(&ended, 1);
    return status;
}

/* A child, and what it may return. */
struct known {
    filch_task *task;
    enum fate fate;
};

static void
is_right(enum fate fate, int status)
{
    if (fate == FATE_FAIL)
        EQ(EIO, status);
    else if (fate == FATE_CANCEL)
        EQ(ECANCELED, status);
    else
        CHECK(status == 0 || status == ECANCELED);
}

/* Lets a stranger have a handle, unless one still lies there. */
static void
leave_handle(filch_task *task)
{
    filch_task *none = NULL;
    filch_task *handle = filch_task_hold(task);
    if (atomic_compare_exchange_strong(&left_behind, &none, handle))
        atomic_fetch_add(&held, 1);
    else
        filch_task_release(handle);
}

static void
bear(struct actor *me, struct known *known)
{
    uintptr_t number = chance(&me->chance, 100);
    known->fate = chance(&me->chance, FATES);
    known->task = spawn(child, (void *)(number * FATES + known->fate));
    atomic_fetch_add(&born, 1);
    if (chance(&me->chance, 8) == 0)
        leave_handle(known->task);
    if (known->fate == FATE_CANCEL || chance(&me->chance, 8) == 0)
        OK(filch_cancel(known->task));
}

/* --- Parents ------------------------------------------------------------- */

static const struct known *
find(const struct known *children, const filch_task *task)
{
    while (children->task != task)
        ++children;
    return children;
}

/* The first `done` have ended, and the others are the rest. */
static void
check_parted(const struct known *children, filch_task **tasks, size_t n,
             size_t done)
{
    CHECK(done <= n);
    for (size_t i = 0; i < done; ++i) {
        CHECK(filch_task_done(tasks[i]));
        is_right(find(children, tasks[i])->fate, filch_task_status(tasks[i]));
    }
    for (size_t i = done; i < n; ++i)
        find(children, tasks[i]);
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
wait_for_some(struct actor *me, const struct known *children, size_t n)
{
    filch_return_when when = chance(&me->chance, 3);
    filch_task *tasks[MOST_CHILDREN];
    size_t done = 0;
    int status;
    for (size_t i = 0; i < n; ++i)
        tasks[i] = children[i].task;
    do {
        bool patient = chance(&me->chance, 2);
        status = patient ? filch_wait(tasks, n, when, &done)
                         : filch_wait_until(tasks, n, when, &done, soon(me));
        check_parted(children, tasks, n, done);
    } while (note(me, status) == ETIMEDOUT);
    if (status == 0)
        CHECK(done == n || (when == FILCH_FIRST_COMPLETED && done) ||
              (when == FILCH_FIRST_EXCEPTION && any_failed(tasks, done)));
    return status;
}

/* Until it has ended, whatever comes: a cancelled parent goes on shielded. */
static int
bury(struct actor *me, const struct known *known)
{
    bool shielded = false;
    int status, cancelled = 0;
    for (;;) {
        int error = chance(&me->chance, 2)
                        ? filch_join(known->task, &status)
                        : filch_join_until(known->task, &status, soon(me));
        if (note(me, error) == 0)
            break;
        if (error == ECANCELED && !shielded) {
            shielded = true;
            cancelled = ECANCELED;
            filch_shield_begin();
        }
    }
    if (shielded)
        filch_shield_end();
    is_right(known->fate, status);
    return cancelled;
}

static int
parent_turn(struct actor *me)
{
    struct known children[MOST_CHILDREN];
    size_t n = 1 + chance(&me->chance, MOST_CHILDREN);
    int status = 0;
    for (size_t i = 0; i < n; ++i)
        bear(me, &children[i]);
    dally(me);
    if (chance(&me->chance, 2))
        status = wait_for_some(me, children, n);
    for (size_t i = 0; i < n; ++i) {
        int cancelled = bury(me, &children[i]);
        status = cancelled ? cancelled : status;
    }
    return status;
}

/* --- Strangers, some of them plain threads ------------------------------- */

static int
stranger_turn(struct actor *me)
{
    filch_task *task = atomic_exchange(&left_behind, NULL);
    int error = 0, status;
    if (!task) {
        step_aside(me);
        return 0;
    }
    for (;;) {
        error = chance(&me->chance, 2)
                    ? filch_join(task, &status)
                    : filch_join_until(task, &status, soon(me));
        if (note(me, error) != ETIMEDOUT)
            break;
    }
    if (error)
        filch_task_release(task);
    else
        CHECK(status == 0 || status == EIO || status == ECANCELED);
    atomic_fetch_add(&given_back, 1);
    return error;
}

/* --- The scene ----------------------------------------------------------- */

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
    if (left_behind) {
        OK(filch_join(atomic_exchange(&left_behind, NULL), NULL));
        atomic_fetch_add(&given_back, 1);
    }
    EQ(atomic_load(&born), atomic_load(&begun));
    EQ(atomic_load(&born), atomic_load(&ended));
    EQ(atomic_load(&held), atomic_load(&given_back));
}

struct scene scene_join = {
    "join and wait", join_open, join_close, {{0}, ULONG_MAX, FILCH_EVENT_INIT}};
