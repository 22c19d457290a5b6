/* Unpacking one member piecemeal, whatever its size, with zlib. */
#ifndef PGZ_INFLATE_H
#define PGZ_INFLATE_H

#include "chunk.h"
#include "input.h"
#include <zlib.h>

struct inflater {
    z_stream stream;
    bool ready; /* the stream has been initialised */
};

/* Begins a member. NULL, or what is wrong. */
const char *inflater_begin(struct inflater *inflater);

/*
 * Unpacks until the chunk is full or the member ends; `*ended` says which. A
 * fault goes into the chunk, beside what could be unpacked before it.
 */
void inflater_fill(struct inflater *inflater, struct input *input,
                   struct chunk *chunk, bool *ended);

void inflater_destroy(struct inflater *inflater);

#endif
