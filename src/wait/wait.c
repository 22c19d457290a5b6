#include "wait/wait.h"

#include "os/chaos.h"
#include "sched/aside.h"
#include "sched/clock.h"

#include <errno.h>

/* ---- lists ---- */

static void
prepend(fl_waiter *waiter, filch_waiters_ *list)
{
    waiter->previous = NULL;
    waiter->next = list->first_;
    if (waiter->next) {
        waiter->next->previous = waiter;
    } else {
        list->last_ = waiter;
    }
    list->first_ = waiter;
    waiter->list = list;
}

void
fl_take_out(fl_waiter *waiter)
{
    filch_waiters_ *list = waiter->list;
    fl_assume(list);
    fl_assert_in(fl_guard_of(waiter));
    fl_assert(waiter->previous ? waiter->previous->next == waiter
                               : list->first_ == waiter);
    fl_assert(waiter->next ? waiter->next->previous == waiter
                           : list->last_ == waiter);
    if (waiter->previous) {
        waiter->previous->next = waiter->next;
    } else {
        list->first_ = waiter->next;
    }
    if (waiter->next) {
        waiter->next->previous = waiter->previous;
    } else {
        list->last_ = waiter->previous;
    }
    waiter->list = NULL;
}

void
fl_enlist(fl_waiter *waiter, fl_atomic32 *guard, filch_waiters_ *list)
{
    fl_store_relaxed(&waiter->guard, guard);
    fl_append(waiter, list);
}

void
fl_delist(fl_waiter *waiter)
{
    fl_atomic32 *guard = fl_guard_of(waiter);
    fl_enter_word(guard);
    if (waiter->list) {
        fl_take_out(waiter);
    }
    fl_leave_word(guard);
}

/* ---- granting ---- */

/* The fiber is in the lists of several objects, and of its own guard only is
 * sure that it is dropped once it has parked. */
static void
await_parked(const fl_fiber *fiber)
{
    fl_atomic32 *guard = fl_guard_of(&fiber->waiter);
    fl_enter_word(guard);
    fl_leave_word(guard);
}

FL_NOINLINE bool
fl_grant_special(fl_waiter *waiter)
{
    if (waiter->traits & FL_PASSED_ON) {
        return true; /* it was decided when it was granted the first time */
    }
    fl_fiber *fiber = fl_waiter_fiber(waiter);
    if (fl_add_seq_cst(&fiber->waiter.left, (uint32_t)-1) != 1 ||
        !fl_decide(fiber, FL_GRANTED)) { /* R3 */
        return false;
    }
    fl_chaos();
    await_parked(fiber);
    return true;
}

bool
fl_grant_one(fl_waiter *waiter)
{
    fl_take_out(waiter);
    if (fl_unlikely(waiter->traits)) {
        return fl_grant_special(waiter);
    }
    if (fl_likely(fl_grant_to(fl_waiter_fiber(waiter), false))) {
        return true; /* R3 */
    }
    fl_pass_over(waiter);
    return false;
}

FL_NOINLINE fl_waiter *
fl_grant_disputed(filch_waiters_ *list, fl_waiter *waiter)
{
    if (fl_let(fl_waiter_fiber(waiter))) {
        return waiter;
    }
    fl_pass_over(waiter);
    return fl_grant(list);
}

static fl_waiter *
grant_last(filch_waiters_ *list)
{
    fl_waiter *waiter;
    while ((waiter = list->last_) && !fl_grant_one(waiter)) {
    }
    return waiter;
}

/* From both ends at once: where the next one is, only the one before it tells, or
 * the one behind it, and so the CPU has two to wait for at a time. */
void
fl_grant_all(filch_waiters_ *list, fl_chain *chain)
{
    fl_chain_end end;
    end.chain = (fl_chain){0};
    fl_waiter *first;
    while ((first = fl_grant(list))) {
        fl_chain_add(chain, fl_waiter_fiber(first));
        fl_waiter *last = grant_last(list);
        if (!last) {
            break;
        }
        fl_chain_prepend(&end, fl_waiter_fiber(last));
    }
    fl_chain_join(chain, &end.chain);
}

/* ---- waiting ---- */

FL_NOINLINE int
fl_may_not_wait(fl_fiber *me)
{
    if (me->barred) {
        return EDEADLK;
    }
    if (me->shield) {
        return 0;
    }
    (void)fl_load_acquire(&me->state); /* what C1 of cancel.c has released */
    fl_tsan_acquire(&me->state);
    fl_yield(me, me->worker);
    return ECANCELED;
}

