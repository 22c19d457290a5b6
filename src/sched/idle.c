/*
 * Who sleeps, and who keeps watch.
 *
 * CONTRACT  While some worker is idle, just one idle worker keeps *watch*: it
 *           looks at all queues and timers, spinning first (unless stealing has
 *           not paid of late, or it awaits just timers), then with naps of 50 us
 *           to 1 ms. The others sleep until they are given the watch. So
 *           whoever makes work wakes nobody, and pays nothing; a stranger (a
 *           plain thread, another runtime) wakes the watch if it sleeps.
 * STATE     watch     NULL only while no worker is idle
 *           sleepers  all idle workers but the watch
 *           park      of a worker: FL_AWAKE, FL_ASLEEP
 *           help      of a worker: NULL, or whom it is to take from. It is set
 *                     when it is taken out of `sleepers` as a helper, and
 *                     cleared by itself: a helper is not idle
 *           rests_until, stands_in   of a worker: by when it will wake by itself,
 *                     and that it is to, since it has been given the watch
 *           watch_until   a time until which the watch does so at the latest
 *           N1  a worker in `sleepers` has nothing in its own queues, also
 *               nothing that a thief will give back (find_given_back)
 *           N2  when all others are in `sleepers`, work can only come from the
 *               common queue or a timer: then the watch sleeps without naps
 * PROTOCOL      the watch, going to sleep       a stranger
 *           W1  park := FL_ASLEEP (exchange)  I1  push, count += n (addition)
 *           W2  the common queue is empty     I2  look who has the watch
 *           W3  no timer is its before that   I3  it is asleep: wake it
 *           W4  sleep while park is FL_ASLEEP
 *           Who arms a timer is a stranger, too: earliest := t (exchange);
 *           then, if t + FL_GRACE is before watch_until, I2 and I3. Its worker
 *           is awake, so the watch leaves t to it for so long; or for less, if it
 *           has not seen that.
 *               the watch, away briefly       a sleeper, or a watch that naps
 *           D1  watch := next (exchange)      R1  rests_until := when it will
 *           D2  next's rests_until is later       wake by itself (exchange)
 *               than in 1 ms: wakes it        R2  park := FL_ASLEEP (exchange)
 *           D3  else watch_until := that      R3  it has the watch: is awake
 *           D4  the common queue has some:    R4  sleeps until then, or called
 *               wakes it
 * NO LOST WAKEUP  W1 and I1 are seq_cst, as are the loads after them: either W2
 *           sees the count, or I3 sees FL_ASLEEP. If I2 finds a worker that is
 *           just giving the watch to another, that other one has not come to
 *           W2. If it finds none, all are busy, and who is idle first comes to
 *           W2. A sleeper that is given the watch finds so after its own W1;
 *           so does a helper its `help`, which was set before I3. One that is
 *           given the watch and not woken: R3 sees D1, or D2 sees R1; and a
 *           stranger's I2 sees D1, or D4 sees I1.
 * WAKEUP GUARANTEE  What a busy worker makes runnable is seen after 1 ms at
 *           most, if that worker does not come to run it before: mostly it
 *           does, and then waking another for it would have cost 10 us of its
 *           time for nothing. A watch that finds work gives the watch to a
 *           sleeper, which it wakes: so one wake follows the other while there
 *           is more work than workers awake. But if what it found was not
 *           stolen (timers, the common queue), and last time that took it less
 *           than BRIEF (watch.c), it leaves the sleeper asleep, if that one wakes
 *           within 1 ms by itself: to which end sleepers sleep no longer where
 *           this happens. Timers that are due before then are late by so much at
 *           most, if it is not back before; and by FL_GRACE more, if their worker
 *           is awake and does not come to them meanwhile. Where it has found,
 *           and left, some more, it wakes another one besides, a *helper*, who
 *           takes from there without having the watch, and does the same in its
 *           turn: so they are awake in as many steps as their number has bits.
 *           Helpers at one deque wait for each other. A watch that has stolen tasks
 *           which were done sooner than moved, each or all of them, naps before it
 *           looks again, the longer the more often that is so.
 * REJECTED  Waking a sleeper with each push: 8 to 13 us for who pushes, for
 *           tasks of some ns. Stealing tasks of some ns as fast as one can: a
 *           wave of a million took twice the time with two workers. Letting
 *           every idle worker search: they take the lines of the queues from
 *           those who work. One wake after the other, without helpers: then the
 *           whole runtime steals once in some 25 us, however many workers it
 *           has (docs/SIMULATION.md). A helper where little is left: it comes
 *           12 us later, and finds nothing; nor where twice as many as there are
 *           CPUs are awake: it takes one from them. Waking the next watch each
 *           time: where timers come each microsecond it is there when all is
 *           done, and the same goes on the other way round.
 * SOURCE    The one searcher of Go's scheduler (runtime/proc.go) and Tokio's.
 * CHECKED BY  tests/model/idle.c, help.c, foreign.c, spin/idle.pml
 */
#include "sched/idle.h"

#include "sched/chaos.h"

#include <errno.h>

