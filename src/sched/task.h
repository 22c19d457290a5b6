/*
 * A task's descriptor: 128 bytes, two cache lines, in memory that is never
 * unmapped, so that dumps and the end of a run may look at all of them without
 * a lock.
 *
 * STATE   The word `life`:
 *             bit 0     FL_DONE    it has ended; its status may be read
 *             bit 1     FL_JOINED  somebody waits in `joiners`
 *             bit 2     FL_LEFT    `direct` does not wait for it any more
 *             bit 3     FL_SETTLED its end has done with `direct`
 *             above     references, FL_REFERENCE each: one of the runtime
 *                       until it ends, one for each owned handle
 *         Guards: G the word `guard`; R who runs the task.
 *         Of a free descriptor many words are as a task that is spawned needs
 *         them: no shield, and no jobs (fiber.mine); in no list (waiter.list,
 *         which is start.own), and in no group, nor is there any `direct`; no
 *         guard, no joiners, no name.
 * LAST TOUCH  Who drops the last reference frees it. While the runtime's is
 *         the only one left, nobody else can reach the task.
 */
#ifndef FL_TASK_H
#define FL_TASK_H

#include "sched/name.h"
#include "sched/phase.h"

#include <filch/task.h>

enum {
    FL_DONE = 1,
    FL_JOINED = 2,
    FL_LEFT = 4,
    FL_SETTLED = 8,
    FL_REFERENCE = 16
};

struct filch_task {
    fl_fiber fiber;
    fl_atomic32 life;
    union {
        int status;      /* R at its end, constant from FL_DONE on */
        uint32_t number; /* before, in a deterministic run: seeded_pool.c */
    };
    fl_atomic32 guard;
    fl_atomic32 name;       /* see sched/name.h */
    filch_waiters_ joiners; /* G */
    union {
        fl_fiber *direct;  /* who entered it by joining it, until it runs, where
                              it is the loop that runs it; sync/join.c */
        const void *group; /* R: of a group's task, which nobody enters, while
                              its function runs; sync/group.c */
    };
};

struct fl_worker;

_Static_assert(sizeof(filch_task) == 2 * FL_CACHE_LINE || FL_TSAN || FL_ASAN,
               "see above");

/* Called at the end of a task with FL_JOINED: sets FL_DONE, wakes the joiners.
 * Set when the program starts. */
extern void (*fl_task_on_end)(filch_task *task)
    __attribute__((visibility("hidden")));

/* A free descriptor, or NULL; `worker` NULL on a thread that is none. */
filch_task *fl_task_alloc(struct fl_worker *worker);

/* Adds a reference, while there is one; drops one, and frees the descriptor
 * with the last. From anywhere. */
static inline filch_task *
fl_task_hold(filch_task *task)
{
    fl_add_acq_rel(&task->life, (uint32_t)FL_REFERENCE);
    return task;
}

void fl_task_drop(filch_task *task);

/* Whether it has ended: then all that it did comes before. */
bool fl_task_has_ended(filch_task *task);

/* Calls visit for each descriptor there is, also the free ones (state 0). */
void fl_task_each(void (*visit)(filch_task *task, void *arg), void *arg);

/* Gives the caches of a worker back to the depots. */
void fl_task_flush(struct fl_worker *worker);

/* The task that a fiber works for, NULL where it is no task's. */
filch_task *fl_task_of(fl_fiber *fiber);

/* The group that it is one of, as set by itself: apart, since the sanitizer
 * would take whom `direct` was before for a race. */
const void *fl_task_group(const filch_task *task);
void fl_task_set_group(filch_task *task, const void *group);

/* Its name as copied by fl_name_set, NULL if it has none. */
static inline const char *
fl_task_name(const filch_task *task)
{
    return fl_name_text(&task->name);
}

#endif
