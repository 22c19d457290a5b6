/*
 * CONTRACT  See filch/queue.h.
 * STATE     Everything is guarded by guard_.
 *           I1  somebody in getters_: no item is in the queue
 *           I2  somebody in putters_: the queue is full, or was shut down
 *           I3  unfinished_ counts the items that were put and for which
 *               task_done was not yet called
 *           A getter's waiter is handed its item in `item`; a putter's brings
 *           its item there. `result` is ESHUTDOWN for those who are sent away.
 * PROTOCOL  put   a getter waits: hand it the item. Else there is room: insert
 *                 it. Else wait in putters_.
 *           get   an item is there: take it, and insert that of the first
 *                 putter, who goes on. Else wait in getters_.
 *           So an item is always the putter's, the queue's or the getter's.
 * NO LOST WAKEUP  Items, slots and waiters change in one step, under guard_.
 * WAKEUP GUARANTEE  First come, first served: with somebody in putters_ a
 *           _nowait put finds the queue full, with somebody in getters_ a
 *           _nowait get finds it empty.
 * TIMEOUT AND CANCEL  See wait/wait.h: who is passed over is given nothing, and
 *           takes its item back.
 * LAST TOUCH  Dropping guard_; but the caller still is inside of its call then,
 *           so the queue may be freed only when all calls have returned.
 * REJECTED  Sequence numbers in each slot (6.1 ns an item against 4.4): they
 *           let a put and a get of two workers go on at once, but neither can
 *           see all that the order among waiters needs.
 * CHECKED BY  tests/model/queue.c, tests/linear
 */
#include "sync/queue.h"

#include "os/chaos.h"

#include <errno.h>
#include <stdlib.h>

/* ---- making ---- */

static int
init(filch_queue *queue, size_t maxsize, uint32_t flags)
{
    *queue = (filch_queue)FILCH_QUEUE_INIT;
    queue->maxsize_ = maxsize;
    queue->flags_ = flags;
    if (maxsize == 0) {
        return 0;
    }
    return fl_queue_reserve(
        queue, maxsize < FL_QUEUE_AT_ONCE ? maxsize : FL_QUEUE_AT_ONCE);
}

int
filch_queue_init(filch_queue *queue, size_t maxsize)
{
    return init(queue, maxsize, 0);
}

int
filch_queue_init_lifo(filch_queue *queue, size_t maxsize)
{
    return init(queue, maxsize, FL_QUEUE_LIFO);
}

int
filch_queue_init_priority(filch_queue *queue, size_t maxsize,
                          int (*compare)(const void *, const void *))
{
    if (!compare) {
        return EINVAL;
    }
    int error = init(queue, maxsize, FL_QUEUE_PRIORITY);
    queue->compare_ = compare;
    return error;
}

int
filch_queue_destroy(filch_queue *queue)
{
    fl_point("filch_queue_destroy");
    fl_atomic32 *held = fl_enter(&queue->guard_);
    fl_queue_check(queue);
    bool used = queue->getters_.first_ || queue->putters_.first_ ||
                queue->joiners_.first_;
    fl_leave_by(held);
    if (used) {
        return EBUSY;
    }
    free(queue->slots_);
    *queue = (filch_queue)FILCH_QUEUE_INIT;
    return 0;
}

/* ---- one step of put and get; with the guard ---- */

static inline int
put_one(filch_queue *queue, void *item, fl_fiber **granted)
{
    *granted = NULL;
    if (fl_unlikely(queue->flags_ & FL_QUEUE_SHUT)) {
        return ESHUTDOWN;
    }
    if (fl_unlikely(queue->getters_.first_ != NULL)) {
        fl_waiter *getter = fl_grant(&queue->getters_);
        if (getter) {
            getter->item = item;
            queue->unfinished_++;
            *granted = fl_waiter_fiber(getter);
            return 0;
        }
    }
    if (queue->maxsize_ && queue->count_ >= queue->maxsize_) {
        return EAGAIN;
    }
    if (fl_unlikely(fl_queue_room(queue))) {
        return ENOMEM;
    }
    fl_queue_insert(queue, item);
    queue->unfinished_++;
    return 0;
}

/* The first putter's item takes the slot that has become free. */
static fl_fiber *
admit_putter(filch_queue *queue)
{
    fl_waiter *putter = fl_grant(&queue->putters_);
    if (!putter) {
        return NULL;
    }
    fl_queue_insert(queue, putter->item);
    queue->unfinished_++;
    return fl_waiter_fiber(putter);
}