#define TIDY_AFTER FILCH_MS(100) /* nothing ran: what is left over is freed */
#ifndef HELP_FROM
#define HELP_FROM 4 /* entries that are left in a deque */
#endif

/* ---- waking ---- */

static void
wake(fl_worker *worker)
{
    if (fl_load_seq_cst(&worker->park) == FL_ASLEEP &&
        fl_exchange_seq_cst(&worker->park, (uint32_t)FL_AWAKE) == FL_ASLEEP) {
        fl_chaos();
        fl_os_wake(&worker->park, 1);
    }
}

void
fl_wake_watch(filch_runtime *runtime)
{
    fl_worker *watch = fl_load_seq_cst(&runtime->watch); /* I2 */
    if (watch) {
        fl_chaos();
        wake(watch); /* I3 */
    }
}

void
fl_wake_all(filch_runtime *runtime)
{
    for (unsigned i = 0; i < runtime->count; i++) {
        wake(&runtime->workers[i]);
    }
}

static filch_time
later(filch_time deadline, filch_time by)
{
    return deadline < FILCH_NEVER - by ? deadline + by : FILCH_NEVER;
}

void
fl_timer_armed(fl_worker *worker, filch_time deadline)
{
    filch_runtime *runtime = worker->runtime;
    fl_chaos();
    filch_time until = (filch_time)fl_load_seq_cst(&runtime->watch_until);
    if (later(deadline, FL_GRACE) < until) {
        fl_wake_watch(runtime);
    }
}

/* ---- the watch and the sleepers; all with idle_guard ---- */

static void
add_sleeper(filch_runtime *runtime, fl_worker *worker)
{
    worker->sleeper = runtime->sleepers;
    runtime->sleepers = worker;
    fl_store_relaxed(&runtime->sleeping,
                     fl_load_relaxed(&runtime->sleeping) + 1);
}

static fl_worker *
take_sleeper(filch_runtime *runtime)
{
    fl_worker *sleeper = runtime->sleepers;
    if (sleeper) {
        runtime->sleepers = sleeper->sleeper;
        fl_store_relaxed(&runtime->sleeping,
                         fl_load_relaxed(&runtime->sleeping) - 1);
    }
    return sleeper;
}

bool
fl_take_watch(fl_worker *worker)
{
    filch_runtime *runtime = worker->runtime;
    fl_guard_lock(&runtime->idle_guard);
    fl_worker *watch = fl_load_relaxed(&runtime->watch);
    bool taken = !watch || fl_load_seq_cst(&watch->park) == FL_ASLEEP;
    if (taken) {
        if (watch) {
            add_sleeper(runtime, watch);
        }
        fl_exchange_seq_cst(&runtime->watch_until, (uint64_t)0);
        fl_exchange_seq_cst(&runtime->watch, (void *)worker);
    } else {
        add_sleeper(runtime, worker);
    }
    fl_guard_unlock(&runtime->idle_guard);
    return taken;
}

/* Whether `next`, which has just been given the watch, may go on sleeping. */
static bool
rests_on(filch_runtime *runtime, fl_worker *next)
{
    fl_store_relaxed(&next->stands_in, 1u);
    filch_time until = (filch_time)fl_load_seq_cst(&next->rests_until); /* D2 */
    if (until > fl_os_now() + FL_NAP_LAST) {
        return false;
    }
    fl_store_relaxed(&runtime->watch_until, (uint64_t)until); /* D3 */
    fl_chaos();
    return !fl_inject_count(&runtime->inject); /* D4 */
}

fl_worker *
fl_hand_over_watch(fl_worker *worker, bool brief)
{
    filch_runtime *runtime = worker->runtime;
    fl_guard_lock(&runtime->idle_guard);
    fl_worker *next = take_sleeper(runtime);
    fl_exchange_seq_cst(&runtime->watch, (void *)next); /* D1 */
    fl_chaos();
    bool rests = next && brief && rests_on(runtime, next);
    fl_guard_unlock(&runtime->idle_guard);
    if (next && !rests) {
        fl_chaos();
        wake(next);
    }
    return rests ? NULL : next;
}

/* Whether nobody is asleep, or one more awake would mostly wait for a CPU. */
static bool
are_enough_awake(const filch_runtime *runtime)
{
    uint32_t sleeping = fl_load_relaxed(&runtime->sleeping);
    return sleeping == 0 || runtime->count - sleeping >= runtime->awake_most;
}

void
fl_call_helper(fl_worker *worker, fl_worker *victim)
{
    filch_runtime *runtime = worker->runtime;
    if (!victim || are_enough_awake(runtime)) {
        return;
    }
    if (fl_deque_size(&victim->deque) < fl_deque_size(&worker->deque)) {
        victim = worker;
    }
    if (fl_deque_size(&victim->deque) < HELP_FROM) {
        return;
    }
    fl_guard_lock(&runtime->idle_guard);
    fl_worker *helper = take_sleeper(runtime);
    if (helper) {
        fl_exchange_seq_cst(&helper->help, (void *)victim);
    }
    fl_guard_unlock(&runtime->idle_guard);
    if (helper) {
        wake(helper);
    }
}

