/*
 * What a worker does next.
 *
 * In this order: the next slot, the ring, the deque's bottom, the common queue. (Of
 * a crowd in it some are put into the ring before the ring is empty: refill.)
 * When a fiber yields, what is in the deque then comes before it, in turns with
 * the ring (see switch.c). Every so many turns its chores come first (chores.c).
 */
#include "sched/chaos.h"
#include "sched/chores.h"
#include "sched/resume.h"
#include "sched/seeded.h"

#define SEARCH_MOST 8 /* of the ring in one turn, for one that was woken */
/* Once the ring has fewer there is soon nobody to fetch ahead. */
#define RING_SHORT (4 * FL_FETCH)

/* Of some their descriptors, of some who are nearer, whose descriptors are there by
 * now, their frames: first one line of each, so that their pages, which a CPU looks up
 * a few at a time, are looked up together. */
static void
fetch_some(const fl_ready *ready)
{
    const char *frames[FL_FETCH];
    for (uint32_t i = 0; i < FL_FETCH; i++) {
        frames[i] = fl_ready_peek(ready, FL_FETCH + i)->sp;
        if (frames[i]) {
            __builtin_prefetch(frames[i]);
        }
    }
    for (uint32_t i = 0; i < FL_FETCH; i++) {
        fl_fetch_fiber(fl_ready_peek(ready, 2 * FL_FETCH + i));
    }
    for (uint32_t i = 0; i < FL_FETCH; i++) {
        fl_fetch_frames(frames[i]);
    }
}

void
fl_fetch_ahead(const fl_ready *ready)
{
    if (fl_ready_fetches(ready)) {
        fetch_some(ready);
    }
}

fl_fiber *
fl_take_ready_slowly(fl_worker *worker)
{
    fl_ready *ready = &worker->ready;
    fl_bias_enter(&ready->bias);
    fl_fetch_ahead(ready);
    fl_fiber *fiber = fl_ready_pick(ready);
    fl_bias_leave(&ready->bias);
    return fiber;
}

/* A chain of those that stand first in the common queue, for whom, but for the first,
 * the ring has room, its share or `most`; NULL: there are none. */
static fl_fiber *
take_injected(fl_worker *worker, uint32_t most)
{
    filch_runtime *runtime = worker->runtime;
    uint32_t share = fl_inject_count(&runtime->inject) / runtime->count + 1;
    uint32_t room = FL_READY - fl_ready_size(&worker->ready);
    share = share < room / 2 + 1 ? share : room / 2 + 1;
    share = share < most ? share : most;
    fl_fiber *first;
    return fl_inject_pop(&runtime->inject, &first, share) ? first : NULL;
}

/* There is room: see take_injected, and refill, which puts the first too. In one
 * bias: until it is left nobody can run them, and their links hold. */
static void
put_into_ring(fl_worker *worker, fl_fiber *chain)
{
    fl_ready *ready = &worker->ready;
    if (!chain) {
        return;
    }
    fl_bias_enter(&ready->bias);
    for (; chain; chain = chain->next) {
        bool fits = fl_ready_append(ready, chain);
        fl_assert(fits);
        (void)fits;
    }
    fl_bias_leave(&ready->bias);
    worker->injected_until = fl_load_relaxed(&ready->tail);
}

/* How many to take of the common queue: one worker alone, with a short ring, no more
 * than the CPU has fetched ahead, since it comes again before that is empty; else
 * its share. */
static uint32_t
most_at_once(const fl_worker *worker)
{
    bool is_short = fl_ready_size(&worker->ready) < RING_SHORT;
    return worker->runtime->count == 1 && is_short ? FL_AHEAD : FL_READY;
}

fl_work *
fl_find_injected(fl_worker *worker)
{
    fl_fiber *first = take_injected(worker, most_at_once(worker));
    if (!first) {
        return NULL;
    }
    worker->injected_turn = fl_load_relaxed(&worker->turn);
    put_into_ring(worker, first->next);
    return fl_work_of(first);
}

/* Those who have a stack go into the ring. Where none is to be had for the others,
 * they are not kept from workers that have some, nor do they take up its room. (Not
 * by a fl_chain, which writes to waiters: what a fresh task begins with lies there.) */
static void
sort_out(fl_worker *worker, fl_fiber *chain)
{
    while (chain) {
        fl_fiber *one = chain;
        chain = one->next;
        if (one->sp) {
            fl_make_ready(worker, one);
        } else {
            fl_inject_push(&worker->runtime->inject, one, one, 1);
        }
    }
}

void
fl_tend(fl_fiber *me)
{
    fl_worker *worker = me->worker;
    int error = *worker->errno_at;
    if (worker->runtime->seeded) {
        return;
    }
    fl_tsan_release(me);
    fl_tsan_be(&worker->loop);
    fl_tsan_acquire(me);
    fl_be(worker, &worker->loop);
    if (fl_timers_earliest(worker->timers) <= fl_os_now()) {
        fl_timers_run(worker, worker->timers);
    }
    if (fl_inject_count(&worker->runtime->inject)) {
        sort_out(worker, take_injected(worker, FL_READY));
    }
    fl_be(worker, me);
    fl_tsan_release(me);
    fl_tsan_be(me);
    fl_tsan_acquire(me);
    *worker->errno_at = error;
}

/* The ring was served up to owed_until: what was put off then is owed now. */
static void
settle_owed(fl_worker *worker)
{
    const fl_ready *ready = &worker->ready;
    if (fl_is_served(ready, worker->owed_until)) {
        worker->owed = fl_deque_size(&worker->deque);
        worker->owed_until = fl_load_relaxed(&ready->tail);
    }
}

