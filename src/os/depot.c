#include "os/depot.h"

#include "os/chaos.h"

void
fl_depot_give(fl_depot *depot, fl_link *batch)
{
    fl_chaos();
    fl_guard_lock(&depot->guard);
    batch->batch = depot->first;
    depot->first = batch;
    fl_store_relaxed(&depot->batches, fl_load_relaxed(&depot->batches) + 1);
    fl_guard_unlock(&depot->guard);
}

fl_link *
fl_depot_take(fl_depot *depot)
{
    fl_chaos();
    fl_guard_lock(&depot->guard);
    fl_link *batch = depot->first;
    if (batch) {
        depot->first = batch->batch;
        fl_store_relaxed(&depot->batches, fl_load_relaxed(&depot->batches) - 1);
    }
    fl_guard_unlock(&depot->guard);
    return batch;
}

void
fl_depot_give_one(fl_depot *depot, fl_link *item)
{
    item->next = NULL;
    fl_depot_give(depot, item);
}

fl_link *
fl_depot_take_one(fl_depot *depot)
{
    fl_link *batch = fl_depot_take(depot);
    if (batch && batch->next) {
        fl_depot_give(depot, batch->next);
    }
    return batch;
}

void
fl_depot_fill(fl_depot *depot, void *memory, size_t size, size_t n)
{
    fl_link *batch = NULL;
    for (size_t i = n; i-- > 0;) {
        fl_link *link = (fl_link *)(void *)((char *)memory + i * size);
        link->next = batch;
        batch = link;
        if (i % FL_BATCH == 0) {
            fl_depot_give(depot, batch);
            batch = NULL;
        }
    }
}

fl_link *
fl_cache_refill(fl_cache *cache, fl_depot *depot)
{
    cache->items = cache->full ? cache->full : fl_depot_take(depot);
    cache->full = NULL;
    cache->count = cache->items ? FL_BATCH : 0;
    return cache->items;
}

fl_link *
fl_cache_roll(fl_cache *cache)
{
    fl_link *surplus = cache->full;
    cache->full = cache->items;
    cache->items = NULL;
    cache->count = 0;
    return surplus;
}
