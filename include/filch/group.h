/*
 * A group: tasks that succeed or fail together, like asyncio.TaskGroup. The
 * first that fails cancels the others, and whoever waits for the group gets its
 * status when all have ended. To fail is to return what is neither 0 nor
 * ECANCELED.
 *
 *     filch_group group = FILCH_GROUP_INIT;
 *     for (int i = 0; i < n && !error; i++)
 *         error = filch_group_spawn(&group, fetch, &pages[i]);
 *     if (error)
 *         filch_group_cancel(&group);
 *     while (status = filch_group_wait(&group),
 *            filch_group_destroy(&group) == EBUSY)
 *         filch_yield(); // memory was short
 *
 * Place it anywhere, zeroed, by FILCH_GROUP_INIT or by filch_group_init; do not
 * copy it after the first use. A group on a stack, or in memory that will be
 * freed, must not go away before a wait for it has returned for all its tasks.
 * Whoever was let go on by filch_group_wait may free it when no other waits for
 * it, even while the filch_group_cancel that has ended its tasks is still
 * returning.
 */
#ifndef FILCH_GROUP_H
#define FILCH_GROUP_H

#include <filch/base.h>
#include <filch/time.h>

FILCH_BEGIN_DECLS

typedef struct filch_group {
    filch_guard_ guard_;
    uint32_t closed_;
    int status_;
    size_t alive_;
    struct filch_member_ *members_;
    filch_waiters_ waiters_;
    void *spares_[2];
} filch_group;

/* clang-format off */
#define FILCH_GROUP_INIT {{0, 0, 0}, 0, 0, 0, 0, {0, 0}, {0, 0}}
/* clang-format on */

/* Makes a group without tasks. Returns 0. */
FILCH_API int filch_group_init(filch_group *group);

/* EBUSY while tasks of the group are alive, or someone waits; else 0. */
FILCH_API int filch_group_destroy(filch_group *group);

/*
 * Makes a task of the group, which runs `fn(arg)` on the caller's runtime. From
 * a task, also one of the group, or a callback; EPERM on a plain thread.
 * ECANCELED: the group is being cancelled, or one of its tasks has failed, and
 * no wait has returned since. (So a task that gives up with this error is no
 * failure.) ENOMEM: it cannot be had. EINVAL: no `fn`.
 *
 * The task has ended, as far as the group is concerned, when `fn` has returned.
 * It can also be cancelled by itself, which the others do not notice.
 */
FILCH_API int filch_group_spawn(filch_group *group, filch_fn fn, void *arg);

/*
 * Waits until all tasks of the group have ended, those included that are
 * spawned meanwhile. Returns the status of the one that failed first, 0 if none
 * has; then the group is as new. A failure before the wait is kept for it;
 * those who wait at the same time are all told the same. Suspends.
 *
 * When the caller is cancelled, the group is, too. The call still returns only
 * after all tasks have ended, shielded and without a deadline: with ECANCELED,
 * or with the status of a task that has failed, and then the cancel stays
 * pending for the next call.
 *
 * ETIMEDOUT, EDEADLK, ENOMEM: the tasks go on, and the group is as before; wait
 * again, perhaps after filch_group_cancel. Should a task fail with one of
 * these, filch_group_destroy tells the two apart: it is EBUSY while tasks are
 * alive. EDEADLK also: the caller is a task of the group.
 */
FILCH_API int filch_group_wait(filch_group *group);
FILCH_API int filch_group_wait_until(filch_group *group, filch_time deadline);

/*
 * Cancels all tasks of the group. The group takes no more until a wait has
 * returned, which is 0 if none fails. Those that have not started still run
 * their bodies, cancelled. Returns 0. From any thread.
 */
FILCH_API int filch_group_cancel(filch_group *group);

FILCH_END_DECLS

#endif
