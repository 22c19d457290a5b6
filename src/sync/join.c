/*
 * Waiting for the end of tasks: filch_join and filch_wait.
 *
 * STATE     See sched/task.h. joiners is guarded by the task's guard; FL_JOINED
 *           is set before somebody enters it.
 * PROTOCOL      join                            the task's end
 *           J1  take the guard                E1  cas: FL_JOINED is not set, set
 *           J2  cas: FL_DONE is not set, set      FL_DONE, drop the reference
 *               FL_JOINED                     E2  else take the guard, set
 *           J3  enqueue, park                     FL_DONE, grant all, drop it
 *               FL_DONE: go on                E3  resume; drop the reference
 *           A task that has not begun, and lies on top of the joiner's own
 *           deque, is entered by its joiner, on another stack and without the
 *           scheduler. That joiner stands in `direct`, in no list:
 *           D1  take it from the deque        E0  it lives no more; light fence
 *           D2  direct := me, guard := 1      E1  life := done, by a store if nobody
 *           D3  phase := WAITING, as A3           else has a handle and FL_CANCEL
 *           D4  enter it; whoever runs            of the joiner is not set; else
 *               then sets guard := 0              as above
 *                                             E4  FL_LEFT was not set: decide the
 *                                                 joiner's wait; if it was decided
 *                                                 already, set FL_SETTLED
 *                                             E5  go on with the joiner
 *           Who cancels it
 *           C1  sets FL_CANCEL; heavy fence; decides its wait (sched/cancel.c)
 *           C2  takes guard, which also waits for D4
 *           C3  the task lives: cas: FL_LEFT set, unless FL_DONE is; if FL_DONE is
 *               set, or the task lives no more, waits for FL_SETTLED
 *           C4  resumes it
 *           By the fences C3 sees E0, and leaves `life` to the task, or E1 sees
 *           FL_CANCEL, and is a cas as C3 is. Nobody else comes by at a store: a
 *           handle is given back by its owner, who is the joiner, when the task
 *           ends, and others may use it until then.
 * NO LOST WAKEUP  E1 and J2 change the same word: one of them sees the other.
 * TIMEOUT AND CANCEL  See wait/wait.h. filch_wait is in many lists at once:
 *           each task counts down how many ends it still wants, and who comes
 *           to 0 decides. It counts only for a fiber that waits already
 *           (seq_cst against begin_waiting), else the fiber sees the 0 by
 *           itself. E4 never finds a later wait of the joiner, since C4 comes
 *           after E4 or before E1, which then sees FL_LEFT.
 * MEMORY ORDER  E1 and E2 release the status, to J2 and to whoever reads
 *           FL_DONE by a load that acquires. C3 and E4 acquire and release by
 *           changing the same word. The phase as in wait/wait.h.
 * LAST TOUCH  E3, of the task; the joiner has a handle of its own.
 * CHECKED BY  tests/model/join.c, wait_many.c, spin/join.pml
 */
#include "os/chaos.h"
#include "wait/wait.h"

#include <errno.h>
#include <filch/task.h>
#include <stdlib.h>
#include <string.h>

#define NODES_ON_STACK 32

