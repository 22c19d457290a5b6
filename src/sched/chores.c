/*
 * What a worker does every so many turns: its chores.
 *
 * CONTRACT  Nothing waits for ever: they see to the clock, the timers, idle stacks,
 *           the common queue and the deque's oldest. They are due after POLL_MOST
 *           turns at most, after fewer where turns take long, so that the clock is
 *           read every 100 to 500 us. Mostly there is no more to do than to read
 *           it: then who suspends, yields or joins does so on the way.
 * REJECTED  All of it in the loop: each 64th who waits, or joins, went there, by
 *           another stack. To spawn one and join it took 15.4 ns for 14.4.
 * CHECKED BY  tests/sched/test_liveness.c, test_crowd.c, test_timer_turns.c,
 *           test_tidy.c, test_tree.c, tests/model/idle.c
 */
#include "sched/chores.h"
#include "sched/chaos.h"
#include "sched/seeded.h"

#define POLL_MOST 64u /* turns */
#define POLL_SOON FILCH_US(100)
#define POLL_LATE FILCH_US(500)
#define STREAK_MOST FILCH_US(8) /* that many turns in a row, at least one */
#define SHED_EVERY FILCH_MS(10)
/* Turns between two looks at the deque's oldest entry: where the ring keeps the
 * worker from the deque, and where just its newer ones do. */
#define FAR_EVERY 64
#define OLDEST_EVERY 1024
#define TIMERS_EVERY 1024 /* turns, whoever was woken before */

/*
 * Whether there is anything in the common queue, and what is to come before it has
 * run (injected_until); or there is no room for more than one at a time. Each time
 * the worker takes its share: of some few, taken often, each worker would wait for
 * what the CPU of another has fetched. But not twice in a row, with chores at each
 * turn: what is nearer would wait for ever.
 */
static bool
is_injected_turn(const fl_worker *worker)
{
    const fl_ready *ready = &worker->ready;
    uint32_t size = fl_ready_size(ready);
    return fl_inject_count(&worker->runtime->inject) &&
           fl_load_relaxed(&worker->turn) - worker->injected_turn > 1 &&
           (size == 0 || size >= FL_READY - 1 ||
            fl_is_served(ready, worker->injected_until));
}

/* Whether those that have woken before have run, or enough of them: no more are
 * woken than run, or the ring would overflow. But none waits for ever. */
static bool
is_timers_turn(const fl_worker *worker)
{
    uint32_t turn = fl_load_relaxed(&worker->turn);
    uint32_t head = fl_load_relaxed(&worker->ready.head);
    return fl_ready_size(&worker->ready) < FL_TIMERS_ENOUGH ||
           head - worker->timers_head >= FL_TIMERS_LEAST ||
           turn - worker->timers_turn >= TIMERS_EVERY;
}

/* Where turns take long, two that wake each other may go on for fewer: others,
 * who were handed something, wait for all of them. */
static void
limit_streak(fl_worker *worker, filch_time turn)
{
    worker->turn_takes += (turn - worker->turn_takes) / 8; /* on average */
    filch_time takes = worker->turn_takes > 0 ? worker->turn_takes : 1;
    filch_time most = STREAK_MOST / takes;
    uint32_t streak = most < 1           ? 1
                      : most < FL_STREAK ? (uint32_t)most
                                         : FL_STREAK;
    worker->ready.streak_from = FL_STREAK - streak;
}

/* That many turns took so long, with what idle time was among them: who idles
 * often reads the clock often, so that a timer does not wait for a burst. */
static void
adapt_to_turns(fl_worker *worker, filch_time took)
{
    uint32_t mask = worker->poll_mask;
    if (!worker->idled) { /* else it was not turns that took so long */
        limit_streak(worker, took / (mask + 1));
    }
    if (fl_chaos_among(worker->runtime)) {
        worker->poll_mask = (1u << fl_chaos_draw(7)) - 1;
    } else if (took > POLL_LATE) {
        worker->poll_mask = mask / 2;
    } else if (took < POLL_SOON && mask < POLL_MOST - 1) {
        worker->poll_mask = 2 * mask + 1;
    }
}

/* What the clock tells: how long turns take. */
static void
learn(fl_worker *worker, filch_time now)
{
    adapt_to_turns(worker, now - worker->polled);
    worker->polled = now;
    worker->idled = false;
}

/* Reads the clock, and does what is due. */
static void
poll(fl_worker *worker)
{
    filch_time now = fl_os_now();
    learn(worker, now);
    if (now - worker->shed_at >= SHED_EVERY) {
        worker->shed_at = fl_stack_shed(now);
    }
    if (fl_timers_early(worker->timers) <= now &&
        fl_timers_tend(worker, now, is_timers_turn(worker))) {
        worker->timers_turn = fl_load_relaxed(&worker->turn);
        worker->timers_head = fl_load_relaxed(&worker->ready.head);
    }
}

/* Who never lets the ring run dry, and spawns, would fill the deque without
 * end: each time that it has grown twice as many of it come next, until it, or
 * the ring, is empty. They are its newest: in a tree of tasks each of the
 * oldest would lay a tree of its own on top of the others. */
