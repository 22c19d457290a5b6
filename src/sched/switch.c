#include "sched/switch.h"
#include "sched/chores.h"
#include "sched/resume.h"

/* ---- suspension ---- */

/* (Not inlined: what that call must keep would make each parked frame larger.) */
FL_NOINLINE fl_worker *
fl_do_after(fl_worker *worker, fl_stack *here)
{
    void (*after)(void *) = worker->after;
    worker->after = NULL;
    worker->stack = here; /* should it overflow */
    fl_chaos();
    after(worker->after_arg); /* A3 */
    return worker;
}

/* The number of the next turn; of one with chores too, if these are only to read the
 * clock; 0: go by the loop. (Who waits may hold an object's guard meanwhile; but that
 * is no system call, unless the machine has no other clock.) */
static uint32_t
turn_at_once(fl_worker *worker)
{
    uint32_t turn = fl_free_turn(worker);
    if (turn || worker->owed || fl_ready_empty(&worker->ready)) {
        return turn;
    }
    return fl_chores_at_once(worker);
}

/* The next of the woken fibers, in that turn; NULL if there is none, or if something
 * else is to be done first (0). `here`: see fl_take_ready. */
static inline __attribute__((always_inline)) fl_fiber *
next_ready(fl_worker *worker, uint32_t turn, bool here)
{
    fl_fiber *next = fl_likely(turn) ? fl_take_ready(worker, here) : NULL;
    if (fl_likely(next)) {
        fl_begin_turn(worker, turn);
    }
    return next;
}

/* Parks the fiber, the worker going on with the context `to` (see fl_jump), until
 * it is resumed; itself again. The guard is dropped once it is parked; or, if that
 * is NULL, what the worker was told is done then. Inlined, so that the registers
 * are saved once, in one frame. */
static inline __attribute__((always_inline)) fl_fiber *
park_for(fl_fiber *me, fl_worker *worker, void *to, void *value,
         fl_stack *stack, fl_atomic32 *guard, int error)
{
    fl_assert(me->worker == worker);
    fl_assert(me->kind == FL_TASK || me->kind == FL_JOB);
    fl_stack *here = worker->stack;
#if FL_ASAN
    me->stack = here;
#endif
    fl_count(&worker->stats.switches); /* beside the turn */
    fl_tsan_be(&worker->loop);
    fl_handed handed = fl_jump(worker, &me->sp, to, value, stack, guard);
    return fl_go_on(me, handed, here, error);
}

/* The same with a fiber that is parked. */
static inline __attribute__((always_inline)) fl_fiber *
park_for_fiber(fl_fiber *me, fl_worker *worker, fl_fiber *next,
               fl_atomic32 *guard)
{
    int error = *worker->errno_at;
    return park_for(me, worker, next->sp, fl_handed_to(next, worker),
                    fl_parked_on(next), guard, error);
}

/* The same with a fiber, or by way of the loop, if that has not begun, or is
 * NULL. */
static inline __attribute__((always_inline)) fl_fiber *
park(fl_fiber *me, fl_worker *worker, fl_fiber *next, fl_atomic32 *guard)
{
    if (fl_likely(next && next->sp)) {
        return park_for_fiber(me, worker, next, guard);
    }
    int error = *worker->errno_at;
    worker->pending = fl_work_of(next);
    fl_tsan_be(&worker->loop); /* who will be on that stack */
    fl_stack *spare = fl_take_spare(worker);
    return park_for(me, worker, spare->sp, worker, spare, guard, error);
}

void
fl_suspend(fl_fiber *me, void (*after)(void *arg), void *arg)
{
    fl_worker *worker = me->worker;
    worker->after = after;
    worker->after_arg = arg;
    park(me, worker, next_ready(worker, turn_at_once(worker), false), NULL);
}

void
fl_suspend_into(fl_fiber *me, void (*after)(void *me), fl_fiber *next)
{
    fl_worker *worker = me->worker;
    worker->after = after;
    worker->after_arg = me;
    park(me, worker, next, NULL);
}

