/*
 * Stealing: only the watch does, and only what has waited; and helpers, who
 * take from where the watch has seen that there is more (idle.c).
 *
 * CONTRACT  The watch remembers what it saw of each worker, and takes what it
 *           finds still waiting a while later. What comes and goes between two
 *           naps it would never see for so long: after a nap it stays awake until
 *           it can tell (looks_for). Work that its own worker comes
 *           to run at once stays there: taking it would cost a hundred times
 *           what running it does, and pull two tasks that exchange items onto
 *           two workers, where each item costs a cache miss.
 *
 *           a deque                   DEQUE_AGE   half of its tasks, or its
 *                                                 oldest job: it was pushed to
 *                                                 be stolen
 *           a ring                    RING_AGE    half of it, once a fiber in
 *                                                 it was not reached for so
 *                                                 long, or for as long there
 *                                                 were some that just yield to
 *                                                 each other
 *           a next slot               NEXT_AGE    looked at first, but left the
 *                                                 longest: it is about to run
 *           It goes on behind the worker from which it took something last: else
 *           it might never come to the others.
 * STATE     `looks` and `stolen_from` belong to the watch, and change hands with
 *           it, under the idle_guard.
 * REJECTED  Taking what is there at the first look: from one worker to two a
 *           ping-pong went from 76 to 644 ns in a runtime that does so.
 */
#include "sched/chaos.h"
#include "sched/worker.h"

/* Longer where a steal takes longer, which is a heavy fence. */
#define DEQUE_AGE fl_patience(FILCH_US(1))
#define RING_AGE fl_patience(FILCH_US(10))
#define NEXT_AGE fl_patience(FILCH_US(20))
#define FEW 2    /* in a deque; one alone is what its worker is about to run */
#define CROWD 64 /* likewise, where the ring comes before them */
#define MOST 32  /* fibers of a ring at once; they lie on the thief's stack */
#define TRIES 16 /* looks at a deque that another helper is at */

static void
count_steal(fl_worker *worker, uint64_t n)
{
    fl_count(&worker->stats.steals);
    fl_store_relaxed(&worker->stats.stolen,
                     fl_load_relaxed(&worker->stats.stolen) + n);
}

/* Takes half of it; all but the oldest go into its own, which is empty. */
static fl_work *
take_from_deque(fl_worker *worker, fl_deque *victim)
{
    void *taken[FL_DEQUE_FIRST];
    uint64_t n = fl_deque_steal(victim, taken, FL_DEQUE_FIRST);
    if (n == 0) {
        return NULL;
    }
    for (uint64_t i = 1; i < n; i++) {
        fl_deque_push(&worker->deque, taken[i]);
    }
    count_steal(worker, n);
    fl_begin_theft(worker, (uint32_t)n);
    return taken[0];
}

/* It may be too soon to tell: the watch naps only when it has looked again, after
 * that time. */
static void
look_on(fl_worker *worker, filch_time age)
{
    worker->looks_for = worker->looks_for > age ? worker->looks_for : age;
}

static fl_work *
look_at_deque(fl_worker *worker, fl_worker *victim, struct fl_look *look,
              filch_time now)
{
    fl_deque *deque = &victim->deque;
    if (fl_deque_size(deque) == 0) {
        look->since = 0;
        return NULL;
    }
    void *top = fl_load_relaxed(&deque->top);
    if (look->since == 0 || look->top != top) {
        /* A tree of tasks, or a crowd, whose oldest its worker begins now and
         * then: they would never stay from one nap to the next. */
        uint64_t least = fl_ready_empty(&victim->ready) ? FEW : CROWD;
        if (fl_deque_size(deque) >= least) {
            look_on(worker, DEQUE_AGE);
        }
        look->top = top;
        look->since = now;
        return NULL;
    }
    if (now - look->since < DEQUE_AGE) {
        return NULL;
    }
    look->since = 0;
    return take_from_deque(worker, deque);
}