/* Ends a wait that a timeout or a cancel has decided. */
static void
abort_wait(fl_fiber *fiber)
{
    fl_tsan_acquire(&fiber->waiter);
    fl_chaos();
    fl_give_up(fiber);
    fl_chaos();
    fl_resume(fiber);
}

static void
time_out(void *fiber)
{
    fl_aside aside = fl_aside_begin();
    abort_wait(fiber);
    fl_aside_end(aside);
}

__attribute__((constructor)) static void
begin(void)
{
    fl_abort_wait[0] = abort_wait; /* who cancels stands a floor below */
}

/* A3: whether the fiber waits now; false: a cancel came first. */
static bool
begin_waiting(fl_fiber *me)
{
    bool sheltered = me->shield;
    uint32_t phase = sheltered ? FL_SHELTERED : FL_CONTESTED;
    fl_chaos();
    /* in order with granted_before, too */
    fl_exchange_seq_cst(&me->waiter.phase, fl_next_phase(me, phase));
    fl_chaos();
    return sheltered || !(fl_load_seq_cst(&me->state) & FL_CANCEL) ||
           !fl_decide(me, FL_RUNNING);
}

/* A4 and A5. */
static inline int
suspend(fl_fiber *me, fl_atomic32 *held, void **handed)
{
#if FL_TSAN
    fl_suspend_guarded(me, held, NULL);
    return fl_outcome_in(me, handed); /* where the sanitizer sees the store */
#else
    return fl_suspend_guarded(me, held, handed);
#endif
}

/* The same; the wait has begun. */
static int
wait_as_fiber(fl_fiber *me, fl_atomic32 *held, filch_time deadline,
              void **handed)
{
    fl_worker *worker = me->worker;
    filch_timer timeout;
    if (deadline != FILCH_NEVER) {
        fl_timer_arm(worker, &timeout, deadline, FL_TIMEOUT, time_out, me);
        if (!fl_ready_empty(&worker->ready) || fl_deque_size(&worker->deque)) {
            /* else this worker is idle soon, and sees the timer itself */
            fl_timer_armed(worker, deadline);
        }
    }
    fl_chaos();
    int error = suspend(me, held, handed);
    fl_chaos();
    if (deadline != FILCH_NEVER) {
        fl_timer_disarm(&timeout);
    }
    return error;
}

/* The same on a futex. */
static int
wait_as_thread(fl_fiber *me, fl_atomic32 *held, filch_time deadline,
               void **handed)
{
    fl_thread_fiber *thread = fl_container(me, fl_thread_fiber, fiber);
    fl_chaos();
    fl_leave_by(held);
    while (!fl_load_acquire(&thread->go)) {
        if (fl_os_wait(&thread->go, 0, deadline) != ETIMEDOUT) {
            continue;
        }
        fl_chaos();
        if (fl_decide(me, FL_TIMED_OUT)) {
            fl_chaos();
            fl_give_up(me);
            return ETIMEDOUT;
        }
        deadline = FILCH_NEVER; /* granted: it is let go on any moment */
    }
    fl_tsan_acquire(me);
    return fl_outcome_in(me, handed);
}

/* Why the fiber cannot wait, 0 if it can. */
static int
refusal(fl_fiber *me, filch_time deadline)
{
    if (deadline != FILCH_NEVER && deadline <= fl_now()) {
        return ETIMEDOUT;
    }
    if (me->kind == FL_THREAD) {
        fl_thread_fiber *thread = fl_container(me, fl_thread_fiber, fiber);
        if (deadline == FILCH_NEVER && fl_os_forked()) {
            return ENOTSUP; /* there is nobody to end the wait */
        }
        fl_store_relaxed(&thread->go, 0u);
    } else if (!fl_spare(me->worker)) {
        return ENOMEM;
    }
    return begin_waiting(me) ? 0 : ECANCELED; /* A3 */
}

/* Whether the grants that it waits for had all come before A3: then nobody
 * has decided its wait, and it does so itself. */
static bool
granted_before(fl_fiber *me, const fl_waiter *waiter)
{
    return (waiter->traits & FL_COUNTS) &&
           (int32_t)fl_load_seq_cst(&waiter->left) <= 0 &&
           fl_decide(me, FL_GRANTED);
}