/* `here`: the worker was found by fl_here. */
static inline __attribute__((always_inline)) int
suspend_on(fl_worker *worker, fl_fiber *me, void *guard, void **handed,
           uint32_t turn, bool here)
{
    fl_tsan_release(
        guard); /* in the eyes of the sanitizer it is dropped here */
    me = park(me, worker, next_ready(worker, turn, here), guard);
    return fl_outcome_in(me, handed);
}

static FL_NOINLINE int
suspend_slowly(fl_fiber *me, void *guard, void **handed)
{
    fl_worker *worker = me->worker;
    return suspend_on(worker, me, guard, handed, turn_at_once(worker), false);
}

static int
suspend_guarded(void *fiber, void *guard, void *handed)
{
    fl_worker *worker = fl_worker_here();
    uint32_t turn = fl_likely(worker != NULL) ? fl_free_turn(worker) : 0;
    return fl_likely(turn)
               ? suspend_on(worker, fiber, guard, handed, turn, true)
               : suspend_slowly(fiber, guard, handed);
}

int
fl_suspend_guarded(fl_fiber *me, fl_atomic32 *guard, void **handed)
{
    return fl_context_leave(me, guard, handed, suspend_guarded);
}

static FL_NOINLINE int
resume_and_suspend(fl_fiber *me, void *guard, fl_fiber *next)
{
    fl_resume_by(me, next);
    return suspend_slowly(me, guard, NULL);
}

/* Who would be put into the next slot, only to be taken out again, goes on. */
static int
suspend_onward(void *fiber, void *guard, void *fiber_next)
{
    fl_worker *worker = fl_worker_here();
    fl_fiber *me = fiber, *next = fiber_next;
    uint32_t turn = fl_likely(worker != NULL) ? fl_free_turn(worker) : 0;
    if (fl_unlikely(!turn) || !fl_ready_awaits(&worker->ready) ||
        fl_unlikely(!fl_same_runtime(me, next))) {
        return resume_and_suspend(me, guard, next);
    }
    worker->ready.streak++;
    fl_begin_turn(worker, turn);
    fl_tsan_release(guard);
    fl_tsan_release(next);
    me = park_for_fiber(me, worker, next, guard);
    return fl_outcome_in(me, NULL);
}

int
fl_suspend_onward(fl_fiber *me, fl_atomic32 *guard, fl_fiber *next)
{
    fl_assert(!fl_is_undecided(next));
    return fl_context_leave(me, guard, next, suspend_onward);
}

/* ---- yielding ---- */

static void
push_yielded(void *fiber)
{
    fl_make_ready(((fl_fiber *)fiber)->worker, fiber);
}

/*
 * What is in the deque comes before the fiber that yields, and then all that is
 * in the ring, with that fiber at its end. What a later fiber finds in the
 * deque as it yields is owed only after these: else tasks that each make
 * others, and yield, would keep the ring waiting for ever.
 */
static void
owe(fl_worker *worker)
{
    const fl_ready *ready = &worker->ready;
    uint64_t size = fl_deque_size(&worker->deque);
    if (size == 0) {
        return;
    }
    if (worker->owed == 0 && fl_is_served(ready, worker->owed_until)) {
        worker->owed = size;
        worker->owed_until = fl_load_relaxed(&ready->tail) + 1;
    } else {
        worker->owed |= FL_OWED_LATER;
    }
}

/* There are tasks that have not begun, or chores: the loop sees to them. */
static FL_NOINLINE bool
yield_to_loop(fl_fiber *me, fl_worker *worker, fl_fiber *next)
{
    owe(worker);
    worker->after = push_yielded;
    worker->after_arg = me;
    me->next = me;
    me = park(me, worker, next, NULL);
    me->next = NULL;
    return true;
}

/* With the bias, which is left by whoever runs then: it changes places with the
 * next one, and is not to be stolen until it is parked. False: there is nobody
 * else who could run. */
static bool
change_places(fl_fiber *me, fl_worker *worker)
{
    fl_ready *ready = &worker->ready;
    fl_fiber *next;
    fl_fetch_ahead(ready);
    if (!fl_ready_swap(ready, me, &next)) {
        fl_bias_leave(&ready->bias);
        return next && yield_to_loop(me, worker, next);
    }
    park(me, worker, next, &ready->bias.inside);
    return true;
}