static fl_work *
take_from_ring(fl_worker *worker, fl_ready *victim)
{
    fl_fiber *fibers[MOST];
    uint32_t n = fl_ready_steal(victim, fibers, MOST);
    if (n == 0) {
        return NULL;
    }
    for (uint32_t i = 1; i < n; i++) {
        fl_make_ready(worker, fibers[i]);
    }
    count_steal(worker, n);
    return fl_work_of(fibers[0]);
}

static void
note_ring(const fl_ready *victim, struct fl_look *look, filch_time now)
{
    look->tail = fl_load_relaxed(&victim->tail);
    look->yielded = fl_load_relaxed(&victim->yielded);
    look->ring_since = now;
}

static fl_work *
look_at_ring(fl_worker *worker, fl_ready *victim, struct fl_look *look,
             filch_time now)
{
    if (fl_ready_size(victim) == 0) {
        look->ring_since = 0;
        return NULL;
    }
    look_on(worker, RING_AGE);
    if (look->ring_since == 0) {
        note_ring(victim, look, now);
        return NULL;
    }
    if (now - look->ring_since < RING_AGE) {
        return NULL;
    }
    bool reached = (int32_t)(look->tail - fl_load_relaxed(&victim->head)) <= 0;
    bool yields = look->yielded != fl_load_relaxed(&victim->yielded);
    note_ring(victim, look, now);
    return reached && !yields ? NULL : take_from_ring(worker, victim);
}

static fl_work *
take_next(fl_worker *worker, fl_ready *victim)
{
    fl_fiber *fiber = fl_ready_steal_next(victim);
    if (fiber) {
        count_steal(worker, 1);
    }
    return fl_work_of(fiber);
}

static fl_work *
look_at_next(fl_worker *worker, fl_worker *victim, struct fl_look *look,
             filch_time now)
{
    void *next = fl_load_relaxed(&victim->ready.next);
    uint32_t turn = fl_load_relaxed(&victim->turn);
    if (!next || next != look->next || turn != look->turn) {
        look->next = next;
        look->turn = turn;
        look->next_since = now;
        return NULL;
    }
    if (now - look->next_since < NEXT_AGE) {
        return NULL;
    }
    look->next = NULL;
    return take_next(worker, &victim->ready);
}

/* For chaos: something that has not waited, or nothing. */
static fl_work *
take_rashly(fl_worker *worker, fl_worker *victim)
{
    switch (fl_chaos_draw(3)) {
    case 0:
        return take_from_deque(worker, &victim->deque);
    case 1:
        return take_from_ring(worker, &victim->ready);
    default:
        return take_next(worker, &victim->ready);
    }
}

static fl_work *
look_at(fl_worker *worker, fl_worker *victim, filch_time now)
{
    struct fl_look *look = &worker->runtime->looks[victim->index];
    if (fl_chaos_chance(4)) {
        return take_rashly(worker, victim);
    }
    /* first what stands alone: there may be more of all else each time */
    fl_work *work = look_at_next(worker, victim, look, now);
    if (!work) {
        work = look_at_deque(worker, victim, look, now);
    }
    if (!work) {
        work = look_at_ring(worker, &victim->ready, look, now);
    }
    return work;
}

fl_work *
fl_steal_from(fl_worker *worker, fl_worker *victim)
{
    fl_deque *deque = &victim->deque;
    fl_work *work = take_from_deque(worker, deque);
    for (int tries = 0; !work && tries < TRIES && fl_deque_size(deque);
         tries++) {
        fl_guard_wait(&deque->guard); /* another helper has it for 10 us */
        work = take_from_deque(worker, deque);
    }
    return work;
}

fl_work *
fl_steal(fl_worker *worker, fl_worker **victim)
{
    filch_runtime *runtime = worker->runtime;
    filch_time now = fl_os_now();
    unsigned first = runtime->stolen_from + 1;
    for (unsigned i = 0; i < runtime->count; i++) {
        unsigned at = (first + i) % runtime->count;
        fl_worker *one = &runtime->workers[at];
        fl_work *work = one == worker ? NULL : look_at(worker, one, now);
        if (work) {
            runtime->stolen_from = at;
            *victim = one;
            return work;
        }
    }
    return NULL;
}
