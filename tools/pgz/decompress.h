/*
 * Unpacking. Members of pgz's own, whose heads tell their size, go to the tasks
 * and are unpacked side by side; those of others, and what is cut off, are
 * unpacked piecemeal by the reader's thread.
 */
#ifndef PGZ_DECOMPRESS_H
#define PGZ_DECOMPRESS_H

#include "inflate.h"
#include "pipeline.h"

struct unpacker {
    struct codec codec;
    struct inflater inflater;
    bool inflating;    /* amid a member of others */
    bool copying;      /* the file is not packed, and is copied */
    bool copy_allowed; /* do that instead of complaining */
    bool started;      /* there was a member */
    bool more;         /* the last one said that another follows */
    bool garbage;      /* something else followed, and was ignored */
};

/* What an input for unpacking must be able to look ahead. */
enum { UNPACK_AHEAD = CHUNK_PACKED };

/* The codec lives in `unpacker`; unpacker_destroy ends it. */
struct codec *unpacker_init(struct unpacker *unpacker, struct input *input,
                            bool copy_allowed);
void unpacker_destroy(struct unpacker *unpacker);

#endif