/* The watch has woken: whether it still is the watch. */
static bool
still_watch(fl_worker *worker)
{
    filch_runtime *runtime = worker->runtime;
    fl_guard_lock(&runtime->idle_guard);
    bool still = fl_load_relaxed(&runtime->watch) == (void *)worker;
    if (still) {
        fl_exchange_seq_cst(&worker->park, (uint32_t)FL_AWAKE);
        fl_exchange_seq_cst(&runtime->watch_until, (uint64_t)0);
    }
    fl_guard_unlock(&runtime->idle_guard);
    return still;
}

/* ---- sleeping ---- */

/* Until when a sleeper sleeps if nobody calls it. */
static filch_time
rest_until(fl_worker *worker)
{
    if (!fl_load_relaxed(&worker->stands_in)) {
        return FILCH_NEVER;
    }
    fl_store_relaxed(&worker->stands_in, 0u);
    return fl_os_now() + FL_NAP_LAST;
}

fl_worker *
fl_sleep_until_called(fl_worker *worker)
{
    fl_worker *victim = NULL;
    for (;;) {
        filch_time until = rest_until(worker);
        fl_exchange_seq_cst(&worker->rests_until, (uint64_t)until); /* R1 */
        fl_exchange_seq_cst(&worker->park, (uint32_t)FL_ASLEEP);    /* R2 */
        fl_chaos();
        if (fl_quits(worker)) {
            break;
        }
        victim = fl_load_seq_cst(&worker->help);
        if (victim) {
            fl_store_relaxed(&worker->help, (void *)NULL);
            break;
        }
        if (fl_load_seq_cst(&worker->runtime->watch) == (void *)worker) {
            fl_chaos();
            if (still_watch(worker)) { /* else it was relieved just now */
                return NULL;
            }
            continue;
        }
        fl_count(&worker->stats.sleeps);
        fl_os_wait(&worker->park, FL_ASLEEP, until);
        worker->unhurried = fl_load_relaxed(&worker->stands_in);
    }
    fl_exchange_seq_cst(&worker->park, (uint32_t)FL_AWAKE);
    return victim;
}

/* When there is a timer for the watch to see to, or an earlier time. */
static filch_time
first_deadline(const fl_worker *watch)
{
    const filch_runtime *runtime = watch->runtime;
    filch_time first = FILCH_NEVER;
    for (unsigned i = 0; i < runtime->count; i++) {
        const fl_worker *owner = &runtime->workers[i];
        filch_time one = (filch_time)fl_load_seq_cst(&owner->timers->earliest);
        one = later(one, fl_grace(watch, owner));
        first = one < first ? one : first;
    }
    return first;
}

/* When nothing runs for a while, what a peak has left behind is given back, until
 * somebody calls, or a timer is due. */
static void
tidy(const fl_worker *worker)
{
    while (fl_stack_trim() && fl_load_relaxed(&worker->park) == FL_ASLEEP &&
           first_deadline(worker) > fl_os_now()) {
    }
}

bool
fl_nap(fl_worker *worker, filch_time most)
{
    filch_runtime *runtime = worker->runtime;
    bool others_sleep =
        fl_load_relaxed(&runtime->sleeping) + 1 == runtime->count;
    filch_time first = first_deadline(worker);
    filch_time until = FILCH_NEVER;
    bool tidies = others_sleep && fl_stack_surplus();
    if (!others_sleep || tidies) {
        until = fl_os_now() + (tidies ? TIDY_AFTER : most);
    }
    tidies = tidies && first > until;
    until = first < until ? first : until;

    fl_exchange_seq_cst(&worker->rests_until, (uint64_t)until); /* R1 */
    fl_exchange_seq_cst(&runtime->watch_until, (uint64_t)until);
    fl_chaos();
    fl_exchange_seq_cst(&worker->park, (uint32_t)FL_ASLEEP); /* W1 */
    fl_chaos();
    if (!fl_quits(worker) && !fl_inject_count(&runtime->inject) && /* W2 */
        first_deadline(worker) >= until) {                         /* W3 */
        fl_count(&worker->stats.sleeps);
        int timed_out = 0;
        while (fl_load_seq_cst(&worker->park) == FL_ASLEEP && !timed_out) {
            timed_out = fl_os_wait(&worker->park, FL_ASLEEP, until);
        }
        fl_chaos();
        if (tidies && timed_out) {
            tidy(worker);
        }
    }
    return still_watch(worker);
}

void
fl_sleep_alone(fl_worker *worker, const fl_atomic32 *called)
{
    filch_runtime *runtime = worker->runtime;
    fl_exchange_seq_cst(&runtime->watch, (void *)worker);
    fl_exchange_seq_cst(&worker->park, (uint32_t)FL_ASLEEP);       /* W1 */
    if (!fl_quits(worker) && !fl_inject_count(&runtime->inject) && /* W2 */
        !fl_load_seq_cst(called)) {
        fl_count(&worker->stats.sleeps);
        fl_os_wait(&worker->park, FL_ASLEEP, FILCH_NEVER);
    }
    fl_exchange_seq_cst(&worker->park, (uint32_t)FL_AWAKE);
}
