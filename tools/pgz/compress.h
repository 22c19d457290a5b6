/* Packing: each chunk becomes a gzip member of its own. */
#ifndef PGZ_COMPRESS_H
#define PGZ_COMPRESS_H

#include "pipeline.h"

struct packer {
    struct codec codec;
    int level;
    struct header_file file;
    bool started; /* the first chunk has been read */
};

/* From 1 to 12; what gzip and pgz call 1 to 9 cost and give about as much. */
enum { LEVEL_MAX = 12, LEVEL_DEFAULT = 6 };

/* The codec lives in `packer`; `file` goes into the head of what is written. */
struct codec *packer_init(struct packer *packer, struct input *input, int level,
                          struct header_file file);

#endif
