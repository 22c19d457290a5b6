/*
 * Free objects of one kind: a cache for each worker, and a depot behind them
 * through which the caches exchange batches. So objects made on one worker and
 * given back on another neither pile up nor contend.
 *
 * An object's first words are a fl_link while it is free. A cache belongs to
 * one worker and has no lock; a depot may be used from any thread.
 *
 * The scheme is Bonwick's magazines ("Magazines and Vmem", USENIX 2001).
 *
 * Checked by tests/unit/test_depot.c, tests/model/depot.c.
 */
#ifndef FL_DEPOT_H
#define FL_DEPOT_H

#include "os/guard.h"

#ifndef FL_BATCH
#define FL_BATCH 64
#endif

typedef struct fl_link {
    struct fl_link *next; /* in its batch */
    /* Of a batch's first, in a depot: the next batch. Else who was put a little
     * before it, to be taken a little after it, or nonsense: just for the CPU to
     * fetch. */
    struct fl_link *batch;
} fl_link;

typedef struct fl_depot {
    fl_atomic32 guard;
    fl_atomic64 batches; /* how many are in the list; changed under guard */
    fl_link *first;      /* guard */
} fl_depot;

#ifndef FL_LATEST
#define FL_LATEST 16
#endif

typedef struct fl_cache {
    fl_link *items;
    unsigned count; /* of items, at most; a batch may be a short one */
    fl_link *full;  /* one batch in reserve, or NULL */
    fl_link *latest[FL_LATEST]; /* who was put last, in a ring */
} fl_cache;

/* Gives a batch, or takes one: NULL when there is none. */
void fl_depot_give(fl_depot *depot, fl_link *batch);
fl_link *fl_depot_take(fl_depot *depot);

/* The same for one object, by a thread without a cache. */
void fl_depot_give_one(fl_depot *depot, fl_link *item);
fl_link *fl_depot_take_one(fl_depot *depot);

/* Gives the n objects of `size` bytes that lie at `memory`. */
void fl_depot_fill(fl_depot *depot, void *memory, size_t size, size_t n);

/* How many batches there are just now. */
static inline size_t
fl_depot_size(const fl_depot *depot)
{
    return (size_t)fl_load_relaxed(&depot->batches);
}

/* The slow sides of the two below. */
fl_link *fl_cache_refill(fl_cache *cache, fl_depot *depot);
fl_link *fl_cache_roll(fl_cache *cache);

/* One of the items, of which there are some; to be put back soon. */
static inline fl_link *
fl_cache_borrow(fl_cache *cache)
{
    fl_link *item = cache->items;
    cache->items = item->next;
    cache->count--;
    return item;
}

/* The same for long, as others will be. */
static inline fl_link *
fl_cache_take(fl_cache *cache)
{
    fl_link *item = fl_cache_borrow(cache);
    fl_fetch(item->batch);
    return item;
}

/* An object, or NULL when cache and depot are empty. */
static inline fl_link *
fl_cache_pop(fl_cache *cache, fl_depot *depot)
{
    if (fl_unlikely(!cache->items) && !fl_cache_refill(cache, depot)) {
        return NULL;
    }
    return fl_cache_take(cache);
}

/* Puts an object; returns a batch that is too much for the cache, or NULL. */
static inline fl_link *
fl_cache_push(fl_cache *cache, fl_link *item)
{
    fl_link *surplus = NULL;
    if (fl_unlikely(cache->count >= FL_BATCH)) {
        surplus = fl_cache_roll(cache);
    }
    fl_link **latest = &cache->latest[cache->count % FL_LATEST];
    item->next = cache->items;
    item->batch = *latest;
    *latest = item;
    cache->items = item;
    cache->count++;
    return surplus;
}

/* Puts back what was borrowed, if all that was taken later is back. */
static inline bool
fl_cache_put_back(fl_cache *cache, fl_link *item)
{
    if (fl_unlikely(item->next != cache->items || cache->count >= FL_BATCH)) {
        return false;
    }
    cache->items = item;
    cache->count++;
    return true;
}

#endif
