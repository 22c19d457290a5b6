#include "sched/timer.h"

#include "os/chaos.h"
#include "sched/clock.h"
#include "sched/worker.h"

#include <errno.h>
#include <stdlib.h>

#define AT_ONCE 16 /* timeouts under one guard */

static fl_atomic_ptr all_timers; /* the newest first */

static fl_timers *
make_timers(void)
{
    fl_timers *timers = calloc(1, sizeof *timers);
    if (!timers) {
        return NULL;
    }
    timers->used = 1;
    timers->earliest = timers->early = (uint64_t)FILCH_NEVER;
    void *first = fl_load_relaxed(&all_timers);
    do {
        timers->next = first;
    } while (!fl_cas_acq_rel(&all_timers, &first, (void *)timers));
    return timers;
}

int
fl_timers_get(fl_timers **timers)
{
    fl_timers *one = fl_load_acquire(&all_timers);
    for (; one; one = one->next) {
        uint32_t unused = 0;
        if (fl_cas_acq_rel(&one->used, &unused, 1u)) {
            break;
        }
    }
    *timers = one ? one : make_timers();
    if (!*timers) {
        return ENOMEM;
    }
    (*timers)->wheel.exact = false;
    (*timers)->round_at =
        0; /* the last run's may have been virtual, far ahead */
    return 0;
}

/* Takes a timer out. Called with the guard. */
static void
take_out(fl_timers *timers, filch_timer *timer)
{
    fl_wheel_take(&timers->wheel, timer);
    timer->kind_ = FL_TIMER_IDLE;
    fl_store_release((fl_atomic_ptr *)&timer->heap_, (void *)NULL);
}

static void
publish_earliest(fl_timers *timers)
{
    filch_time first = fl_wheel_bound(&timers->wheel);
    filch_time early = fl_wheel_early(&timers->wheel);
    if ((filch_time)fl_load_relaxed(&timers->early) != early) {
        fl_store_relaxed(&timers->early, (uint64_t)early);
    }
    if ((filch_time)fl_load_relaxed(&timers->earliest) != first) {
        /* see idle.c */
        fl_exchange_seq_cst(&timers->earliest, (uint64_t)first);
    }
}

/* Takes possession of a timer; false if it is armed. */
static bool
possess(fl_timers *timers, filch_timer *timer, enum fl_timer_kind kind)
{
    fl_atomic_ptr *heap = (fl_atomic_ptr *)&timer->heap_;
    void *none = NULL;
    if (kind == FL_TIMEOUT) {
        fl_store_relaxed(heap, (void *)timers);
        return true;
    }
    return fl_cas_acq_rel(heap, &none, (void *)timers);
}

int
fl_timer_arm(fl_worker *worker, filch_timer *timer, filch_time deadline,
             enum fl_timer_kind kind, void (*fn)(void *), void *arg)
{
    fl_timers *timers = worker->timers;
    if (!possess(timers, timer, kind)) {
        return EBUSY;
    }
    timer->deadline_ = deadline;
    timer->fn_ = fn;
    timer->arg_ = arg;
    if (kind != FL_TIMEOUT) {
        fl_tsan_release(timers); /* armed before it is called */
    }
    fl_guard_lock(&timers->guard);
    timer->kind_ = kind;
    fl_wheel_put(&timers->wheel, timer, worker->polled);
    publish_earliest(timers);
    fl_guard_unlock(&timers->guard);
    return 0;
}

/* Takes it out of those, if it is there. *elsewhere: it is armed among others,
 * by its callback, which ran meanwhile. */
static bool
disarm_among(fl_timers *timers, filch_timer *timer, bool *elsewhere)
{
    fl_guard_lock(&timers->guard);
    void *there = fl_load_acquire((fl_atomic_ptr *)&timer->heap_);
    bool armed = there == timers && timer->kind_ != FL_TIMER_IDLE;
    if (armed) {
        take_out(timers, timer);
        publish_earliest(timers);
    }
    fl_guard_unlock(&timers->guard);
    *elsewhere = there && there != timers;
    return armed;
}

bool
fl_timer_disarm(filch_timer *timer)
{
    bool was_armed = false, elsewhere = true;
    while (elsewhere) {
        fl_timers *timers = fl_load_acquire((fl_atomic_ptr *)&timer->heap_);
        if (!timers) {
            break;
        }
        fl_chaos();
        was_armed = disarm_among(timers, timer, &elsewhere);
    }
    return was_armed;
}