/* With the ring's bias: where the first stands that was woken, in places from the
 * head on; or who is known, so far, to have yielded, or to come behind those. Each
 * time it goes on from there. */
static uint32_t
search_woken(fl_worker *worker)
{
    const fl_ready *ready = &worker->ready;
    uint32_t head = fl_load_relaxed(&ready->head);
    uint32_t n = worker->yielded_until - head;
    const fl_fiber *one = fl_ready_peek(ready, 0);
    if (n > fl_ready_size(ready) || (one && one->next != one)) {
        n = 0; /* it may have been let pass, and then not taken */
    }
    one = fl_ready_peek(ready, n);
    for (unsigned i = 0; one && one->next == one && i < SEARCH_MOST; i++) {
        one = fl_ready_peek(ready, ++n);
    }
    worker->yielded_until = head + n;
    return n;
}

/* Lets the first that was woken pass those before it who have yielded, and wait
 * for what is owed to them; false if there is none, or it is not found yet. With
 * the ring's bias. */
static bool
let_woken_pass(fl_worker *worker)
{
    fl_ready *ready = &worker->ready;
    uint32_t n = search_woken(worker), at = worker->yielded_until;
    const fl_fiber *one = fl_ready_peek(ready, n);
    if (!one || one->next == one) {
        return false;
    }
    if (n && (int32_t)(at - worker->owed_until) >= 0) {
        worker->owed_until++; /* it is none of those that count */
    }
    fl_ready_advance(ready, n);
    worker->yielded_until++; /* the last of those that it has passed */
    return true;
}

/* Of its deque, of which it takes more, mostly: a descriptor is needed at once. */
static fl_work *
take_newest(fl_deque *deque)
{
    fl_fetch_fiber(fl_deque_ahead(deque));
    return fl_deque_pop(deque);
}

static fl_work *
take_oldest(fl_deque *deque)
{
    fl_fetch_fiber(fl_deque_ahead_oldest(deque));
    return fl_deque_shift(deque);
}

/* Each second time, not each second turn: others may come between. */
static bool
is_woken_turn(const fl_worker *worker)
{
    return (worker->owed & FL_OWED_COUNT) && !(worker->owed & FL_OWED_NEWEST) &&
           !worker->woken_had_turn;
}

/* One that was woken, though something is owed. */
static fl_fiber *
take_woken(fl_worker *worker)
{
    fl_ready *ready = &worker->ready;
    fl_bias_enter(&ready->bias);
    fl_fiber *fiber =
        let_woken_pass(worker) ? fl_ready_pick(ready) : fl_ready_next(ready);
    fl_bias_leave(&ready->bias);
    return fiber;
}

/* What comes before the ring, if there is any; otherwise, and once nobody is in
 * the ring any more, nothing is owed. But where that is since one has yielded,
 * those that were woken have half of the turns: it may be very much. */
static FL_NOINLINE fl_work *
find_owed(fl_worker *worker)
{
    if (fl_ready_empty(&worker->ready)) {
        worker->owed = 0;
    }
    if (worker->owed == FL_OWED_LATER) {
        settle_owed(worker);
    }
    fl_fiber *woken = is_woken_turn(worker) ? take_woken(worker) : NULL;
    worker->woken_had_turn = woken;
    if (woken) {
        return fl_work_of(woken);
    }
    while (worker->owed & FL_OWED_COUNT) {
        worker->owed--;
        fl_work *work = worker->owed & FL_OWED_NEWEST
                            ? take_newest(&worker->deque)
                            : take_oldest(&worker->deque);
        if (work) {
            return work;
        }
    }
    worker->owed &= ~FL_OWED_NEWEST;
    return NULL;
}

/* While the ring has just enough to fetch ahead: takes some of a crowd in the common
 * queue, unless the deque, which comes first, has any. (A few are left to whichever
 * worker is there first.) */
static void
refill(fl_worker *worker)
{
    uint32_t size = fl_ready_size(&worker->ready);
    if (size >= RING_SHORT - FL_FETCH && size < RING_SHORT &&
        fl_inject_count(&worker->runtime->inject) > FL_AHEAD &&
        fl_deque_is_empty(&worker->deque)) {
        worker->injected_turn = fl_load_relaxed(&worker->turn);
        put_into_ring(worker, take_injected(worker, most_at_once(worker)));
    }
}

static fl_work *
find_near(fl_worker *worker)
{
    fl_work *work = fl_unlikely(worker->owed) ? find_owed(worker) : NULL;
    if (work) {
        return work;
    }
    if (!fl_ready_empty(&worker->ready)) {
        refill(worker);
        work = fl_work_of(fl_take_ready(worker, false));
    }
    if (!work) {
        work = take_newest(&worker->deque);
        worker->newest_turn = fl_load_relaxed(&worker->turn);
    }
    if (!work && fl_inject_count(&worker->runtime->inject)) {
        work = fl_find_injected(worker);
    }
    return work;
}

fl_work *
fl_find(fl_worker *worker)
{
    uint32_t turn = fl_load_relaxed(&worker->turn) + 1;
    fl_begin_turn(worker, turn);
    if (fl_likely(turn & worker->poll_mask)) {
        return find_near(worker);
    }
    if (worker->runtime->seeded) {
        /* and nothing else: what has come since then has no number, and is to be
         * chosen too */
        return fl_seeded_next(worker);
    }
    fl_work *work = fl_do_chores(worker);
    return work ? work : find_near(worker);
}
