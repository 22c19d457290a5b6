/*
 * filch: a multithreaded work-stealing task runtime.
 *
 * This header brings in everything. Each header under filch/ is complete in
 * itself, for programs that want just one noun.
 *
 * Four conventions hold everywhere:
 *
 * - A function that can fail returns int: 0, or a positive errno value. None
 *   returns EINTR, is a pthread cancellation point, or may be called from a
 *   signal handler.
 * - A call described as *suspending* stops the calling task, never its worker
 *   thread. On a thread that is no worker it blocks that thread instead. In a
 *   callback, a predicate or a compare function it returns EDEADLK (but a
 *   condition's wait EPERM where nobody holds the lock). It has a twin
 *   NAME_until whose last argument is an absolute deadline, and which returns
 *   ETIMEDOUT; a deadline that has passed still succeeds if the call could
 *   succeed at once. (filch_yield, filch_sync and filch_parallel_for have no
 *   twin, and filch_sleep_until returns 0 at its time.)
 * - A suspending call returns ECANCELED when its task is cancelled, and then
 *   has had no effect. (But a condition's wait takes its lock again, put_many
 *   has moved what it says, filch_wait has put its tasks into order, a group's
 *   wait has cancelled its tasks, and filch_timer_cancel_wait may have disarmed
 *   the timer.) A cancel that is already pending is looked at first
 *   (but after misuse: EPERM of a condition's wait, EDEADLK of a group's).
 *   If a result and a cancel (or a timeout) race, the result wins and the
 *   cancel stays pending. When no memory is left for the stack that the worker
 *   would go on with, it returns ENOMEM, likewise without effect. In a forked
 *   child, where nobody is left who could end the wait, it returns ENOTSUP.
 * - A call that does not suspend may be made from any thread and from a
 *   timer's callback, unless its description says otherwise.
 */
#ifndef FILCH_H
#define FILCH_H

#include <filch/barrier.h>
#include <filch/condition.h>
#include <filch/event.h>
#include <filch/group.h>
#include <filch/job.h>
#include <filch/lock.h>
#include <filch/queue.h>
#include <filch/runtime.h>
#include <filch/semaphore.h>
#include <filch/stats.h>
#include <filch/task.h>
#include <filch/time.h>
#include <filch/timer.h>
#include <filch/version.h>

#endif
