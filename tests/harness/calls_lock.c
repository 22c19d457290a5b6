/* Acquiring locks, and waiting for conditions. */
#include "calls.h"

/* --- Locks: `lock` is the ordinary or the fair one, or the condition's --- */

static filch_lock lock;
static filch_condition condition;

static void
lock_ready(void)
{
    call_is_ready = true;
    OK(filch_lock_init(&lock));
}

static void
fair_ready(void)
{
    call_is_ready = true;
    OK(filch_lock_init_fair(&lock));
}

static void
lock_blocked(void)
{
    lock_ready();
    call_is_ready = false;
    OK(filch_lock_try_acquire(&lock));
}

static void
fair_blocked(void)
{
    fair_ready();
    call_is_ready = false;
    OK(filch_lock_try_acquire(&lock));
}

static bool
lock_untouched(void)
{
    return filch_lock_locked(&lock) != call_is_ready;
}

static void
lock_wake(void)
{
    OK(filch_lock_release(&lock));
}

/* Gives back what a run took. */
static int
released(int status)
{
    if (status == 0)
        OK(filch_lock_release(&lock));
    return status;
}

static int
lock_acquire(filch_time deadline)
{
    return released(CALL(filch_lock_acquire, &lock));
}

static void
condition_acquire_ready(void)
{
    lock_ready();
    OK(filch_condition_init(&condition, &lock));
}

static void
condition_acquire_blocked(void)
{
    lock_blocked();
    OK(filch_condition_init(&condition, &lock));
}

static int
condition_acquire(filch_time deadline)
{
    return released(CALL(filch_condition_acquire, &condition));
}

/* --- Condition ----------------------------------------------------------- */

static bool waiting, wanted; /* the lock's */

/* Also where suspending calls are not allowed, or would be cancelled. */
static void
take_lock(void)
{
    UNTIL(filch_lock_try_acquire(&lock) == 0);
}

static void
condition_blocked(void)
{
    condition_acquire_ready();
    waiting = wanted = false;
}

static void
condition_ready(void)
{
    condition_blocked();
    wanted = true;
}

static int
still_held(int status)
{
    CHECK(filch_condition_locked(&condition));
    waiting = false;
    return released(0), status;
}

static int
condition_wait(filch_time deadline)
{
    take_lock();
    waiting = true;
    return still_held(CALL(filch_condition_wait, &condition));
}

static void
condition_wake(void)
{
    for (;; let_others_run()) {
        take_lock();
        bool done = waiting;
        OK(filch_condition_notify_all(&condition));
        OK(filch_lock_release(&lock));
        if (done)
            return;
    }
}

static bool
is_wanted(void *arg)
{
    CHECK(arg == &wanted);
    return wanted;
}

static int
condition_wait_for(filch_time deadline)
{
    take_lock();
    return still_held(
        CALL(filch_condition_wait_for, &condition, is_wanted, &wanted));
}

static void
condition_wake_for(void)
{
    take_lock();
    wanted = true;
    OK(filch_condition_notify_all(&condition));
    OK(filch_lock_release(&lock));
}

static bool
condition_untouched(void)
{
    return !filch_lock_locked(&lock);
}

const struct call call_lock_acquire = {
    .name = "lock_acquire",
    .ready = lock_ready,
    .blocked = lock_blocked,
    .run = lock_acquire,
    .untouched = lock_untouched,
    .wake = lock_wake,
    .kept = true,
};

const struct call call_fair_acquire = {
    .name = "lock_acquire of a fair one",
    .ready = fair_ready,
    .blocked = fair_blocked,
    .run = lock_acquire,
    .untouched = lock_untouched,
    .wake = lock_wake,
    .kept = true,
    .direct = true,
};

const struct call call_condition_acquire = {
    .name = "condition_acquire",
    .ready = condition_acquire_ready,
    .blocked = condition_acquire_blocked,
    .run = condition_acquire,
    .untouched = lock_untouched,
    .wake = lock_wake,
    .kept = true,
};

const struct call call_condition_wait = {
    .name = "condition_wait",
    .blocked = condition_blocked,
    .run = condition_wait,
    .untouched = condition_untouched,
    .wake = condition_wake,
    .direct = true,
};

const struct call call_condition_wait_for = {
    .name = "condition_wait_for",
    .ready = condition_ready,
    .blocked = condition_blocked,
    .run = condition_wait_for,
    .untouched = condition_untouched,
    .wake = condition_wake_for,
    .kept = true,
    .direct = true,
};
