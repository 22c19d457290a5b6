/*
 * One piece of a file on its way through the pipeline, unpacked and packed.
 *
 * A chunk belongs to the reader from the free queue on, then to the task that
 * works on it, then, once `done` is set, to the writer, who puts it back.
 */
#ifndef PGZ_CHUNK_H
#define PGZ_CHUNK_H

#include "header.h"
#include <filch/event.h>

/*
 * What a chunk holds, unpacked. Each member starts without a past to refer to,
 * which costs bytes: on text 2.0 % with 256 KiB, 1.2 % with 512, 0.8 % with
 * 1024, measured against pigz. More also costs memory, and leaves workers idle
 * at the end of a file.
 */
enum { CHUNK_RAW = 512 * 1024 };

/* A member that does not shrink is stored, 5 bytes a block of 64 KiB; here
 * with room for smaller blocks. */
enum { CHUNK_PACKED = CHUNK_RAW + CHUNK_RAW / 512 + HEADER_MAX + TRAILER };

struct chunk {
    unsigned char *raw;    /* CHUNK_RAW bytes */
    unsigned char *packed; /* CHUNK_PACKED bytes */
    size_t raw_size;
    size_t packed_size;
    bool first;        /* of its file */
    bool last;         /* of its file */
    uint64_t position; /* how far the input was used with this chunk */
    const char *fault; /* why the stream ends before it; NULL: it does not */
    filch_event done;  /* the chunk can be written */
};

/* Makes it hold nothing. */
void chunk_clear(struct chunk *chunk);

/* `n` chunks with their memory; NULL: no memory. */
struct chunk *chunk_pool_make(size_t n);
void chunk_pool_free(struct chunk *pool, size_t n);

#endif
