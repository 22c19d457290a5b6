#include "sched/timer.h"

#include "os/chaos.h"
#include "sched/clock.h"
#include "sched/worker.h"

#include <errno.h>
#include <stdlib.h>

static fl_atomic_ptr heaps; /* all there are, the newest first */

static fl_timers *
make_heap(void)
{
    fl_timers *timers = calloc(1, sizeof *timers);
    if (!timers) {
        return NULL;
    }
    timers->used = 1;
    timers->earliest = (uint64_t)FILCH_NEVER;
    void *first = fl_load_relaxed(&heaps);
    do {
        timers->next = first;
    } while (!fl_cas_acq_rel(&heaps, &first, (void *)timers));
    return timers;
}

int
fl_timers_get(fl_timers **timers)
{
    fl_timers *heap = fl_load_acquire(&heaps);
    for (; heap; heap = heap->next) {
        uint32_t unused = 0;
        if (fl_cas_acq_rel(&heap->used, &unused, 1u)) {
            break;
        }
    }
    *timers = heap ? heap : make_heap();
    return *timers ? 0 : ENOMEM;
}

static bool
before(const filch_timer *a, const filch_timer *b)
{
    return a->deadline_ < b->deadline_ ||
           (a->deadline_ == b->deadline_ && a->order_ < b->order_);
}

/* Makes one heap of two, either of which may be empty. */
static filch_timer *
meld(filch_timer *a, filch_timer *b)
{
    if (!a || !b) {
        return a ? a : b;
    }
    if (before(b, a)) {
        filch_timer *swap = a;
        a = b;
        b = swap;
    }
    b->sibling_ = a->child_;
    if (a->child_) {
        a->child_->previous_ = b;
    }
    b->previous_ = a; /* the parent, of a first child */
    a->child_ = b;
    return a;
}

/* Makes one heap of a list of siblings: pairs from the left, then all. */
static filch_timer *
meld_siblings(filch_timer *first)
{
    filch_timer *pairs = NULL;
    while (first) {
        filch_timer *a = first, *b = first->sibling_;
        first = b ? b->sibling_ : NULL;
        a->sibling_ = a->previous_ = NULL;
        if (b) {
            b->sibling_ = b->previous_ = NULL;
        }
        a = meld(a, b);
        a->sibling_ = pairs; /* a list again, backwards */
        pairs = a;
    }
    filch_timer *root = NULL;
    while (pairs) {
        filch_timer *next = pairs->sibling_;
        pairs->sibling_ = NULL;
        root = meld(root, pairs);
        pairs = next;
    }
    return root;
}

/* Takes a timer out of its heap. Called with the guard. */
static void
take_out(fl_timers *timers, filch_timer *timer)
{
    filch_timer *rest = meld_siblings(timer->child_);
    if (timer == timers->root) {
        timers->root = rest;
    } else {
        if (timer->previous_->child_ == timer) {
            timer->previous_->child_ = timer->sibling_;
        } else {
            timer->previous_->sibling_ = timer->sibling_;
        }
        if (timer->sibling_) {
            timer->sibling_->previous_ = timer->previous_;
        }
        timers->root = meld(timers->root, rest);
    }
    timer->child_ = timer->sibling_ = timer->previous_ = NULL;
    timer->kind_ = FL_TIMER_IDLE;
    fl_store_release((fl_atomic_ptr *)&timer->heap_, (void *)NULL);
}

static void
publish_earliest(fl_timers *timers)
{
    filch_time first = timers->root ? timers->root->deadline_ : FILCH_NEVER;
    if ((filch_time)fl_load_relaxed(&timers->earliest) != first) {
        fl_exchange_seq_cst(&timers->earliest, (uint64_t)first); /* see idle.c */
    }
}

int
fl_timer_arm(fl_timers *timers, filch_timer *timer, filch_time deadline,
             enum fl_timer_kind kind, void (*fn)(void *), void *arg)
{
    void *none = NULL;
    if (!fl_cas_acq_rel((fl_atomic_ptr *)&timer->heap_, &none,
                        (void *)timers)) {
        return EBUSY;
    }
    timer->deadline_ = deadline;
    timer->fn_ = fn;
    timer->arg_ = arg;
    timer->child_ = timer->sibling_ = timer->previous_ = NULL;
    if (kind != FL_TIMEOUT) {
        fl_tsan_release(timers); /* armed before it is called */
    }
    fl_guard_lock(&timers->guard);
    timer->kind_ = kind;
    timer->order_ = timers->order++;
    timers->root = meld(timers->root, timer);
    publish_earliest(timers);
    fl_guard_unlock(&timers->guard);
    return 0;
}

