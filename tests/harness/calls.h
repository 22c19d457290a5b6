/*
 * All suspending calls in one table, since they all keep the same promises: on
 * deadlines, cancels, callbacks and plain threads. (Not in it: filch_sleep,
 * which has no ETIMEDOUT, filch_sync and filch_timer_cancel_wait.)
 *
 * Prepare a row by `ready` or `blocked`, from a task that is not cancelled,
 * while no run of the row is under way.
 */
#ifndef CALLS_H
#define CALLS_H

#include "harness.h"

/* Not a deadline: the call itself, not its twin. */
#define PLAIN INT64_MIN

struct call {
    const char *name;

    /* Makes the next run succeed at once (NULL: it never can), or wait. */
    void (*ready)(void);
    void (*blocked)(void);

    /*
     * Makes the call, or with a deadline its twin, and checks what it returns
     * beside its status.
     */
    int (*run)(filch_time deadline);

    /* After a run that failed, while none is under way: it had no effect.
     * NULL: there is nothing to look at. */
    bool (*untouched)(void);

    /* Lets a run that waits succeed; from any task or plain thread. */
    void (*wake)(void);

    /* Where nobody waits, what `wake` gives is there for the next run. */
    bool kept;

    /* When `wake` returns, the run that waits has got what it waits for. */
    bool direct;
};

extern const struct call *const calls[];

extern const struct call call_event_wait, call_lock_acquire, call_fair_acquire,
    call_condition_acquire, call_condition_wait, call_condition_wait_for,
    call_put, call_put_many, call_get, call_get_many, call_queue_join,
    call_semaphore_acquire, call_barrier_wait, call_join, call_wait,
    call_group_wait;

/* Runs the block for each call; a failed check names it. */
#define EACH_CALL(call)                                                        \
    for (const struct call *const *at_ = calls, *call;                         \
         (call = *at_) && (check_context(call->name), true); ++at_)

/* That a run that failed had no effect. */
#define UNTOUCHED(call) CHECK(!(call)->untouched || (call)->untouched())

/* --- For the rows -------------------------------------------------------- */

/* Makes a call or its twin: the deadline comes last in all of them. */
#define CALL(fn, ...)                                                          \
    (deadline == PLAIN                                                         \
         ? (call_tell(#fn), fn(__VA_ARGS__))                                   \
         : (call_tell(#fn "_until"), fn##_until(__VA_ARGS__, deadline)))

/* Who wants to know of each call, by its name; NULL: nobody. */
extern void (*call_told)(const char *name);

static inline void
call_tell(const char *name)
{
    if (call_told)
        call_told(name);
}

/* Whether the row was last made ready, not blocked; an item for a queue. */
extern bool call_is_ready;
extern void *const call_item;

#endif