/* One that goes off: what is needed once the timer may be gone. */
struct due {
    void (*fn)(void *arg);
    void *arg;
    filch_timer *owned; /* to be freed, or NULL */
};

/* Those that go off together, to take the guard once for all: one callback, or
 * some timeouts. */
struct batch {
    unsigned n;
    bool callback;
    bool refused; /* the callback has not begun, and is armed still */
    struct due due[AT_ONCE];
};

/* Announces a callback, unless the run is at its end, which sees either that it
 * runs, or that none begins any more; that may be for a moment only. */
static bool
begin_call(fl_worker *worker, filch_timer *timer)
{
    fl_exchange_seq_cst(&worker->timers->running, (void *)timer);
    fl_chaos();
    return !fl_load_seq_cst(&worker->runtime->closing);
}

/* Called with the guard, as are those below. */
static void
take_callback(fl_worker *worker, fl_timers *timers, filch_timer *timer,
              struct batch *batch)
{
    bool owned = timer->kind_ == FL_TIMER_OWNED;
    batch->callback = true;
    /* before it is taken out: see filch_timer_cancel_wait */
    batch->refused = !begin_call(worker, timer);
    if (fl_unlikely(batch->refused)) {
        return;
    }
    batch->due[batch->n++] =
        (struct due){timer->fn_, timer->arg_, owned ? timer : NULL};
    fl_atomic64 *gone = (fl_atomic64 *)&timer->gone_;
    fl_store_release(gone, fl_load_relaxed(gone) + 1);
    take_out(timers, timer);
}

static void
take_timeout(fl_timers *timers, filch_timer *timer, struct batch *batch)
{
    fl_fiber *fiber = timer->arg_;
    /* else somebody was faster, and resumes the fiber */
    if (fl_decide(fiber, FL_TIMED_OUT)) {
        /* the CPU is to fetch the guard, which fn enters */
        __builtin_prefetch(fl_load_relaxed(&fiber->waiter.guard));
        batch->due[batch->n++] =
            (struct due){timer->fn_, timer->arg_, .owned = NULL};
    }
    fl_chaos();
    /* last: until then the fiber, if it runs on, finds the timer armed, and
     * waits for the guard; afterwards it may wait for something else */
    take_out(timers, timer);
}

static void
begin_round(fl_timers *timers, filch_time now)
{
    timers->round = timers->wheel.order;
    timers->round_at = now;
}

/* The first of the round. Those that are too new are put aside. */
static filch_timer *
first_due(fl_timers *timers, filch_timer **aside)
{
    filch_timer *timer;
    while ((timer = fl_wheel_first(&timers->wheel, timers->round_at)) &&
           timer->order_ >= timers->round) {
        fl_wheel_take(&timers->wheel, timer);
        timer->sibling_ = *aside;
        *aside = timer;
    }
    return timer;
}

static void
put_back(fl_timers *timers, filch_timer *aside)
{
    while (aside) {
        filch_timer *timer = aside;
        aside = timer->sibling_;
        fl_wheel_put_back(&timers->wheel, timer);
    }
}

/* Takes out the first of the round; false if there is none. */
static bool
take_due(fl_worker *worker, fl_timers *timers, struct batch *batch)
{
    /* what goes off next is a decision in a seeded run */
    unsigned most = worker->runtime->seeded ? 1 : AT_ONCE;
    filch_timer *aside = NULL;
    bool any = false;
    *batch = (struct batch){0};
    for (unsigned looks = 0; looks < most; looks++) {
        filch_timer *timer = first_due(timers, &aside);
        if (!timer || (any && timer->kind_ != FL_TIMEOUT)) {
            break;
        }
        any = true;
        if (timer->kind_ != FL_TIMEOUT) {
            take_callback(worker, timers, timer, batch);
            break;
        }
        take_timeout(timers, timer, batch);
    }
    put_back(timers, aside);
    return any;
}

/* The callback has ended: whoever waits for that goes on. */
static void
end_call(fl_timers *timers)
{
    fl_tsan_release(&timers->running);
    fl_store_release(&timers->running, (void *)NULL);
    fl_chaos();
    fl_guard_lock(&timers->end_guard);
    void (*on_end)(fl_timers *) =
        timers->waiters.first_ ? timers->on_end : NULL;
    fl_guard_unlock(&timers->end_guard);
    if (on_end) {
        on_end(timers);
    }
}