static FL_NOINLINE int
wait_slowly(fl_fiber *me, fl_atomic32 *held, void **handed, filch_time deadline)
{
    fl_waiter *waiter = &me->waiter;
    int error = refusal(me, deadline);
    if (fl_unlikely(error || granted_before(me, waiter))) {
        if (waiter->list) {
            fl_take_out(waiter);
        }
        fl_leave_by(held);
        return error;
    }
    return me->kind == FL_THREAD ? wait_as_thread(me, held, deadline, handed)
                                 : wait_as_fiber(me, held, deadline, handed);
}

/* A cancel has come at A3. */
static FL_NOINLINE int
wait_cancelled(fl_fiber *me, fl_atomic32 *held, void **handed)
{
    return fl_wait_anyway(me, fl_load_relaxed(&me->waiter.phase))
               ? suspend(me, held, handed)
               : wait_slowly(me, held, handed, FILCH_NEVER);
}

static inline int
wait_plainly(fl_fiber *me, fl_atomic32 *held, void **handed)
{
    if (fl_unlikely(!fl_begin_plainly(me, fl_next_phase(me, FL_WAITING),
                                      false))) { /* A3 */
        return wait_cancelled(me, held, handed);
    }
    return suspend(me, held, handed);
}

/* There is no stack at hand to go on with. */
static FL_NOINLINE int
wait_with_another(fl_fiber *me, fl_atomic32 *held, void **handed)
{
    return fl_spare(me->worker) ? wait_plainly(me, held, handed)
                                : wait_slowly(me, held, handed, FILCH_NEVER);
}

static inline int
wait_linked(fl_fiber *me, fl_atomic32 *held, void **handed, filch_time deadline)
{
    fl_assert(me->waiter.traits == 0);
    bool plain = me->manner == 0 && deadline == FILCH_NEVER;
    if (fl_unlikely(!plain || fl_is_cancelled(me))) {
        return wait_slowly(me, held, handed, deadline);
    }
    return fl_likely(me->worker->stacks.items)
               ? wait_plainly(me, held, handed)
               : wait_with_another(me, held, handed);
}

static FL_NOINLINE int
wait_in_chaos(fl_fiber *me, fl_atomic32 *held, void **handed,
              filch_time deadline)
{
    fl_chaos();
    return wait_linked(me, held, handed, deadline);
}

/* Called with the guard held. */
static inline void
set_guard(fl_fiber *me, fl_atomic32 *guard)
{
    fl_assert_in(guard);
    fl_assert(me == fl_me() && me->kind != FL_LOOP && !me->barred);
    fl_store_relaxed(&me->waiter.guard, guard);
    fl_tsan_release(&me->waiter); /* to who may end the wait: A3 is hidden */
}

/* The usual wait calls nothing, unless as its last act. */
int
fl_wait_linked(fl_fiber *me, fl_atomic32 *held, void **handed,
               fl_atomic32 *guard, filch_time deadline)
{
    set_guard(me, guard);
    return fl_unlikely(fl_chaos_on) ? wait_in_chaos(me, held, handed, deadline)
                                    : wait_linked(me, held, handed, deadline);
}

/* It is shielded, or a cancel has come at A3. */
static FL_NOINLINE int
resume_and_wait(fl_fiber *me, fl_atomic32 *held, fl_fiber *next)
{
    fl_resume_by(me, next);
    return me->manner == 0 ? wait_cancelled(me, held, NULL)
                           : wait_slowly(me, held, NULL, FILCH_NEVER);
}

int
fl_wait_onward_linked(fl_fiber *me, fl_atomic32 *held, fl_fiber *next,
                      fl_atomic32 *guard)
{
    set_guard(me, guard);
    if (fl_unlikely(me->manner != 0) ||
        fl_unlikely(!fl_begin_plainly(me, fl_next_phase(me, FL_WAITING),
                                      true))) { /* A3 */
        return resume_and_wait(me, held, next);
    }
    return fl_suspend_onward(me, held, next);
}

int
fl_wait_apart(fl_fiber *me, fl_atomic32 *guard, filch_time deadline)
{
    set_guard(me, guard);
    fl_chaos();
    return wait_slowly(me, guard, NULL, deadline);
}

int
fl_wait_first(fl_fiber *me, fl_atomic32 *guard, filch_waiters_ *list,
              filch_time deadline)
{
    prepend(&me->waiter, list);
    return fl_wait_linked(me, fl_exit_of(guard), NULL, guard, deadline);
}
