#include "sched/pool.h"

#include <stdlib.h>

#define FIRST_SIZE 256

/* Moves all that is there to the front. */
static void
compact(fl_pool *pool)
{
    size_t to = 0;
    for (size_t i = pool->begin; i < pool->end; i++) {
        if (pool->entries[i].work) {
            pool->entries[to++] = pool->entries[i];
        }
    }
    pool->begin = 0;
    pool->end = to;
}

bool
fl_pool_reserve(fl_pool *pool)
{
    if (pool->end < pool->capacity) {
        return true;
    }
    if (pool->count < pool->capacity / 2) {
        compact(pool);
        return true;
    }
    size_t capacity = pool->capacity ? pool->capacity * 2 : FIRST_SIZE;
    fl_entry *entries = realloc(pool->entries, capacity * sizeof *entries);
    if (entries) {
        pool->entries = entries;
        pool->capacity = capacity;
    } else {
        compact(pool);
    }
    return pool->end < pool->capacity;
}

void
fl_pool_free(fl_pool *pool)
{
    free(pool->entries);
}

void
fl_pool_add(fl_pool *pool, fl_entry entry)
{
    pool->entries[pool->end++] = entry;
    pool->count++;
}

size_t
fl_pool_find(const fl_pool *pool, uint32_t number)
{
    size_t at = fl_pool_from(pool, pool->begin);
    while (at < pool->end && pool->entries[at].number != number) {
        at = fl_pool_from(pool, at + 1);
    }
    return at;
}

/* Who looks for it mostly has just put it there. */
size_t
fl_pool_find_work(const fl_pool *pool, const struct fl_work *work)
{
    for (size_t at = pool->end; at > pool->begin; at--) {
        if (pool->entries[at - 1].work == work) {
            return at - 1;
        }
    }
    return pool->end;
}

void
fl_pool_trim(fl_pool *pool)
{
    while (pool->end > pool->begin && !pool->entries[pool->end - 1].work) {
        pool->end--;
    }
}

fl_entry
fl_pool_take(fl_pool *pool, size_t at)
{
    fl_entry entry = pool->entries[at];
    pool->entries[at].work = NULL;
    pool->count--;
    pool->begin = fl_pool_from(pool, pool->begin);
    if (pool->count == 0) {
        pool->begin = pool->end = 0;
    } else if (pool->count < (pool->end - pool->begin) / 4) {
        compact(pool);
    }
    return entry;
}