static void
go_off(fl_worker *worker, const struct due *due)
{
    fl_chaos();
    fl_count(&worker->stats.timers);
    fl_tsan_acquire(worker->stack->base);
    due->fn(due->arg);
    fl_tsan_release(worker->stack->base);
}

/* Who may not suspend. */
static void
run_callback(fl_worker *worker, const struct due *due)
{
    free(due->owned);
    const fl_fiber *me = fl_me();
    uint32_t forked = me->forked;
    fl_bar bar = fl_bar_begin();
    go_off(worker, due);
    if (fl_unlikely(fl_me() != me)) {
        fl_fatal("a forked child returned from its callback: it may only call "
                 "exec or _exit");
    }
    if (fl_unlikely(me->forked != forked)) {
        fl_fatal("a callback ended with a forked job that it had not synced");
    }
    fl_bar_end(bar);
}

/* Lets them go off; called with the guard free. */
static void
all_go_off(fl_worker *worker, fl_timers *timers, const struct batch *batch)
{
    if (batch->callback) {
        fl_tsan_acquire(timers);
        if (!batch->refused) {
            run_callback(worker, &batch->due[0]);
        }
        end_call(worker->timers);
        return;
    }
    for (unsigned i = 0; i < batch->n; i++) {
        go_off(worker, &batch->due[i]);
    }
}

/* How many have been made ready; a callback may wake any number, or nobody. */
static uint32_t
count_woken(const fl_ready *ready, uint32_t before, const struct batch *batch)
{
    uint32_t size = fl_ready_size(ready);
    if (!batch->callback) {
        return batch->n;
    }
    return size > before ? size - before : size == FL_READY;
}

bool
fl_timers_run(fl_worker *worker, fl_timers *timers)
{
    filch_time now = fl_now_of(worker->runtime);
    const fl_ready *ready = &worker->ready;
    uint32_t woken = 0, before;
    bool any = false, begun = false;
    struct batch batch;
    while (fl_timers_earliest(timers) <= now &&
           ((before = fl_ready_size(ready)) < FL_TIMERS_ENOUGH ||
            woken < FL_TIMERS_LEAST)) {
        fl_guard_lock(&timers->guard);
        bool some = take_due(worker, timers, &batch);
        if (!some && !begun) { /* one only: callbacks may arm without end */
            begun = true;
            begin_round(timers, now);
            some = take_due(worker, timers, &batch);
        }
        publish_earliest(timers);
        fl_guard_unlock(&timers->guard);
        if (!some) {
            break;
        }
        all_go_off(worker, timers, &batch);
        any = true;
        woken += count_woken(ready, before, &batch);
        if (batch.refused || worker->runtime->seeded) {
            break;
        }
    }
    return any;
}

bool
fl_timers_tend(fl_worker *worker, filch_time now, bool may_run)
{
    fl_timers *timers = worker->timers;
    bool any = may_run && fl_timers_earliest(timers) <= now &&
               fl_timers_run(worker, timers);
    if (fl_timers_early(timers) <= now) {
        fl_guard_lock(&timers->guard);
        fl_wheel_prepare(&timers->wheel, now);
        publish_earliest(timers);
        fl_guard_unlock(&timers->guard);
    }
    return any;
}

bool
fl_timers_any_due(fl_timers *timers, filch_time now)
{
    fl_guard_lock(&timers->guard);
    bool any = fl_wheel_first(&timers->wheel, now);
    publish_earliest(timers);
    fl_guard_unlock(&timers->guard);
    return any;
}

fl_timers *
fl_timer_runner(filch_timer *timer)
{
    fl_timers *one = fl_load_acquire(&all_timers);
    while (one && fl_load_acquire(&one->running) != (void *)timer) {
        fl_tsan_acquire(&one->running); /* it may have been this one's */
        one = one->next;
    }
    return one;
}

void
fl_timers_put(fl_timers *timers)
{
    filch_timer *timer;
    fl_guard_lock(&timers->guard);
    while ((timer = fl_wheel_first(&timers->wheel, FILCH_NEVER))) {
        bool owned = timer->kind_ == FL_TIMER_OWNED;
        take_out(timers, timer);
        if (owned) {
            free(timer);
        }
    }
    publish_earliest(timers);
    fl_guard_unlock(&timers->guard);
    fl_store_release(&timers->used, 0u);
}
