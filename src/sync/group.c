/*
 * CONTRACT  See filch/group.h.
 * STATE     Everything is guarded by guard_.
 *             alive_    tasks spawned that have not left, and those who are
 *                       just cancelling the group
 *             members_  tasks that run and that the group has not cancelled
 *             closed_   1: it was cancelled, or a task failed; cleared when its
 *                       end is told
 *             status_   of the first task that failed; likewise
 *           I1  somebody in waiters_ whose wait is not decided: alive_ > 0
 *           I2  a task in members_ has not ended
 *           I3  closed_: members_ is being emptied, and nobody enters it
 *           A member is the argument of its task, which frees it.
 * PROTOCOL      a task                          cancel
 *           T1  enter members_; closed_:      C1  alive_ + 1, closed_ := 1
 *               cancel itself                 C2  take members out, hold their
 *           T2  run its function                  tasks, drop guard_
 *           T3  leave members_; has it        C3  cancel the tasks, release them;
 *               failed, first: closed_            C2 again, until none is left
 *               := 1, C2 to C3
 *           T4  alive_ - 1; 0: grant all      C4  as T4 and T5
 *           T5  drop guard_, resume
 *           spawn counts alive_ up before the task can run. Cancelling may take
 *           any object's guard, so it is done without guard_.
 * NO LOST WAKEUP  T4, and the look at alive_ before a wait, are under guard_.
 *           No task is missed by a cancel: one that has passed T1 is found by
 *           C2, one that comes to T1 later finds closed_.
 * TIMEOUT AND CANCEL  See wait/wait.h. Who was cancelled cancels the group and
 *           waits again, shielded: C1 to C3, and in C4's place the look at
 *           alive_ before its wait. The end is told, and then forgotten, by a
 *           grant or by who finds alive_ 0: where all who waited have just
 *           given up, it stays.
 * LAST TOUCH  T5, dropping guard_: by the last task or the last who cancels,
 *           who is counted in alive_ for that reason. Each wait takes guard_.
 * REJECTED  Waiters in the tasks' own lists of joiners: they need a handle of
 *           each task until somebody waits, and a group that lives on would
 *           grow.
 * CHECKED BY  tests/model/group.c
 */
#include "os/chaos.h"
#include "sched/aside.h"
#include "wait/wait.h"

#include <errno.h>
#include <filch/group.h>
#include <stdlib.h>

#define AT_ONCE 64 /* tasks cancelled in one go */

struct filch_member_ {
    filch_group *group;
    filch_fn fn;
    void *arg;
    filch_task *task;
    struct filch_member_ *next, **link; /* link NULL: not in members_ */
};

typedef struct filch_member_ member;

int
filch_group_init(filch_group *group)
{
    *group = (filch_group)FILCH_GROUP_INIT;
    return 0;
}

int
filch_group_destroy(filch_group *group)
{
    fl_point("filch_group_destroy");
    fl_atomic32 *held = fl_enter(&group->guard_);
    int error = group->alive_ || group->waiters_.first_ ? EBUSY : 0;
    fl_leave_by(held);
    return error;
}

/* ---- members; with the guard ---- */

static void
link_in(filch_group *group, member *me)
{
    me->next = group->members_;
    me->link = &group->members_;
    if (me->next) {
        me->next->link = &me->next;
    }
    group->members_ = me;
}

static void
take_out(member *me)
{
    if (me->link) {
        *me->link = me->next;
        if (me->next) {
            me->next->link = me->link;
        }
        me->link = NULL;
    }
}

/* ---- the end; with the guard ---- */

/* The status that a wait returns, after which the group is as new. */
static int
tell(filch_group *group)
{
    int status = group->status_;
    group->status_ = 0;
    group->closed_ = 0;
    return status;
}

/* Lets all go who wait, and tells them. */
static void
let_go(filch_group *group, fl_chain *granted)
{
    fl_waiter *waiter;
    while ((waiter = fl_first(&group->waiters_))) {
        waiter->item = (void *)(intptr_t)group->status_;
        if (fl_grant_one(waiter)) {
            fl_chain_add(granted, fl_waiter_fiber(waiter));
        }
    }
    if (granted->first) {
        tell(group);
    }
}

/* One of those counted in alive_ goes; drops the guard, the last touch. */
static void
leave(filch_group *group)
{
    fl_chain granted = {0};
    fl_assert(group->alive_ > 0);
    if (--group->alive_ == 0) {
        let_go(group, &granted); /* T4 */
    }
    fl_leave(&group->guard_); /* T5 */
    fl_resume_chain(&granted);
}

/* Drops the guard meanwhile: the caller is counted in alive_. */
static void
cancel_members(filch_group *group)
{
    filch_task *some[AT_ONCE];
    group->closed_ = 1;
    while (group->members_) {
        size_t n = 0;
        for (; n < AT_ONCE && group->members_; n++) {
            member *one = group->members_;
            take_out(one); /* C2 */
            some[n] = fl_task_hold(one->task);
        }
        fl_leave(&group->guard_);
        fl_chaos();
        fl_cancel_some(some, n); /* C3 */
        while (n > 0) {
            fl_task_drop(some[--n]);
        }
        fl_enter(&group->guard_);
    }
}