static inline int
get_one(filch_queue *queue, void **item, fl_fiber **granted)
{
    *granted = NULL;
    if (queue->count_ == 0 || fl_unlikely(queue->flags_ & FL_QUEUE_TAKEN_OUT)) {
        return queue->flags_ & FL_QUEUE_SHUT ? ESHUTDOWN : EAGAIN;
    }
    *item = fl_queue_remove(queue);
    if (fl_unlikely(queue->putters_.first_ != NULL)) {
        *granted = admit_putter(queue);
    }
    return 0;
}

int
fl_queue_put_one(filch_queue *queue, void *item, fl_fiber **granted)
{
    return put_one(queue, item, granted);
}

int
fl_queue_get_one(filch_queue *queue, void **item, fl_fiber **granted)
{
    return get_one(queue, item, granted);
}

static inline void
resume(fl_fiber *granted)
{
    if (granted) {
        fl_chaos();
        fl_resume(granted);
    }
}

/* ---- waiting; with the guard, which they drop ---- */

static int
wait_for_slot(fl_fiber *me, filch_queue *queue, fl_atomic32 *held, void *item,
              filch_time deadline)
{
    fl_waiter *waiter = fl_waiter_begin(me, FL_QUEUE_SLOT, queue);
    waiter->item = item;
    return fl_wait_by(me, &queue->guard_.word_, held, &queue->putters_,
                      deadline);
}

static inline int
wait_for_item(fl_fiber *me, filch_queue *queue, fl_atomic32 *held, void **item,
              filch_time deadline)
{
    fl_waiter_begin(me, FL_QUEUE_ITEM, queue);
    return fl_wait_for(me, &queue->guard_.word_, held, &queue->getters_,
                       deadline, item);
}

/* ---- put and get; the slow ones are called with the guard ---- */

/* With the guard: the put that finds room, and nobody waiting. */
static inline bool
put_simply(filch_queue *queue, void *item)
{
    if (fl_unlikely(queue->count_ >= queue->limit_ ||
                    queue->getters_.first_ != NULL)) {
        return false;
    }
    size_t at = queue->head_ + queue->count_++;
    queue->slots_[at & (queue->capacity_ - 1)] = item;
    queue->unfinished_++;
    return true;
}

/* With the guard: the get that finds an item, and nobody waiting. */
static inline bool
get_simply(filch_queue *queue, void **item)
{
    if (fl_unlikely(queue->count_ == 0 || queue->flags_ != 0 ||
                    queue->putters_.first_ != NULL)) {
        return false;
    }
    size_t at = queue->head_;
    *item = queue->slots_[at];
    queue->head_ = (at + 1) & (queue->capacity_ - 1);
    queue->count_--;
    return true;
}

/* With the guard, which they drop. */
static FL_NOINLINE int
put_or_wait(fl_fiber *me, filch_queue *queue, void *item, fl_atomic32 *held,
            filch_time deadline)
{
    fl_fiber *granted;
    int error = put_one(queue, item, &granted);
    fl_queue_check(queue);
    if (error == EAGAIN) {
        return wait_for_slot(me, queue, held, item, deadline);
    }
    fl_leave_by(held);
    resume(granted);
    return error;
}

/* What was put goes to who waits for it. */
static inline void
hand_on(filch_queue *queue, fl_waiter *getter, void *item, fl_atomic32 *held)
{
    getter->item = item;
    queue->unfinished_++;
    fl_leave_by(held);
}

static FL_NOINLINE int
put_disputed(fl_fiber *me, filch_queue *queue, void *item, fl_atomic32 *held,
             filch_time deadline, fl_waiter *getter)
{
    getter = fl_grant_disputed(&queue->getters_, getter);
    if (!getter) {
        return put_or_wait(me, queue, item, held, deadline);
    }
    hand_on(queue, getter, item, held);
    fl_resume_by(me, fl_waiter_fiber(getter));
    return 0;
}

/* The same for who was found by fl_here; mostly somebody waits for the item. Calls
 * nothing, unless as its last act; as do those below. */
static FL_NOINLINE int
put_guarded(filch_queue *queue, void *item, filch_time deadline,
            fl_atomic32 *held)
{
    fl_worker *worker = fl_worker_here();
    fl_assume(worker);
    fl_waiter *getter = fl_first(&queue->getters_);
    fl_granted granted = FL_GRANT_REFUSED;
    if (fl_likely(!(queue->flags_ & FL_QUEUE_SHUT))) {
        granted = fl_grant_here(&queue->getters_, getter);
    }
    if (fl_likely(granted == FL_GRANT_DONE)) {
        hand_on(queue, getter, item, held);
        fl_resume_here(worker, fl_waiter_fiber(getter));
        return 0;
    }
    return granted == FL_GRANT_DISPUTED
               ? put_disputed(worker->me, queue, item, held, deadline, getter)
               : put_or_wait(worker->me, queue, item, held, deadline);
}