static FL_NOINLINE bool
yield_with_bias(fl_fiber *me, fl_worker *worker)
{
    fl_bias_enter(&worker->ready.bias);
    return change_places(me, worker);
}

/* With the bias: sees to it that who is taken next has a stack; false if nobody
 * has. */
static bool
has_parked(fl_ready *ready)
{
    const fl_fiber *next = fl_load_relaxed(&ready->next);
    for (uint32_t n = fl_ready_size(ready); n > 0; n--) {
        const fl_fiber *first = fl_ready_peek(ready, 0);
        if (first->sp && (!next || next->sp)) {
            return true;
        }
        fl_ready_append(ready, fl_ready_first(ready));
    }
    ready->streak = ready->streak_from; /* it is not the ring's turn */
    return next && next->sp;
}

/* There is no stack for the loop to go on with; but who has one may run, also
 * who is woken by what the loop would see to. (In a deterministic run who goes
 * on is for the policy to say.) */
static FL_NOINLINE bool
yield_to_parked(fl_fiber *me, fl_worker *worker)
{
    if (worker->runtime->seeded) {
        return false;
    }
    fl_tend(me);
    fl_ready *ready = &worker->ready;
    fl_bias_enter(&ready->bias);
    if (!has_parked(ready)) {
        fl_bias_leave(&ready->bias);
        return false;
    }
    fl_tsan_release(me);
    return change_places(me, worker);
}

/* Somebody in the ring, or the next slot. Where only the common queue has some, it
 * goes the loop's way, which comes to them with its chores. Calls nothing, but as
 * its last act. */
static FL_NOINLINE bool
yield_to_ready(fl_fiber *me, fl_worker *worker)
{
    /* also where it goes on itself: else its chores would never be due */
    fl_begin_turn(worker, fl_load_relaxed(&worker->turn) + 1);
    if (fl_ready_empty(&worker->ready)) {
        fl_bias_leave(&worker->ready.bias);
        return fl_inject_count(&worker->runtime->inject) &&
               yield_to_loop(me, worker, NULL);
    }
    return yield_with_bias(me, worker);
}

bool
fl_yield(fl_fiber *me, fl_worker *worker)
{
    if (!fl_spare(worker)) {
        return yield_to_parked(me, worker);
    }
    fl_tsan_release(me);
    if (!fl_deque_is_empty(&worker->deque) || !turn_at_once(worker)) {
        return yield_to_loop(me, worker, NULL);
    }
    return yield_to_ready(me, worker);
}

/* ---- the same in short, where somebody who has begun is in the ring, and
 * nothing else is to be thought of ---- */

/* The next turn; 0 if there is no stack for the loop, or more than the ring to
 * be seen to. */
static inline uint32_t
plain_turn(fl_worker *worker)
{
    if (fl_unlikely(!worker->stacks.items) ||
        fl_unlikely(!fl_deque_is_empty(&worker->deque))) {
        return 0;
    }
    return fl_free_turn(worker);
}

/* With the bias. */
static FL_NOINLINE bool
yield_to_fresh(fl_fiber *me, fl_worker *worker, fl_fiber *next)
{
    park(me, worker, next, &worker->ready.bias.inside);
    return true;
}

bool
fl_yield_here(fl_fiber *me, fl_worker *worker)
{
    fl_ready *ready = &worker->ready;
    uint32_t turn = plain_turn(worker);
    if (fl_unlikely(!turn)) {
        return fl_yield(me, worker);
    }
    fl_tsan_release(me);
    fl_fiber *next =
        fl_bias_try(&ready->bias, true) ? fl_ready_rotate(ready, me) : NULL;
    if (fl_unlikely(!next)) {
        return yield_to_ready(me, worker);
    }
    fl_begin_turn(worker, turn);
    if (fl_unlikely(!next->sp)) {
        return yield_to_fresh(me, worker, next);
    }
    park_for_fiber(me, worker, next, &ready->bias.inside);
    return true;
}

void
fl_give_way(fl_fiber *me, unsigned round)
{
    if (me->kind == FL_THREAD || !fl_yield(me, me->worker)) {
        fl_os_back_off(round);
    }
}
