/*
 * A runtime: worker threads that run tasks. Any number may run one after the
 * other, or at once, in one process.
 */
#ifndef FILCH_RUNTIME_H
#define FILCH_RUNTIME_H

#include <filch/base.h>
#include <filch/task.h>

FILCH_BEGIN_DECLS

typedef struct filch_runtime filch_runtime;

/*
 * How to run. Zero it, then set what matters. A field left zero is taken from
 * the environment variable named beside it where that is set, else from the
 * default. A value there that does not parse makes the start fail with EINVAL,
 * after a line on standard error that names the variable.
 */
typedef struct filch_config {
    /* FILCH_WORKERS. Worker threads, at most 1024; by default as many as the
     * CPUs that may be used by the affinity of the thread that starts the
     * runtime, and by the process's cgroup. */
    unsigned workers;
    /* FILCH_STACK_SIZE (a number of bytes, or with a suffix K, M or G). The
     * stack of a task; by default 64 KiB, 256 KiB under a sanitizer. Between 16
     * KiB and 1 GiB, rounded up to a power of two. */
    size_t stack_size;
    /* FILCH_SEED. 0: none. With another one the run is deterministic: one
     * worker (more is EINVAL), virtual time, and each choice among the tasks
     * that can run follows from the seed, also whether a task is interrupted at
     * a call into filch. See MANUAL.md (in
     * share/doc/filch) on FILCH_POLICY, FILCH_SCHEDULE and
     * FILCH_REPLAY. */
    uint64_t seed;
    /* FILCH_VIRTUAL_TIME (0 or 1). Time stands still while a task can run, and
     * jumps to the next timer when none can. One worker (more is EINVAL), which
     * interrupts nobody before 10,000 calls in a row and runs tasks in the order
     * in which they became able to run. */
    bool virtual_time;
    /* FILCH_PIN_WORKERS (0 or 1). Each worker stays on a CPU of its own.
     * Without it each starts on a CPU of its own and may move afterwards. */
    bool pin_workers;
    /* The name of the worker threads and of the runtime in messages; by
     * default "filch". Its first 63 characters are copied; threads bear the
     * first 15. */
    const char *name;
    /* Zero. */
    void *spare_[4];
} filch_config;

/*
 * Starts the workers, runs `main(arg)` as the first task (on a stack of 1 MiB)
 * and returns its status, once it has returned, the tasks that were still
 * alive have been cancelled and have ended, and the workers are gone. A task
 * spawned meanwhile starts cancelled; timers that are not due by then are
 * dropped. A task that delays the end for 5 s, because it computes or is
 * shielded, is named on standard error, and waited for.
 *
 * From any thread. EDEADLK: from a task, or where one may not suspend (a callback,
 * a predicate, a compare function). A NULL config means the
 * defaults. EINVAL: a bad configuration or environment (also a schedule file
 * that cannot be read or written), or no `main`. ENOMEM, EAGAIN: no memory, no
 * threads, or 65,535 runtimes. ENOTSUP: in a forked child of a process that had
 * a runtime. The status of main may be any of these too; a start that fails has
 * run nothing.
 *
 * In a deterministic run, or one in virtual time, EDEADLK also says that it has
 * stalled: no task could run, and no timer was left. Then who waits for what
 * was written to standard error, and all tasks were cancelled; if some wait on
 * nevertheless, since they are shielded, the program is aborted.
 */
FILCH_API int filch_run(const filch_config *config, filch_fn main, void *arg);

/*
 * Likewise in three parts, for a program that keeps its own main thread. What is
 * submitted has a task's stack, not the 1 MiB of filch_run's main: for more set
 * stack_size, or have it spawn a task with more.
 * filch_start gives a runtime that filch_stop must give back. From any thread,
 * also from a task, whose worker it holds up meanwhile. EINVAL, ENOMEM, EAGAIN,
 * ENOTSUP as above; EINVAL also for NULL.
 */
FILCH_API int filch_start(filch_runtime **runtime, const filch_config *config);

/*
 * Spawns a task on that runtime, from any thread. `task` gets a handle that
 * the caller owns; NULL: the task is detached. ESHUTDOWN: the runtime is being
 * stopped. ENOMEM: no memory for the task. EINVAL: no `fn`, or no runtime.
 * ENOTSUP: in a forked child. After an error `task` is as before.
 */
FILCH_API int filch_submit(filch_runtime *runtime, filch_task **task,
                           filch_fn fn, void *arg);

/*
 * Cancels what is still alive, waits until it has ended and the workers are
 * gone, and frees the runtime. Blocks the calling thread; in a task of another
 * runtime it holds up that task's worker. To be called once. While it runs submissions
 * get ESHUTDOWN; when it returns no other call that was given the runtime may be
 * under way, and none may begin after that. EDEADLK inside a task or callback of
 * that runtime, which goes on, and nothing was freed; elsewhere it says that
 * the run had stalled (see filch_run), and the runtime is freed. ENOTSUP: in a
 * forked child, whose workers are not there; nothing was freed. EINVAL: NULL.
 */
FILCH_API int filch_stop(filch_runtime *runtime);

/*
 * The runtime that the calling task or callback belongs to, NULL elsewhere.
 * Borrowed: it stays valid until that runtime stops.
 */
FILCH_API filch_runtime *filch_runtime_current(void);

/*
 * Between these, which nest, plain threads of the program, or tasks of another
 * runtime, may let tasks go on. A deterministic run that can go no further then
 * waits for them, where it would otherwise have stalled; not where a timer is
 * armed, to which its time jumps. From any thread; without effect on other
 * runs.
 */
FILCH_API void filch_foreign_begin(void);
FILCH_API void filch_foreign_end(void);

FILCH_END_DECLS

#endif
