/*
 * Waiting for the end of a task: filch_join. (Of several: wait_many.c.)
 *
 * STATE     See sched/task.h. joiners is guarded by the task's guard; FL_JOINED
 *           is set before somebody enters it.
 * PROTOCOL      join                            the task's end
 *           J1  take the guard                E1  cas: FL_JOINED is not set, set
 *           J2  cas: FL_DONE is not set, set      FL_DONE, drop the reference
 *               FL_JOINED                     E2  else take the guard, set
 *           J3  enqueue, park                     FL_DONE, grant all, drop it
 *               FL_DONE: go on                E3  resume; drop the reference
 *           (Nobody sees the end of a task without a handle: E3 alone.)
 *           A task that has not begun, and lies on top of the joiner's own
 *           deque, is entered by its joiner, on another stack and without the
 *           scheduler. That joiner is in no list; who runs the task knows it:
 *           D1  take it from the deque        E0  it lives no more; light fence
 *           D2  park; enter it                E1  life := done, by a store if
 *           D3  whoever runs then: phase :=       FL_CANCEL of the joiner is not set
 *               WAITING, as A3; or, if it         and then nobody else has a handle;
 *               does not wait, since it was       else as above
 *               cancelled, resume it          E4  FL_LEFT was not set: decide the
 *           D4  run the task                      joiner's wait; if it was decided
 *                                                 already, set FL_SETTLED
 *                                             E5  go on with the joiner
 *           Who cancels it
 *           C1  sets FL_CANCEL; heavy fence; decides its wait (sched/cancel.c),
 *               by which it is parked
 *           C2  the task lives: cas: FL_LEFT set, unless FL_DONE is; if FL_DONE is
 *               set, or the task lives no more, waits for FL_SETTLED
 *           C3  resumes it
 *           By the fences C2 sees E0, and leaves `life` to the task, or E1 sees
 *           FL_CANCEL, and is a cas as C2 is; or the joiner has ended since, which
 *           clears FL_CANCEL, and then E1 sees FL_LEFT, which it looks at last.
 *           Nobody else comes by at a store: a handle is given back by its owner,
 *           who is the joiner, when the task ends, and others may use it until
 *           then.
 * NO LOST WAKEUP  E1 and J2 change the same word: one of them sees the other.
 * TIMEOUT AND CANCEL  See wait/wait.h. E4 never finds a later wait of the joiner,
 *           since C3 comes after E4 or before E1, which then sees FL_LEFT.
 * MEMORY ORDER  E1 and E2 release the status, to J2 and to whoever reads
 *           FL_DONE by a load that acquires. C2 and E4 acquire and release by
 *           changing the same word. The joiner's end releases, and E1's look at
 *           FL_CANCEL acquires, that it has left. The phase as in wait/wait.h.
 * LAST TOUCH  E3, of the task; the joiner has a handle of its own.
 * CHECKED BY  tests/model/join.c, spin/join.pml
 */
#include "sync/join.h"

#include "os/chaos.h"
#include "sched/chores.h"
#include "sched/enter.h"

#include <errno.h>

/* E2 and E3 but for the reference, which is the caller's. */
static void
wake_joiners(filch_task *task)
{
    fl_chain granted = {0};
    fl_waiter *waiter;
    fl_guard_lock(&task->guard);
    fl_chaos();
    fl_add_acq_rel(&task->life, (uint32_t)FL_DONE);
    while ((waiter = fl_first(&task->joiners))) {
        fl_fiber *fiber = fl_waiter_fiber(waiter);
        if ((waiter->traits & FL_ANY_FAILURE) && fl_task_failed(task)) {
            /* this end alone is enough, unless another was */
            fl_exchange_seq_cst(&fiber->waiter.left, 1u);
        }
        if (fl_grant_one(waiter)) {
            fl_chain_add(&granted, fiber);
        }
    }
    fl_guard_unlock(&task->guard);
    fl_resume_chain(&granted);
}

bool
fl_announce_join(filch_task *task)
{
    uint32_t life = fl_load_acquire(&task->life);
    while (!(life & FL_DONE)) {
        if (fl_cas_acq_rel(&task->life, &life, life | FL_JOINED)) {
            return true;
        }
    }
    return false;
}

bool
filch_task_done(filch_task *task)
{
    fl_point("filch_task_done");
    return fl_task_has_ended(task);
}

/* C2 and C3 */
static void
leave_entered(fl_fiber *joiner)
{
    fl_tsan_acquire(&joiner->waiter);
    filch_task *task = (filch_task *)(uintptr_t)joiner->waiter.object;
    fl_chaos();
    bool ends = !fl_lives(&task->fiber); /* C2 */
    fl_chaos();
    uint32_t life = fl_load_acquire(&task->life);
    while (!ends && !(life & FL_DONE) &&
           !fl_cas_acq_rel(&task->life, &life, life | FL_LEFT)) {
    }
    unsigned round = 0;
    while ((ends || (life & FL_DONE)) && !(life & FL_SETTLED)) {
        fl_guard_back_off(round++);
        life = fl_load_acquire(&task->life);
    }
    fl_say_cancelled(joiner);
    fl_chaos();
    fl_resume(joiner); /* C3 */
}

__attribute__((constructor)) static void
begin(void)
{
    fl_task_on_end = wake_joiners; /* who ends a task stands a floor below */
    fl_abort_wait[1] = leave_entered;
}

/* ---- one ---- */

