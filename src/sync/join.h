/* What joining one task and waiting for several share; see join.c. */
#ifndef FL_JOIN_H
#define FL_JOIN_H

#include "wait/wait.h"

#include <errno.h>

/* J2, with the task's guard: false if it has ended. */
bool fl_announce_join(filch_task *task);

/* Whether it has ended by a failure, as FILCH_FIRST_EXCEPTION means it. */
static inline bool
fl_task_failed(const filch_task *task)
{
    return task->status != 0 && task->status != ECANCELED;
}

#endif
