/*
 * Tasks: functions that run on some worker, may suspend, and end with a
 * status.
 */
#ifndef FILCH_TASK_H
#define FILCH_TASK_H

#include <filch/base.h>
#include <filch/time.h>

FILCH_BEGIN_DECLS

/*
 * A handle to a task. It has one owner, who gives it back once, by
 * filch_join or filch_task_release; others may use it until then, but once
 * somebody has begun to join the task only until that ends. It outlives the task and the task's runtime.
 */
typedef struct filch_task filch_task;

typedef struct filch_task_options {
    const char *name;  /* copied, up to 999 bytes; NULL: none */
    size_t stack_size; /* bytes, rounded up to a power of 2; 0: the runtime's */
    void *spare_[2];   /* zero */
} filch_task_options;

/*
 * Makes a task that will run `fn(arg)` on the caller's runtime. `task` gets a
 * handle that the caller owns; NULL: the task is detached. From a task or a
 * callback; EPERM on a plain thread, which uses filch_submit. ENOMEM: it cannot
 * be had; EINVAL: no `fn`, or a stack size above 1 GiB. A stack is never
 * smaller than the runtime's. `options` NULL: none.
 */
FILCH_API int filch_spawn(filch_task **task, filch_fn fn, void *arg);
FILCH_API int filch_spawn_with(filch_task **task, filch_fn fn, void *arg,
                               const filch_task_options *options);

/*
 * Waits until the task has ended, stores its status where `status` is not
 * NULL, and gives the handle back. Suspends. On an error the handle stays:
 * ECANCELED, ETIMEDOUT, ENOMEM, or EDEADLK for joining oneself, or in a
 * callback.
 */
FILCH_API int filch_join(filch_task *task, int *status);
FILCH_API int filch_join_until(filch_task *task, int *status,
                               filch_time deadline);

/* Gives the handle back without waiting. NULL is allowed. */
FILCH_API void filch_task_release(filch_task *task);

/* Makes another owned handle of the same task, and returns it. */
FILCH_API filch_task *filch_task_hold(filch_task *task);

/* Whether the task has ended. */
FILCH_API bool filch_task_done(filch_task *task);

/* What the task returned; EBUSY before it has ended. */
FILCH_API int filch_task_status(filch_task *task);

/*
 * The task's name, "" if it has none. Borrowed: valid while the caller has a
 * handle and nobody renames the task.
 */
FILCH_API const char *filch_task_name(filch_task *task);

/*
 * Names the task; of the name 999 bytes are copied, NULL takes it away. ENOMEM:
 * the old name stays. Not while another thread reads or sets the name.
 */
FILCH_API int filch_task_set_name(filch_task *task, const char *name);

/*
 * The calling task: borrowed, valid while it runs. In a job the task that
 * forked it. NULL outside a task.
 */
FILCH_API filch_task *filch_current(void);

typedef enum filch_return_when {
    FILCH_FIRST_COMPLETED,
    FILCH_FIRST_EXCEPTION, /* a status that is neither 0 nor ECANCELED */
    FILCH_ALL_COMPLETED
} filch_return_when;

/*
 * Waits for the first, the first failing, or all of `n` tasks, of any runtime.
 * Suspends. Reorders the array, whatever it returns: the first `*done` (NULL:
 * not wanted) have ended, in their former order, the rest are pending, in
 * theirs. The handles stay the caller's. Duplicates count each; n = 0 returns
 * at once.
 *
 * EINVAL: an unknown `when`. EDEADLK: the caller is among the tasks, or a
 * callback. ENOMEM: above 32 pending tasks it allocates; more than 2^31 - 1 it
 * cannot count. ECANCELED, ETIMEDOUT.
 */
FILCH_API int filch_wait(filch_task **tasks, size_t n, filch_return_when when,
                         size_t *done);
FILCH_API int filch_wait_until(filch_task **tasks, size_t n,
                               filch_return_when when, size_t *done,
                               filch_time deadline);

/*
 * Lets the other runnable tasks of the worker run first. Suspends, cannot
 * fail, and does nothing on a plain thread or in a callback.
 */
FILCH_API void filch_yield(void);

/*
 * Suspends for a duration, or until a point in time; 0 when it has come.
 * What is not after now returns at once, after letting others run. ECANCELED,
 * ENOMEM; EDEADLK in a callback.
 */
FILCH_API int filch_sleep(filch_time ns);
FILCH_API int filch_sleep_until(filch_time when);

/*
 * Cancels the task: the suspending call that it is in, or its next one,
 * returns ECANCELED, and so does every further one until the task ends or
 * shields itself. A task that has not started still runs its body. Returns 0,
 * also when the task has ended or been cancelled before. From any thread.
 */
FILCH_API int filch_cancel(filch_task *task);

/*
 * Between these, which nest (32,767 deep, more ends the program), the calling
 * task's suspending calls take no notice of a cancel: for clean-up that must
 * suspend. They do nothing outside a task.
 */
FILCH_API void filch_shield_begin(void);
FILCH_API void filch_shield_end(void);

/* Whether the calling task was asked to end, also under a shield. */
FILCH_API bool filch_cancelled(void);

FILCH_END_DECLS

#endif
