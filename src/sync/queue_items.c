/*
 * The items of a queue: a ring for first in first out and last in first out, a
 * binary heap of (item, number of its put) for priorities.
 */
#include "sync/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Words that an item takes. */
static size_t
width(const filch_queue *queue)
{
    return queue->flags_ & FL_QUEUE_PRIORITY ? 2 : 1;
}

int
fl_queue_reserve(filch_queue *queue, size_t slots)
{
    size_t capacity = queue->capacity_ ? queue->capacity_ : 16;
    while (capacity < slots) {
        capacity *= 2;
    }
    if (capacity == queue->capacity_) {
        return 0;
    }
    if (capacity > SIZE_MAX / sizeof(void *) / 2) {
        return ENOMEM;
    }
    size_t w = width(queue);
    void **slots_now = malloc(capacity * w * sizeof *slots_now);
    if (!slots_now) {
        return ENOMEM;
    }
    /* unrolled: what had wrapped around follows what had not */
    size_t unwrapped = queue->capacity_ - queue->head_;
    size_t first = queue->count_ < unwrapped ? queue->count_ : unwrapped;
    if (queue->count_) {
        memcpy(slots_now, queue->slots_ + queue->head_ * w,
               first * w * sizeof *slots_now);
        memcpy(slots_now + first * w, queue->slots_,
               (queue->count_ - first) * w * sizeof *slots_now);
    }
    free(queue->slots_);
    queue->slots_ = slots_now;
    queue->capacity_ = capacity;
    queue->head_ = 0;
    fl_queue_set_limit(queue);
    return 0;
}

int
fl_queue_room(filch_queue *queue)
{
    if (fl_likely(queue->count_ < queue->capacity_)) {
        return 0;
    }
    return fl_queue_reserve(queue, queue->count_ + 1);
}

/* ---- the heap of a priority queue ---- */

struct entry {
    void *item;
    uint64_t order;
};

static struct entry *
entries(const filch_queue *queue)
{
    return (struct entry *)(void *)queue->slots_;
}

/* The caller's function, in which suspending calls are refused; others, on
 * other objects, are not. */
static bool
before(const filch_queue *queue, const struct entry *a, const struct entry *b)
{
    fl_party *party = fl_party_hide(&queue->guard_.word_);
    fl_bar bar = fl_bar_begin();
    int order = queue->compare_(a->item, b->item);
    fl_bar_end(bar);
    fl_party_show_again(party);
    return order < 0 || (order == 0 && a->order < b->order);
}

static void
heap_insert(filch_queue *queue, void *item)
{
    struct entry *heap = entries(queue);
    struct entry entry = {item, queue->order_++};
    size_t at = queue->count_++;
    while (at > 0 && before(queue, &entry, &heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = entry;
}

static void *
heap_remove(filch_queue *queue)
{
    struct entry *heap = entries(queue);
    void *item = heap[0].item;
    struct entry last = heap[--queue->count_];
    size_t at = 0, child;
    while ((child = 2 * at + 1) < queue->count_) {
        if (child + 1 < queue->count_ &&
            before(queue, &heap[child + 1], &heap[child])) {
            child++;
        }
        if (!before(queue, &heap[child], &last)) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return item;
}

/* ---- either ---- */

void
fl_queue_insert(filch_queue *queue, void *item)
{
    if (fl_unlikely(queue->flags_ & FL_QUEUE_PRIORITY)) {
        heap_insert(queue, item);
        return;
    }
    size_t at = (queue->head_ + queue->count_++) & (queue->capacity_ - 1);
    queue->slots_[at] = item;
}

void *
fl_queue_remove(filch_queue *queue)
{
    if (fl_unlikely(queue->flags_ & FL_QUEUE_PRIORITY)) {
        return heap_remove(queue);
    }
    size_t mask = queue->capacity_ - 1;
    queue->count_--;
    if (queue->flags_ & FL_QUEUE_LIFO) {
        return queue->slots_[(queue->head_ + queue->count_) & mask];
    }
    void *item = queue->slots_[queue->head_];
    queue->head_ = (queue->head_ + 1) & mask;
    return item;
}
