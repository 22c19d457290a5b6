/* Putting and getting many items at once; see queue.c. */
#include "sync/queue.h"

#include <errno.h>

/* Puts as many as can be put without waiting; with the guard. */
static int
put_some(filch_queue *queue, void *const *items, size_t n, size_t *done,
         fl_chain *granted)
{
    int error = 0;
    while (*done < n && !error) {
        fl_fiber *one;
        error = fl_queue_put_one(queue, items[*done], &one);
        *done += !error;
        if (one) {
            fl_chain_add(granted, one);
        }
    }
    fl_queue_check(queue);
    return error;
}

int
filch_queue_put_many_until(filch_queue *queue, void *const *items, size_t n,
                           size_t *done, filch_time deadline)
{
    fl_fiber *me = fl_me_at("filch_queue_put_many");
    size_t put = 0;
    int error = fl_may_wait(me);
    while (put < n && !error) {
        fl_chain granted = {0};
        fl_atomic32 *held = fl_enter(&queue->guard_);
        error = put_some(queue, items, n, &put, &granted);
        fl_leave_by(held);
        fl_resume_chain(&granted);
        if (error == EAGAIN) {
            error = filch_queue_put_until(queue, items[put], deadline);
            put += !error;
        }
    }
    if (done) {
        *done = put;
    }
    return error;
}

int
filch_queue_put_many(filch_queue *queue, void *const *items, size_t n,
                     size_t *done)
{
    return filch_queue_put_many_until(queue, items, n, done, FILCH_NEVER);
}

/* Gets as many as there are; whatever ends it is no error by then. */
static void
get_some(filch_queue *queue, void **items, size_t n, size_t *done)
{
    fl_chain granted = {0};
    fl_fiber *one;
    fl_atomic32 *held = fl_enter(&queue->guard_);
    while (*done < n && !fl_queue_get_one(queue, &items[*done], &one)) {
        ++*done;
        if (one) {
            fl_chain_add(&granted, one);
        }
    }
    fl_leave_by(held);
    fl_resume_chain(&granted);
}

int
filch_queue_get_many_until(filch_queue *queue, void **items, size_t n,
                           size_t *done, filch_time deadline)
{
    size_t got = 0;
    int error = fl_may_wait(fl_me());
    if (!error && n > 0) {
        error = filch_queue_get_until(queue, items, deadline);
        if (!error) {
            got = 1;
            get_some(queue, items, n, &got);
        }
    }
    if (done) {
        *done = got;
    }
    return error;
}

int
filch_queue_get_many(filch_queue *queue, void **items, size_t n, size_t *done)
{
    return filch_queue_get_many_until(queue, items, n, done, FILCH_NEVER);
}
