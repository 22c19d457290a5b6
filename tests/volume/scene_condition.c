/*
 * A condition: each notification wakes just one who waits, if there is one. How
 * many wait for certain is known to who holds the lock: those who are shielded
 * and have no deadline. As many are notified at most as must find somebody,
 * among others who are cancelled or whose time runs out just then. So at the
 * end as many have been woken as notifications were given: one that went to a
 * waiter who was being cancelled, and was not passed on, is missing, and
 * somebody waits for it for ever.
 */
#include "kit.h"

static filch_lock lock;
static filch_condition condition;
static struct troupe waiters, notifiers;

/* Under the lock: */
static size_t steadfast; /* who cannot be cancelled, and have no deadline */
static size_t notified, woken;
static bool closing;

static void
enter(struct actor *me)
{
    filch_shield_begin();
    OK(filch_condition_acquire(&condition));
    filch_shield_end();
    ++me->counts[OPERATIONS];
}

static void
leave(struct actor *me)
{
    note(me, filch_condition_release(&condition));
}

static int
wait_steadfastly(void)
{
    ++steadfast;
    filch_shield_begin();
    int status = filch_condition_wait(&condition);
    filch_shield_end();
    --steadfast;
    return status;
}

static int
wait_somehow(struct actor *me)
{
    if (me->is_thread || chance(&me->chance, 3) == 0)
        return chance(&me->chance, 2)
                   ? wait_steadfastly()
                   : filch_condition_wait_until(&condition, soon(me));
    return chance(&me->chance, 3)
               ? filch_condition_wait(&condition)
               : filch_condition_wait_until(&condition, soon(me));
}

static int
wait_turn(struct actor *me)
{
    enter(me);
    int status = closing ? LEAVE : note(me, wait_somehow(me));
    CHECK(filch_condition_locked(&condition));
    woken += status == 0;
    flow_out(&scene_condition.flow, status == 0);
    CHECK(woken <= notified);
    leave(me);
    return status == ETIMEDOUT ? 0 : status;
}

/* Notifications still under way may all have gone to the steadfast. */
static size_t
who_wait_for_certain(void)
{
    size_t under_way = notified - woken;
    return steadfast > under_way ? steadfast - under_way : 0;
}

static void
notify(size_t n)
{
    notified += n;
    flow_in(&scene_condition.flow, n);
    OK(filch_condition_notify(&condition, n));
}

static int
notify_turn(struct actor *me)
{
    enter(me);
    size_t most = who_wait_for_certain();
    size_t n = most ? chance(&me->chance, (uint32_t)most + 1) : 0;
    notify(n);
    note(me, 0);
    if (chance(&me->chance, 8) == 0)
        dally(me); /* with the lock, which the woken wait for */
    leave(me);
    step_aside(me);
    return 0;
}

static void
condition_open(uint64_t *state)
{
    bool fair = chance(state, 2);
    steadfast = notified = woken = 0;
    closing = false;
    OK((fair ? filch_lock_init_fair : filch_lock_init)(&lock));
    OK(filch_condition_init(&condition, chance(state, 4) ? &lock : NULL));
    troupe_start(&waiters, &scene_condition.tally, wait_turn,
                 2 + chance(state, 9), chance(state, 3));
    troupe_start(&notifiers, &scene_condition.tally, notify_turn, 2,
                 chance(state, 2));
}

/* Those who may be cancelled are; the steadfast are notified. */
static void
send_home(void)
{
    for (unsigned i = 0; i < waiters.tasks; ++i)
        troupe_cancel(&waiters, i);
    OK(filch_condition_acquire(&condition));
    closing = true;
    size_t n = who_wait_for_certain();
    notify(n);
    OK(filch_condition_release(&condition));
    let_others_run();
}

static void
condition_close(uint64_t *state)
{
    (void)state;
    troupe_end(&notifiers);
    while (!troupe_is_gone(&waiters))
        send_home();
    troupe_await(&waiters);
    EQ(0, steadfast);
    EQ(notified, woken);
    flow_is_even(&scene_condition.flow);
    OK(filch_condition_destroy(&condition));
    OK(filch_lock_destroy(&lock));
}

struct scene scene_condition = {
    "condition",
    condition_open,
    condition_close,
    {{0}, ULONG_MAX, FILCH_EVENT_INIT},
    .flow = {.what = "notifications", .most = MOST_PLACES}};
