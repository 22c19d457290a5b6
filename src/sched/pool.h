/*
 * What is runnable in a deterministic run, in the order in which it became so.
 *
 * CONTRACT  Only the runtime's one worker uses it. Any entry can be taken out;
 *           the others keep their order.
 * STATE     entries[begin .. end - 1], of which `count` are there: where one
 *           was taken out stays a hole (work NULL), until they are moved together.
 *           I1  the one at `begin` is there, unless the pool is empty
 */
#ifndef FL_POOL_H
#define FL_POOL_H

#include "base/base.h"

struct fl_work;

typedef struct fl_entry {
    struct fl_work *work; /* NULL: a hole */
    uint32_t number;      /* of the task, or the job */
    bool yielded;   /* it was running, and lets those before it go first */
    uint64_t since; /* how many had gone on when it came */
} fl_entry;

typedef struct fl_pool {
    fl_entry *entries;
    size_t begin, end, capacity, count;
} fl_pool;

/* Room for at least one more; false: no memory. */
bool fl_pool_reserve(fl_pool *pool);
void fl_pool_free(fl_pool *pool);

/* Adds at the end; there is room. */
void fl_pool_add(fl_pool *pool, fl_entry entry);

/* The index of the first that is there, from `at` on; `end` if none is. */
static inline size_t
fl_pool_from(const fl_pool *pool, size_t at)
{
    while (at < pool->end && !pool->entries[at].work) {
        at++;
    }
    return at;
}

/* Whether an entry may go on: who yielded lets those before it go first. */
static inline bool
fl_pool_may_go(const fl_pool *pool, size_t at)
{
    const fl_entry *entry = &pool->entries[at];
    return entry->work && (!entry->yielded || at == pool->begin);
}

/* Where that number stands, or that work; `end` if it is not there. */
size_t fl_pool_find(const fl_pool *pool, uint32_t number);
size_t fl_pool_find_work(const fl_pool *pool, const struct fl_work *work);

/* Forgets the holes at the end: for who takes the last, mostly. (Not where chance
 * picks places, of which there would be others.) */
void fl_pool_trim(fl_pool *pool);

/* Takes an entry out. */
fl_entry fl_pool_take(fl_pool *pool, size_t at);

#endif