int
filch_group_cancel(filch_group *group)
{
    fl_point("filch_group_cancel");
    fl_enter(&group->guard_);
    group->alive_++; /* C1 */
    cancel_members(group);
    leave(group); /* C4 */
    return 0;
}

/* ---- a task ---- */

/* T1 */
static void
begin(member *me)
{
    filch_group *group = me->group;
    fl_chaos();
    /* so that it does not seem to come behind its siblings */
    fl_aside aside = fl_aside_begin();
    me->task = filch_current();
    fl_atomic32 *held = fl_enter(&group->guard_);
    bool closed = group->closed_;
    if (!closed) {
        link_in(group, me);
    }
    fl_leave_by(held);
    fl_aside_end(aside);
    if (closed) {
        filch_cancel(me->task);
    }
}

/* T3 to T5 */
static void
end(member *me, int status)
{
    filch_group *group = me->group;
    fl_enter(&group->guard_);
    take_out(me);
    if (status != 0 && status != ECANCELED && group->status_ == 0) {
        group->status_ = status;
        cancel_members(group);
    }
    leave(group);
    free(me);
}

static int
run(void *arg)
{
    member *me = arg;
    begin(me);
    fl_task_set_group(me->task, me->group);
    int status = me->fn(me->arg); /* T2 */
    fl_task_set_group(me->task, NULL);
    end(me, status);
    return status;
}

static int
enter(filch_group *group)
{
    fl_atomic32 *held = fl_enter(&group->guard_);
    int error = group->closed_ ? ECANCELED : 0;
    group->alive_ += !error;
    fl_leave_by(held);
    return error;
}

static int
spawn(filch_group *group, member *me)
{
    int error = enter(group);
    if (error) {
        return error;
    }
    error = filch_spawn(NULL, run, me);
    if (error) {
        fl_enter(&group->guard_);
        leave(group);
    }
    return error;
}

int
filch_group_spawn(filch_group *group, filch_fn fn, void *arg)
{
    if (fl_me()->kind == FL_THREAD) {
        return EPERM;
    }
    if (!fn) {
        return EINVAL;
    }
    member *me = malloc(sizeof *me);
    if (!me) {
        return ENOMEM;
    }
    *me = (member){.group = group, .fn = fn, .arg = arg};
    int error = spawn(group, me);
    if (error) {
        free(me);
    }
    return error;
}

/* ---- waiting ---- */

/* Whether the caller is a task of the group, or a job of one. */
static bool
is_member(fl_fiber *me, const filch_group *group)
{
    const filch_task *task = fl_task_of(me);
    return task && fl_task_group(task) == group;
}

/* With the guard, which it drops, and tasks that have not ended. */
static int
enqueue(fl_fiber *me, filch_group *group, int *status, filch_time deadline)
{
    fl_waiter *waiter = fl_waiter_begin(me, FL_GROUP, group);
    int error = fl_wait(me, &group->guard_.word_, &group->waiters_, deadline);
    if (!error) {
        *status = (int)(intptr_t)waiter->item;
    }
    return error;
}

static int
await_end(fl_fiber *me, filch_group *group, int *status, filch_time deadline)
{
    fl_atomic32 *held = fl_enter(&group->guard_);
    if (group->alive_ > 0) {
        return enqueue(me, group, status, deadline);
    }
    *status = tell(group);
    fl_leave_by(held);
    return 0;
}

/* Cancels the tasks and awaits their end. That nobody else is told of it before
 * the caller waits: who is may spawn others, which nobody would cancel. */
static int
cancel_and_await_end(fl_fiber *me, filch_group *group, int *status)
{
    fl_chain granted = {0};
    fl_enter(&group->guard_);
    group->alive_++; /* C1 */
    cancel_members(group);
    if (--group->alive_ > 0) {
        return enqueue(me, group, status, FILCH_NEVER);
    }
    *status = group->status_;
    let_go(group, &granted);
    tell(group);
    fl_leave(&group->guard_);
    fl_resume_chain(&granted);
    return 0;
}

/* The caller was cancelled: so are the tasks. */
static int
await_end_cancelled(fl_fiber *me, filch_group *group)
{
    int status;
    unsigned round = 0;
    fl_shield_begin(me);
    int error = cancel_and_await_end(me, group, &status);
    while (error) { /* for want of memory */
        fl_give_way(me, round++);
        error = await_end(me, group, &status, FILCH_NEVER);
    }
    fl_shield_end(me);
    return status ? status : ECANCELED;
}

int
filch_group_wait_until(filch_group *group, filch_time deadline)
{
    fl_fiber *me = fl_me_at("filch_group_wait");
    int status = 0;
    if (is_member(me, group)) {
        return EDEADLK;
    }
    int error = fl_may_wait(me);
    if (!error) {
        error = await_end(me, group, &status, deadline);
    }
    if (error == ECANCELED) {
        return await_end_cancelled(me, group);
    }
    return error ? error : status;
}

int
filch_group_wait(filch_group *group)
{
    return filch_group_wait_until(group, FILCH_NEVER);
}
