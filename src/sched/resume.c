/*
 * Making parked fibers runnable.
 *
 * WAKEUP GUARANTEE  A fiber goes to the worker that wakes it: into its next
 *           slot if that is free, since then what was handed over is still in
 *           the cache, else to the end of its ring. No sleeping worker is woken
 *           for it: the watch notices what waits too long (idle.c). Or, where its
 *           waker is likely to go on for long, to the common queue. Several that
 *           are let go on together keep their order: where the ring has the next
 *           turn all go to its end, and what would fill more than half of it goes
 *           to the common queue.
 * LAST TOUCH  A plain thread, or another runtime, that resumes a fiber counts
 *           itself in on the fiber's runtime while the fiber cannot yet run,
 *           and out at the end; the end of a run waits for that count, so what
 *           is touched in between is still there.
 */
#include "sched/resume.h"
#include "os/chaos.h"
#include "sched/chores.h"
#include "sched/seeded.h"

void
fl_foreign_enter(filch_runtime *runtime)
{
    fl_add_seq_cst(&runtime->foreign, 1u);
}

void
fl_foreign_leave(filch_runtime *runtime)
{
    fl_add_seq_cst(&runtime->foreign, (uint32_t)-1);
}

/* What does not fit into the worker's ring goes to the common queue, and is to come
 * after all that stand in the ring by now; not after more of them if others follow
 * before those have run. (A ring that stays full it takes turns with: chores.c.) */
static void
inject_behind(fl_worker *worker, fl_fiber *first, fl_fiber *last, uint32_t n)
{
    fl_ready *ready = &worker->ready;
    if (fl_inject_count(&worker->runtime->inject) == 0 ||
        fl_is_served(ready, worker->injected_until)) {
        worker->injected_until = fl_load_relaxed(&ready->tail);
    }
    fl_inject_push(&worker->runtime->inject, first, last, n);
}

void
fl_make_ready(fl_worker *worker, fl_fiber *fiber)
{
    if (fl_unlikely(!fl_ready_push(&worker->ready, fiber))) {
        inject_behind(worker, fiber, fiber, 1);
    }
}

static void
resume_thread(fl_fiber *fiber)
{
    fl_thread_fiber *thread = fl_container(fiber, fl_thread_fiber, fiber);
    fl_atomic32 *go = &thread->go;
    fl_store_release(go, 1u);
    fl_chaos();
    fl_os_wake(go, 1); /* the thread may be gone by now: that does no harm */
}

/* Pushes a chain from outside of the runtime. */
static void
resume_foreign(fl_fiber *first, fl_fiber *last, uint32_t n)
{
    filch_runtime *runtime = first->worker->runtime;
    fl_foreign_enter(runtime);
    if (runtime->seeded && fl_me()->kind != FL_THREAD) {
        fl_seeded_disturbed("another runtime's task");
    }
    fl_inject_push(&runtime->inject, first, last, n);
    fl_chaos();
    fl_wake_watch(runtime);
    fl_chaos();
    fl_foreign_leave(runtime);
}

FL_NOINLINE void
fl_resume_slowly(fl_fiber *me, fl_fiber *fiber)
{
    if (fiber->kind == FL_THREAD) {
        resume_thread(fiber);
    } else if (fl_same_runtime(me, fiber)) {
        inject_behind(me->worker, fiber, fiber, 1);
    } else {
        resume_foreign(fiber, fiber, 1);
    }
}

FL_NOINLINE void
fl_resume_again(fl_fiber *me, fl_fiber *fiber)
{
    fl_resume_by(me, fiber);
}

/* Whether one in the common queue would not wait for longer than near this worker: some
 * worker idles, or this one has nothing nearer; and nobody stands there before it. */
static bool
is_wanted_apart(const fl_worker *worker)
{
    const filch_runtime *runtime = worker->runtime;
    return runtime->count > 1 && fl_inject_count(&runtime->inject) == 0 &&
           (fl_ready_empty(&worker->ready) || fl_load_relaxed(&runtime->watch));
}

void
fl_resume_apart(fl_fiber *fiber)
{
    fl_fiber *me = fl_me();
    fl_worker *worker = me->worker;
    if (!fl_same_runtime(me, fiber) || !is_wanted_apart(worker)) {
        fl_resume_by(me, fiber);
        return;
    }
    fl_assert(!fl_is_undecided(fiber));
    fl_tsan_release(fiber);
    fl_inject_push(&worker->runtime->inject, fiber, fiber, 1);
    fl_chores_soon(worker);
}

/* What would fill more than half of the ring goes to the common queue in one
 * piece. */
static void
inject_rest(fl_worker *worker, const fl_chain *chain)
{
#if FL_TSAN
    for (fl_fiber *one = chain->first; one; one = one->next) {
        fl_tsan_release(one);
    }
#endif
    inject_behind(worker, chain->first, chain->last, chain->n);
}

/* To the ring's end, where the ring has the next turn: a chain's first, in the next
 * slot, would run after its second. */
static void
make_ready_behind(fl_worker *worker, fl_fiber *fiber)
{
    fl_assert(!fl_is_undecided(fiber));
    fl_tsan_release(fiber);
    fl_make_ready(worker, fiber);
}

FL_NOINLINE void
fl_resume_chain_slowly(fl_chain *chain)
{
    fl_fiber *me = fl_me();
    bool local = me->kind != FL_THREAD && chain->tag &&
                 fl_same_runtime(me, chain->first);
    bool by_turns =
        me->kind != FL_THREAD && me->worker->ready.streak >= FL_STREAK;
    while (chain->n > 0) {
        if (local && chain->n > 1 &&
            fl_ready_size(&me->worker->ready) >= FL_READY / 2) {
            inject_rest(me->worker, chain);
            return;
        }
        fl_fiber *one = chain->first;
        chain->first = one->next;
        chain->n--;
        fl_chaos();
        if (by_turns && fl_same_runtime(me, one)) {
            make_ready_behind(me->worker, one);
        } else {
            fl_resume(one);
        }
    }
}