bool
fl_timer_disarm(filch_timer *timer)
{
    bool was_armed = false;
    fl_timers *timers = fl_load_acquire((fl_atomic_ptr *)&timer->heap_);
    if (!timers) {
        return false;
    }
    fl_chaos();
    fl_guard_lock(&timers->guard);
    if (timer->heap_ == timers && timer->kind_ != FL_TIMER_IDLE) {
        take_out(timers, timer);
        publish_earliest(timers);
        was_armed = true;
    }
    fl_guard_unlock(&timers->guard);
    return was_armed;
}

/* A callback that has begun: what is needed once the timer may be gone. */
struct due {
    void (*fn)(void *arg);
    void *arg;
    filch_timer *owned; /* to be freed, or NULL */
    enum fl_timer_kind kind;
    bool refused; /* it has not begun, and is in the heap still */
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

/* Takes out the first that is due; called with the guard. */
static bool
take_due(fl_worker *worker, fl_timers *timers, filch_time now, uint64_t newest,
         struct due *due)
{
    filch_timer *timer = timers->root;
    if (!timer || timer->deadline_ > now || timer->order_ >= newest) {
        return false;
    }
    due->fn = timer->fn_;
    due->arg = timer->arg_;
    due->kind = timer->kind_;
    due->owned = due->kind == FL_TIMER_OWNED ? timer : NULL;
    /* before it leaves the heap: see filch_timer_cancel_wait */
    due->refused = due->kind != FL_TIMEOUT && !begin_call(worker, timer);
    if (fl_unlikely(due->refused)) {
        due->fn = NULL;
        due->owned = NULL;
        return true;
    }
    if (due->kind == FL_TIMEOUT && !fl_decide(due->arg, FL_TIMED_OUT)) {
        due->fn = NULL; /* somebody was faster, and resumes the fiber */
    }
    fl_chaos();
    /* last: until then the fiber, if it runs on, finds the timer armed, and
     * waits for the guard; afterwards it may wait for something else */
    take_out(timers, timer);
    return true;
}

/* The callback has ended: whoever waits for that goes on. */
static void
end_call(fl_timers *timers)
{
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

/* Lets one go off; called with the guard free. */
static void
go_off(fl_worker *worker, fl_timers *timers, struct due *due)
{
    if (due->kind != FL_TIMEOUT) {
        fl_tsan_acquire(timers);
    }
    free(due->owned);
    if (due->fn) {
        fl_chaos();
        fl_count(&worker->stats.timers);
        fl_tsan_acquire(worker->stack->base);
        due->fn(due->arg);
        fl_tsan_release(worker->stack->base);
    }
    if (due->kind != FL_TIMEOUT) {
        end_call(worker->timers);
    }
}

bool
fl_timers_run(fl_worker *worker, fl_timers *timers)
{
    filch_time now = fl_now_of(worker->runtime);
    bool any = false;
    uint64_t newest = 0;
    struct due due;
    while (fl_timers_earliest(timers) <= now) {
        fl_guard_lock(&timers->guard);
        if (!any) {
            newest = timers->order; /* what is armed now has its turn later */
        }
        bool one = take_due(worker, timers, now, newest, &due);
        if (one) {
            publish_earliest(timers);
        }
        fl_guard_unlock(&timers->guard);
        if (!one) {
            break;
        }
        go_off(worker, timers, &due);
        any = true;
        if (due.refused || worker->runtime->seeded) {
            break; /* what goes off next is a decision in a seeded run */
        }
    }
    return any;
}

fl_timers *
fl_timer_runner(filch_timer *timer)
{
    fl_timers *heap = fl_load_acquire(&heaps);
    while (heap && fl_load_acquire(&heap->running) != (void *)timer) {
        heap = heap->next;
    }
    return heap;
}

void
fl_timers_put(fl_timers *timers)
{
    fl_guard_lock(&timers->guard);
    while (timers->root) {
        filch_timer *timer = timers->root;
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
