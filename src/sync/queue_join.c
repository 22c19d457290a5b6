/* A queue's items that are not done with, and who waits for that; see
 * queue.c. */
#include "sync/queue.h"

#include <errno.h>

/* Counts off n items; with the guard. */
static void
finish(filch_queue *queue, size_t n, fl_chain *granted)
{
    queue->unfinished_ -= n;
    if (queue->unfinished_ == 0) {
        fl_grant_all(&queue->joiners_, granted);
    }
}

int
filch_queue_task_done(filch_queue *queue)
{
    fl_point("filch_queue_task_done");
    fl_chain granted = {0};
    fl_atomic32 *held = fl_enter(&queue->guard_);
    int error = queue->unfinished_ ? 0 : EINVAL;
    if (!error) {
        finish(queue, 1, &granted);
    }
    fl_leave_by(held);
    fl_resume_chain(&granted);
    return error;
}

int
filch_queue_join_until(filch_queue *queue, filch_time deadline)
{
    fl_fiber *me = fl_me_at("filch_queue_join");
    int error = fl_may_wait(me);
    if (fl_unlikely(error)) {
        return error;
    }
    fl_atomic32 *held = fl_enter(&queue->guard_);
    if (queue->unfinished_ == 0) {
        fl_leave_by(held);
        return 0;
    }
    fl_waiter_begin(me, FL_QUEUE_JOIN, queue);
    return fl_wait_by(me, &queue->guard_.word_, held, &queue->joiners_,
                      deadline);
}

int
filch_queue_join(filch_queue *queue)
{
    return filch_queue_join_until(queue, FILCH_NEVER);
}
