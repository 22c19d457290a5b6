/*
 * A lock, fair or not: nobody is inside with another, what is written inside is
 * never torn, and at the end the lock is free. A lock that is released to a
 * waiter who has just been cancelled, and that he does not pass on, stays held
 * for ever.
 */
#include "kit.h"

static filch_lock lock;
static struct troupe troupe;
static const struct actor *holder;      /* under the lock */
static uint64_t entered;                /* likewise */
static atomic_uint_least64_t successes; /* counted by those who succeeded */

static void
release_in_callback(void *arg)
{
    (void)arg;
    OK(filch_lock_release(&lock));
}

/* Mostly short; now and then so long that those who wait lose patience. */
static void
hold(struct actor *me)
{
    CHECK(holder == NULL);
    flow_in(&scene_lock.flow, 1);
    holder = me;
    ++entered;
    if (chance(&me->chance, 1000) == 0)
        compute_until(filch_after(FILCH_US(1100)));
    else
        dally(me);
    CHECK(holder == me);
    holder = NULL;
    flow_out(&scene_lock.flow, 1);
}

static int
take(struct actor *me)
{
    switch (chance(&me->chance, 5)) {
    case 0:
        return filch_lock_try_acquire(&lock);
    case 1:
        return filch_lock_acquire_until(&lock, soon(me));
    default:
        return filch_lock_acquire(&lock);
    }
}

static int
hold_as_a_block(struct actor *me)
{
    FILCH_WITH_LOCK(&lock)
    {
        hold(me);
        atomic_fetch_add(&successes, 1);
    }
    return note(me, 0);
}

static int
lock_turn(struct actor *me)
{
    if (chance(&me->chance, 8) == 0)
        return hold_as_a_block(me);
    int status = note(me, take(me));
    if (status)
        return status == ECANCELED ? ECANCELED : 0;
    hold(me);
    atomic_fetch_add(&successes, 1);
    if (!me->is_thread && chance(&me->chance, 50) == 0)
        return filch_call_soon(release_in_callback, NULL);
    return note(me, filch_lock_release(&lock));
}

static void
lock_open(uint64_t *state)
{
    bool fair = chance(state, 2);
    OK((fair ? filch_lock_init_fair : filch_lock_init)(&lock));
    entered = 0;
    atomic_store(&successes, 0);
    troupe_start(&troupe, &scene_lock.tally, lock_turn, 2 + chance(state, 8),
                 chance(state, 3));
}

static void
lock_close(uint64_t *state)
{
    (void)state;
    troupe_end(&troupe);
    OK(filch_lock_acquire(&lock)); /* a callback may be about to release it */
    EQ(atomic_load(&successes), entered);
    OK(filch_lock_release(&lock));
    CHECK(!filch_lock_locked(&lock));
    FAILS(EPERM, filch_lock_release(&lock));
    flow_is_even(&scene_lock.flow);
    OK(filch_lock_destroy(&lock));
}

struct scene scene_lock = {"lock",
                           lock_open,
                           lock_close,
                           {{0}, ULONG_MAX, FILCH_EVENT_INIT},
                           .flow = {.what = "holds", .most = 1}};
