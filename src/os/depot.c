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
        fl_store_relaxed(&depot->batches,
                         fl_load_relaxed(&depot->batches) - 1);
    }
    fl_guard_unlock(&depot->guard);
    return batch;
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