static bool
failed(const filch_task *task)
{
    return task->status != 0 && task->status != ECANCELED;
}

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
        if ((waiter->traits & FL_ANY_FAILURE) && failed(task)) {
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

/* J2, with the guard: false if the task has ended. */
static bool
announce(filch_task *task)
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

/* ---- one that is entered ---- */

/* C2 to C4 */
static void
leave_entered(fl_fiber *joiner)
{
    fl_tsan_acquire(&joiner->waiter);
    filch_task *task = (filch_task *)(uintptr_t)joiner->waiter.object;
    fl_chaos();
    fl_enter_word(fl_guard_of(&joiner->waiter)); /* C2 */
    fl_chaos();
    bool ends = !fl_lives(&task->fiber); /* C3 */
    fl_chaos();
    uint32_t life = fl_load_acquire(&task->life);
    while (!ends && !(life & FL_DONE) &&
           !fl_cas_acq_rel(&task->life, &life, life | FL_LEFT)) {
    }
    unsigned round = 0;
    while ((ends || (life & FL_DONE)) && !(life & FL_SETTLED)) {
        fl_os_back_off(round++);
        life = fl_load_acquire(&task->life);
    }
    fl_say_cancelled(joiner);
    fl_chaos();
    fl_resume(joiner); /* C4 */
}

__attribute__((constructor)) static void
begin(void)
{
    fl_task_on_end = wake_joiners; /* who ends a task stands a floor below */
    fl_abort_wait[1] = leave_entered;
}

/* Who joins a crowd comes to those below this one soon. */
static inline void
fetch_ahead(const fl_deque *deque)
{
    fl_fetch_fiber(fl_deque_ahead(deque));
}

/* Whether the task was entered; then *error is what the wait came to. */
static inline bool
enter(fl_fiber *me, filch_task *task, int *error)
{
    fl_worker *worker = me->worker;
    fl_work *work = fl_work_of(&task->fiber);
    if (me->manner != FL_PLAIN_TASK || !fl_spare(worker) ||
        !fl_turn_is_plain(worker)) {
        return false;
    }
    fl_tsan_acquire(&worker->deque); /* whose memory it saw being made */
    if (!fl_deque_pop_if(&worker->deque, work)) { /* D1 */
        return false;
    }
    fetch_ahead(&worker->deque);
    fl_atomic32 guard = 1;
    fl_waiter_begin(me, FL_END, task)->guard = &guard;
    me->waiter.traits = FL_ENTERED;
    fl_tsan_release(&me->waiter);
    task->direct = me; /* D2 */
    fl_chaos();
    if (!fl_begin_plainly(me)) { /* D3 */
        task->direct = NULL;
        fl_deque_push(&worker->deque, work); /* there is room: it was there */
        return false;
    }
    fl_suspend_into(me, &guard, &task->fiber); /* D4 */
    *error = fl_outcome(me);
    return true;
}

/* ---- one ---- */

static int
await_end(fl_fiber *me, filch_task *task, filch_time deadline)
{
    fl_guard_lock(&task->guard); /* J1 */
    if (!announce(task)) {
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

int
filch_join_until(filch_task *task, int *status, filch_time deadline)
{
    fl_point("filch_join");
    fl_fiber *me = fl_me();
    int error = fl_may_wait(me);
    if (!error && is_own(me, task)) {
        error = EDEADLK;
    }
    if (!error && !fl_task_has_ended(task) &&
        !(deadline == FILCH_NEVER && enter(me, task, &error))) {
        error = await_end(me, task, deadline);
    }
    if (error) {
        return error;
    }
    fl_tsan_acquire(&task->life);
    if (status) {
        *status = task->status;
    }
    fl_task_drop(task);
    return 0;
}

int
filch_join(filch_task *task, int *status)
{
    return filch_join_until(task, status, FILCH_NEVER);
}

/* ---- many ---- */

static void
swap_ranges(filch_task **tasks, size_t left, size_t right)
{
    /* turns [left][right] into [right][left], by three reversals */
    size_t bounds[3][2] = {{0, left}, {left, left + right}, {0, left + right}};
    for (int i = 0; i < 3; i++) {
        size_t a = bounds[i][0], b = bounds[i][1];
        while (a + 1 < b) {
            filch_task *task = tasks[a];
            tasks[a++] = tasks[--b];
            tasks[b] = task;
        }
    }
}

/* Moves those that have ended to the front, keeping both orders; how many. */
static size_t
partition(filch_task **tasks, size_t n)
{
    if (n <= 1) {
        return n && fl_task_has_ended(tasks[0]);
    }
    size_t half = n / 2;
    size_t a = partition(tasks, half);
    size_t b = partition(tasks + half, n - half);
    swap_ranges(tasks + a, half - a, b);
    return a + b;
}

/* What a look at the tasks came to, before any is moved: they are reordered
 * once, at the end, since those that end meanwhile belong among the others. */
struct tally {
    size_t pending;
    bool satisfied;
};

static struct tally
count(filch_task **tasks, size_t n, filch_return_when when)
{
    struct tally tally = {0};
    for (size_t i = 0; i < n; i++) {
        if (!fl_task_has_ended(tasks[i])) {
            tally.pending++;
        } else if (when == FILCH_FIRST_COMPLETED ||
                   (when == FILCH_FIRST_EXCEPTION && failed(tasks[i]))) {
            tally.satisfied = true;
        }
    }
    tally.satisfied |= tally.pending == 0;
    return tally;
}

/* A task that has ended counts at once, for the wait that has those traits. */
static void
count_ended(fl_fiber *me, unsigned traits, const filch_task *task)
{
    if ((traits & FL_ANY_FAILURE) && failed(task)) {
        fl_exchange_seq_cst(&me->waiter.left, 0u);
    } else {
        fl_add_seq_cst(&me->waiter.left, (uint32_t)-1);
    }
}

/* Enters the list of one task, which may just have ended. */
static void
enlist(fl_separate *node, filch_task *task)
{
    fl_guard_lock(&task->guard);
    bool pending = announce(task);
    if (pending) {
        fl_enlist(&node->waiter, &task->guard, &task->joiners);
    } else {
        fl_store_relaxed(&node->waiter.guard, (void *)&task->guard);
    }
    fl_guard_unlock(&task->guard);
    fl_chaos();
    if (!pending) {
        fl_tsan_acquire(&task->life);
        count_ended(node->of, node->waiter.traits, task);
    }
}

/* Waits for the n tasks, with a node for each that has not ended. */
static int
wait_for_pending(fl_fiber *me, filch_task **tasks, size_t n, fl_separate *nodes,
                 filch_return_when when, filch_time deadline)
{
    fl_atomic32 guard = 0;
    size_t enlisted = 0;
    uint16_t traits = FL_COUNTS | FL_SEPARATE;
    if (when == FILCH_FIRST_EXCEPTION) {
        traits |= FL_ANY_FAILURE;
    }
    fl_waiter *all = fl_waiter_begin(me, FL_END, tasks[0]);
    all->traits = FL_COUNTS;
    fl_store_release(&all->left,
                     when == FILCH_FIRST_COMPLETED ? 1 : (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        if (fl_task_has_ended(tasks[i])) {
            count_ended(me, traits, tasks[i]);
        } else {
            nodes[enlisted] = (fl_separate){{.traits = traits}, me};
            enlist(&nodes[enlisted++], tasks[i]);
        }
    }
    fl_guard_lock(&guard);
    int error = fl_wait_linked(me, &guard, &guard, deadline);
    for (size_t i = 0; i < enlisted; i++) {
        fl_chaos();
        fl_delist(&nodes[i].waiter);
    }
    return error;
}

/* The same with room for the nodes of the `pending` that have not ended. */
static int
wait_for(fl_fiber *me, filch_task **tasks, size_t n, size_t pending,
         filch_return_when when, filch_time deadline)
{
    fl_separate few[NODES_ON_STACK], *nodes = few;
    if (pending > NODES_ON_STACK) {
        nodes = pending < SIZE_MAX / sizeof *nodes
                    ? malloc(pending * sizeof *nodes)
                    : NULL;
        if (!nodes) {
            return ENOMEM;
        }
    }
    int error = wait_for_pending(me, tasks, n, nodes, when, deadline);
    if (nodes != few) {
        free(nodes);
    }
    return error;
}

/* What forbids the call. */
static int
refusal(fl_fiber *me, filch_task **tasks, size_t n, filch_return_when when)
{
    filch_task *self = fl_task_of(me);
    int error = fl_may_wait(me);
    if (error) {
        return error;
    }
    if ((unsigned)when > FILCH_ALL_COMPLETED) {
        return EINVAL;
    }
    for (size_t i = 0; self && i < n; i++) {
        if (tasks[i] == self) {
            return EDEADLK;
        }
    }
    return 0;
}

int
filch_wait_until(filch_task **tasks, size_t n, filch_return_when when,
                 size_t *done, filch_time deadline)
{
    fl_point("filch_wait");
    fl_fiber *me = fl_me();
    int error = refusal(me, tasks, n, when);
    if (!error) {
        struct tally tally = count(tasks, n, when);
        if (!tally.satisfied) {
            error = wait_for(me, tasks, n, tally.pending, when, deadline);
        }
    }
    size_t ended = partition(tasks, n);
    if (done) {
        *done = ended;
    }
    return error;
}

int
filch_wait(filch_task **tasks, size_t n, filch_return_when when, size_t *done)
{
    return filch_wait_until(tasks, n, when, done, FILCH_NEVER);
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
    return fl_task_hold(task);
}

int
filch_task_status(filch_task *task)
{
    fl_point("filch_task_status");
    return fl_task_has_ended(task) ? task->status : EBUSY;
}
