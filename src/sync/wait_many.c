/*
 * Waiting for the end of several tasks: filch_wait.
 *
 * CONTRACT  Who waits is in the list of each task that has not ended, by a node
 *           for each, and counts how many ends it still wants.
 * PROTOCOL  As join.c, J1 to J3 and E2, for each task in turn; but whoever ends
 *           one counts down, and who comes to 0 decides the wait.
 * NO LOST WAKEUP  It counts only for a fiber that waits already (seq_cst against
 *           begin_waiting), else the fiber sees the 0 by itself.
 * TIMEOUT AND CANCEL  See wait/wait.h: a guard of its own, besides the tasks'.
 * LAST TOUCH  Afterwards each node is taken out of its list, under its guard.
 * CHECKED BY  tests/model/wait_many.c
 */
#include "sync/join.h"

#include "os/chaos.h"

#include <filch/task.h>
#include <stdlib.h>

#define NODES_ON_STACK 32

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
                   (when == FILCH_FIRST_EXCEPTION &&
                    fl_task_failed(tasks[i]))) {
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
    if ((traits & FL_ANY_FAILURE) && fl_task_failed(task)) {
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
    bool pending = fl_announce_join(task);
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
    int error = fl_wait_apart(me, &guard, deadline);
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
    if (n > INT32_MAX) {
        return ENOMEM; /* `left` counts no further */
    }
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
    fl_fiber *me = fl_me_at("filch_wait");
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