static void
owe_share(fl_worker *worker, bool kept)
{
    if (worker->owed) {
        return; /* those of the last time are not done, or just now */
    }
    uint32_t size = (uint32_t)fl_deque_size(&worker->deque);
    uint32_t share = kept ? worker->far_share : 0;
    if (kept && size > worker->far_size) {
        share = 2 * share + 1;
    }
    share = share < size ? share : size;
    worker->far_share = share;
    worker->owed = share ? share | FL_OWED_NEWEST : 0;
    worker->far_size = size - share; /* if nothing comes meanwhile */
}

/* Whether the ring keeps the worker from its deque, and not just now: chores may be
 * due at each turn, also between a task of a tree and who waits for it. */
static bool
is_oldest_turn(const fl_worker *worker, uint32_t turn)
{
    return turn - worker->newest_turn >= FAR_EVERY ||
           turn - worker->oldest_turn >= OLDEST_EVERY;
}

/* Whether it is time for the deque's oldest: by turns, not by time, so that one
 * worker's order does not vary. `kept`: by the ring, from its deque. */
static bool
is_far_turn(const fl_worker *worker, uint32_t turn, bool kept)
{
    uint32_t every = kept ? FAR_EVERY : OLDEST_EVERY;
    return turn % FAR_EVERY == 0 && turn - worker->far_turn >= every;
}

/* Notes it, and does what fl_keep_behind is for. */
static void
begin_far_turn(fl_worker *worker, uint32_t turn)
{
    worker->far_turn = turn;
    fl_keep_behind(&worker->ready, &worker->owed_until);
    fl_keep_behind(&worker->ready, &worker->injected_until);
    fl_keep_behind(&worker->ready, &worker->yielded_until);
}

/* The deque's oldest, if it is time for it. */
static fl_work *
take_far(fl_worker *worker, uint32_t turn)
{
    bool kept = !fl_ready_empty(&worker->ready);
    if (!is_far_turn(worker, turn, kept)) {
        return NULL;
    }
    begin_far_turn(worker, turn);
    fl_work *far = NULL;
    if (!kept || is_oldest_turn(worker, turn)) {
        worker->oldest_turn = turn;
        far = fl_deque_shift(&worker->deque);
    }
    owe_share(worker, kept);
    return far;
}

/* The deque's oldest, or the first of the common queue: where both are due they take
 * turns. Not both at once, since the first, not run now, would come behind those
 * that stood behind it, which are in the ring by then. */
fl_work *
fl_do_chores(fl_worker *worker)
{
    poll(worker);
    if (fl_chaos_among(worker->runtime)) {
        fl_work *work = fl_chaos_shuffle(worker);
        if (work) {
            return work;
        }
    }
    uint32_t turn = fl_load_relaxed(&worker->turn);
    bool far_first = turn % (2 * FAR_EVERY) == 0;
    fl_work *work = far_first ? take_far(worker, turn) : NULL;
    if (!work && is_injected_turn(worker)) {
        work = fl_find_injected(worker);
    }
    return work || far_first ? work : take_far(worker, turn);
}

/* ---- on the way ---- */

/* Whether there is anything for the loop, but for what the clock says. */
static bool
is_for_loop(const fl_worker *worker, bool far)
{
    const filch_runtime *runtime = worker->runtime;
    return runtime->seeded || worker->theft.begins ||
           (fl_chaos_among(runtime) && fl_chaos_draw(2)) ||
           fl_inject_count(&runtime->inject) ||
           (far && !fl_deque_is_empty(&worker->deque));
}

static bool
is_due(const fl_worker *worker, filch_time now)
{
    return fl_timers_early(worker->timers) <= now ||
           now - worker->shed_at >= SHED_EVERY;
}

/* (In a far turn the deque seems empty, and is not looked into: a thief may just be
 * giving something back, which who suspends cannot run.) */
FL_NOINLINE uint32_t
fl_chores_at_once(fl_worker *worker)
{
    uint32_t turn = fl_load_relaxed(&worker->turn) + 1;
    bool kept = !fl_ready_empty(&worker->ready);
    bool far = is_far_turn(worker, turn, kept);
    if (is_for_loop(worker, far)) {
        return 0;
    }
    filch_time now = fl_os_now();
    if (is_due(worker, now)) {
        return 0;
    }
    learn(worker, now);
    if (far) {
        begin_far_turn(worker, turn);
        owe_share(worker, kept);
    }
    return turn;
}

uint32_t
fl_chores_with_newest(fl_worker *worker)
{
    if (!fl_ready_empty(&worker->ready)) {
        return 0; /* they come first in the loop */
    }
    uint32_t turn = fl_chores_at_once(worker);
    if (turn) {
        worker->newest_turn = turn;
    }
    return turn;
}

void
fl_chores_soon(fl_worker *worker)
{
    worker->poll_mask = 0;
    worker->idled = true; /* nothing is learnt from the turns until then */
}
