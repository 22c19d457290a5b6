/*
 * What the files of a queue share: the items and their order (queue_items.c),
 * and one step of a put or get (queue.c).
 */
#ifndef FL_QUEUE_INTERNAL_H
#define FL_QUEUE_INTERNAL_H

#include "wait/wait.h"

#include <filch/queue.h>

enum {
    FL_QUEUE_LIFO = 1,
    FL_QUEUE_PRIORITY = 2,
    FL_QUEUE_SHUT = 4,
    FL_QUEUE_TAKEN_OUT = 8
};

/*
 * What a put may do without looking further: with less than limit_ items, and
 * nobody in getters_, it stores its item behind the others. limit_ follows
 * from the rest; who changes flags_ or capacity_ sets it anew.
 */
static inline void
fl_queue_set_limit(filch_queue *queue)
{
    bool simple = !(queue->flags_ & (FL_QUEUE_PRIORITY | FL_QUEUE_SHUT));
    bool bounded = queue->maxsize_ && queue->maxsize_ < queue->capacity_;
    size_t limit = bounded ? queue->maxsize_ : queue->capacity_;
    queue->limit_ = simple ? limit : 0;
}

/* With the guard: what queue.c says always holds. */
static inline void
fl_queue_check(const filch_queue *queue)
{
    bool bounded = queue->maxsize_ != 0, shut = queue->flags_ & FL_QUEUE_SHUT;
    (void)bounded, (void)shut;
    fl_assert_in(&queue->guard_.word_);
    fl_assert(queue->count_ <= queue->capacity_);
    fl_assert(!bounded || queue->count_ <= queue->maxsize_);
    fl_assert(!queue->getters_.first_ || queue->count_ == 0); /* I1 */
    fl_assert(!queue->putters_.first_ || shut ||
              (bounded && queue->count_ == queue->maxsize_)); /* I2 */
}

#define FL_QUEUE_AT_ONCE ((size_t)65536) /* slots taken at init */

/* All with the queue's guard. */

/* Puts without waiting: 0, ESHUTDOWN, EAGAIN when it is full, ENOMEM. Who is
 * to go on then is in *granted. */
int fl_queue_put_one(filch_queue *queue, void *item, fl_fiber **granted);

/* Gets without waiting: 0, ESHUTDOWN, EAGAIN when it is empty. */
int fl_queue_get_one(filch_queue *queue, void **item, fl_fiber **granted);

/* Makes room for one item more; ENOMEM. */
int fl_queue_room(filch_queue *queue);

/* Puts an item where its order says; there is room. */
void fl_queue_insert(filch_queue *queue, void *item);

/* Takes the first item out; there is one. */
void *fl_queue_remove(filch_queue *queue);

/* Memory for that many slots; ENOMEM. */
int fl_queue_reserve(filch_queue *queue, size_t slots);

#endif