static int
await_end(fl_fiber *me, filch_task *task, filch_time deadline)
{
    fl_guard_lock(&task->guard); /* J1 */
    if (!fl_announce_join(task)) {
        fl_guard_unlock(&task->guard);
        return 0;
    }
    fl_chaos();
    fl_waiter_begin(me, FL_END, task);
    return fl_wait_by(me, &task->guard, &task->guard, &task->joiners,
                      deadline); /* J3 */
}

/* Whether the caller is that task, or a job of it. */
static inline bool
is_own(fl_fiber *me, const filch_task *task)
{
    return me == &task->fiber ||
           (fl_unlikely(me->kind == FL_JOB) && fl_task_of(me) == task);
}

static inline void
tell(const filch_task *task, int *status)
{
    if (status) {
        *status = task->status;
    }
}

static FL_NOINLINE int
join(filch_task *task, int *status, filch_time deadline)
{
    fl_fiber *me = fl_me();
    int error = fl_may_wait(me);
    if (!error && is_own(me, task)) {
        error = EDEADLK;
    }
    if (!error && !fl_task_has_ended(task)) {
        error = await_end(me, task, deadline);
    }
    if (!error) {
        fl_tsan_acquire(&task->life);
        tell(task, status);
        fl_task_drop(task);
    }
    return error;
}

/* ---- one that is entered ---- */

/* Who joins a crowd comes to those below this one soon. */
static inline void
fetch_ahead(const fl_deque *deque)
{
    fl_fetch_fiber(fl_deque_ahead(deque));
}

/* D1 */
static inline bool
take_newest(fl_worker *worker, bool here)
{
    fl_deque *deque = &worker->deque;
    if (!fl_spare(worker)) {
        return false;
    }
    fl_tsan_acquire(deque); /* whose memory it saw being made */
    return fl_likely(fl_deque_take_newest(deque, here));
}

/* What D3 will find, and who cancels it from then on. */
static inline void
prepare_wait(fl_fiber *me, const filch_task *task)
{
    fl_waiter_begin(me, FL_END, task)->traits = FL_ENTERED;
    fl_tsan_release(&me->waiter);
}

/* Joins a task that is the newest in the deque of the caller's worker. `turn` is that
 * worker's next; 0: by the loop. `here`, a constant: the worker was found by
 * fl_here. */
static inline __attribute__((always_inline)) int
enter(fl_worker *worker, filch_task *task, int *status, uint32_t turn,
      bool here)
{
    fl_fiber *me = worker->me;
    if (fl_unlikely(!turn) || fl_is_cancelled(me) ||
        !take_newest(worker, here)) {
        return join(task, status, FILCH_NEVER);
    }
    fetch_ahead(&worker->deque);
    prepare_wait(me, task);
    fl_chaos_in(here);
    fl_begin_turn(worker, turn);          /* beside what is counted next */
    me = fl_enter_task(me, worker, task); /* D2 */
    if (fl_unlikely(!fl_was_granted(me))) {
        return fl_outcome(me);
    }
    fl_tsan_acquire(&task->life);
    tell(task, status);
    fl_task_drop_on(me->worker, task);
    return 0;
}

/* Whether who calls on that worker is a plain task, and that task, which so has
 * not begun, is the newest in its deque. Calls nothing. */
static inline bool
is_next(const fl_worker *worker, filch_task *task)
{
    return worker->me->manner == 0 &&
           fl_deque_is_newest(&worker->deque, fl_work_of(&task->fiber));
}

/* In a turn with chores, or where fl_here is NULL. */
static FL_NOINLINE int
enter_slowly(filch_task *task, int *status, fl_worker *worker)
{
    uint32_t turn = fl_plain_turn(worker);
    if (!turn && !fl_is_cancelled(worker->me)) {
        turn = fl_chores_with_newest(worker);
    }
    return enter(worker, task, status, turn, false);
}

static FL_NOINLINE int
enter_here(filch_task *task, int *status, fl_worker *worker)
{
    uint32_t turn = fl_plain_turn(worker);
    return fl_likely(turn) ? enter(worker, task, status, turn, true)
                           : enter_slowly(task, status, worker);
}

/* The same where fl_here is NULL. */
static FL_NOINLINE int
join_at_point(filch_task *task, int *status, filch_time deadline)
{
    fl_worker *worker = fl_me_at_slowly("filch_join")->worker;
    return worker && deadline == FILCH_NEVER && is_next(worker, task)
               ? enter_slowly(task, status, worker)
               : join(task, status, deadline);
}

static inline int
join_by(filch_task *task, int *status, filch_time deadline)
{
    fl_worker *worker = fl_worker_here();
    if (fl_unlikely(!worker)) {
        return join_at_point(task, status, deadline);
    }
    return deadline == FILCH_NEVER && is_next(worker, task)
               ? enter_here(task, status, worker)
               : join(task, status, deadline);
}

int
filch_join_until(filch_task *task, int *status, filch_time deadline)
{
    return join_by(task, status, deadline);
}

int
filch_join(filch_task *task, int *status)
{
    return join_by(task, status, FILCH_NEVER);
}

/* ---- handles ---- */

void
filch_task_release(filch_task *task)
{
    fl_point("filch_task_release");
    if (task) {
        fl_task_drop(task);
    }
}

filch_task *
filch_task_hold(filch_task *task)
{
    fl_point("filch_task_hold");
    if (fl_unlikely(fl_load_relaxed(&task->life) > UINT32_MAX / 2)) {
        fl_fatal("134 million handles of a task are owned");
    }
    return fl_task_hold(task);
}

int
filch_task_status(filch_task *task)
{
    fl_point("filch_task_status");
    return fl_task_has_ended(task) ? task->status : EBUSY;
}