static FL_NOINLINE int
get_or_wait(fl_fiber *me, filch_queue *queue, void **item, fl_atomic32 *held,
            filch_time deadline)
{
    fl_fiber *granted;
    int error = get_one(queue, item, &granted);
    fl_queue_check(queue);
    if (error == EAGAIN) {
        return wait_for_item(me, queue, held, item, deadline);
    }
    fl_leave_by(held);
    resume(granted);
    return error;
}

/* Mostly there is no item. */
static FL_NOINLINE int
get_guarded(filch_queue *queue, void **item, filch_time deadline,
            fl_atomic32 *held)
{
    fl_fiber *me = *fl_here();
    return fl_likely(queue->count_ == 0 && !queue->flags_)
               ? wait_for_item(me, queue, held, item, deadline)
               : get_or_wait(me, queue, item, held, deadline);
}

/* Enters the guard if the caller is free to wait, both at once: what is to be 0
 * for it to be left, or NULL. */
static inline fl_atomic32 *
enter(fl_fiber *const *here, filch_queue *queue)
{
    return fl_is_free(here) ? fl_enter_at_once(&queue->guard_) : NULL;
}

/* The same where it takes longer, or the run is steered. */
static FL_NOINLINE int
put_slowly(filch_queue *queue, void *item, filch_time deadline)
{
    fl_fiber *me = fl_me_at("filch_queue_put");
    int error = fl_may_wait(me);
    if (fl_unlikely(error)) {
        return error;
    }
    fl_atomic32 *held = fl_enter(&queue->guard_);
    fl_chaos();
    if (fl_likely(put_simply(queue, item))) {
        fl_leave_by(held);
        return 0;
    }
    return put_or_wait(me, queue, item, held, deadline);
}

static FL_NOINLINE int
get_slowly(filch_queue *queue, void **item, filch_time deadline)
{
    fl_fiber *me = fl_me_at("filch_queue_get");
    int error = fl_may_wait(me);
    if (fl_unlikely(error)) {
        return error;
    }
    fl_atomic32 *held = fl_enter(&queue->guard_);
    fl_chaos();
    if (fl_likely(get_simply(queue, item))) {
        fl_leave_by(held);
        return 0;
    }
    return get_or_wait(me, queue, item, held, deadline);
}

int
filch_queue_put_until(filch_queue *queue, void *item, filch_time deadline)
{
    fl_atomic32 *held = enter(fl_here(), queue);
    if (fl_unlikely(!held)) {
        return put_slowly(queue, item, deadline);
    }
    if (fl_likely(put_simply(queue, item))) {
        fl_leave_by(held);
        return 0;
    }
    return put_guarded(queue, item, deadline, held);
}

int
filch_queue_put(filch_queue *queue, void *item)
{
    return filch_queue_put_until(queue, item, FILCH_NEVER);
}

int
filch_queue_put_nowait(filch_queue *queue, void *item)
{
    fl_point("filch_queue_put_nowait");
    fl_fiber *granted;
    fl_atomic32 *held = fl_enter(&queue->guard_);
    int error = put_one(queue, item, &granted);
    fl_queue_check(queue);
    fl_leave_by(held);
    resume(granted);
    return error;
}

int
filch_queue_get_until(filch_queue *queue, void **item, filch_time deadline)
{
    fl_atomic32 *held = enter(fl_here(), queue);
    if (fl_unlikely(!held)) {
        return get_slowly(queue, item, deadline);
    }
    if (fl_likely(get_simply(queue, item))) {
        fl_leave_by(held);
        return 0;
    }
    return get_guarded(queue, item, deadline, held);
}

int
filch_queue_get(filch_queue *queue, void **item)
{
    return filch_queue_get_until(queue, item, FILCH_NEVER);
}

int
filch_queue_get_nowait(filch_queue *queue, void **item)
{
    fl_point("filch_queue_get_nowait");
    fl_fiber *granted;
    fl_atomic32 *held = fl_enter(&queue->guard_);
    int error = get_one(queue, item, &granted);
    fl_queue_check(queue);
    fl_leave_by(held);
    resume(granted);
    return error;
}
