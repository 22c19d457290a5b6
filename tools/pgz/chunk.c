#include "chunk.h"
#include <stdlib.h>

void
chunk_clear(struct chunk *chunk)
{
    chunk->raw_size = 0;
    chunk->packed_size = 0;
    chunk->first = false;
    chunk->last = false;
    chunk->position = 0;
    chunk->fault = NULL;
    filch_event_clear(&chunk->done);
}

struct chunk *
chunk_pool_make(size_t n)
{
    struct chunk *pool = calloc(n, sizeof *pool);

    for (size_t i = 0; pool && i < n; i++) {
        filch_event_init(&pool[i].done);
        pool[i].raw = malloc(CHUNK_RAW);
        pool[i].packed = malloc(CHUNK_PACKED);
        if (!pool[i].raw || !pool[i].packed) {
            chunk_pool_free(pool, i + 1);
            return NULL;
        }
    }
    return pool;
}

void
chunk_pool_free(struct chunk *pool, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(pool[i].raw);
        free(pool[i].packed);
    }
    free(pool);
}
