/* Looking at a queue, and shutting it down. See queue.c for its state. */
#include "sync/queue.h"

#include <errno.h>

/* Items that a get could take; with the guard. */
static size_t
available(const filch_queue *queue)
{
    return queue->flags_ & FL_QUEUE_TAKEN_OUT ? 0 : queue->count_;
}

size_t
filch_queue_size(const filch_queue *queue)
{
    fl_point("filch_queue_size");
    fl_guard *guard = (fl_guard *)&queue->guard_;
    fl_atomic32 *held = fl_enter(guard);
    size_t size = available(queue);
    fl_leave_by(held);
    return size;
}

size_t
filch_queue_maxsize(const filch_queue *queue)
{
    return queue->maxsize_;
}

bool
filch_queue_empty(const filch_queue *queue)
{
    return filch_queue_size(queue) == 0;
}

bool
filch_queue_full(const filch_queue *queue)
{
    return queue->maxsize_ && filch_queue_size(queue) >= queue->maxsize_;
}

/* Sends away all who wait in the list; with the guard. */
static void
send_away(filch_waiters_ *list, fl_chain *granted)
{
    fl_waiter *waiter;
    while ((waiter = fl_grant(list))) {
        waiter->result = ESHUTDOWN;
        fl_chain_add(granted, fl_waiter_fiber(waiter));
    }
}

/* What is in the queue counts as done; with the guard. */
static void
take_out_all(filch_queue *queue, fl_chain *granted)
{
    size_t n = available(queue);
    queue->flags_ |= FL_QUEUE_TAKEN_OUT;
    queue->unfinished_ -= n < queue->unfinished_ ? n : queue->unfinished_;
    if (queue->unfinished_ == 0) {
        fl_grant_all(&queue->joiners_, granted);
    }
}

int
filch_queue_shutdown(filch_queue *queue, bool immediate)
{
    fl_point("filch_queue_shutdown");
    fl_chain granted = {0};
    fl_atomic32 *held = fl_enter(&queue->guard_);
    queue->flags_ |= FL_QUEUE_SHUT;
    fl_queue_set_limit(queue);
    send_away(&queue->putters_, &granted);
    send_away(&queue->getters_, &granted);
    if (immediate) {
        take_out_all(queue, &granted);
    }
    fl_queue_check(queue);
    fl_leave_by(held);
    fl_resume_chain(&granted);
    return 0;
}

int
filch_queue_drain(filch_queue *queue, void **items, size_t n, size_t *done)
{
    fl_point("filch_queue_drain");
    size_t taken = 0;
    fl_atomic32 *held = fl_enter(&queue->guard_);
    bool taken_out = queue->flags_ & FL_QUEUE_TAKEN_OUT;
    while (taken_out && taken < n && queue->count_) {
        items[taken++] = fl_queue_remove(queue);
    }
    fl_leave_by(held);
    if (done) {
        *done = taken;
    }
    return taken_out ? 0 : EINVAL;
}
