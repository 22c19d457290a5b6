/*
 * The way of a file through pgz:
 *
 *               .--------------------- free <---------------------.
 *               |                                                 |
 *               v                                                 |
 *     file -> reader -----------------> order ----------------> writer -> file
 *             (thread)                                         (thread)
 *               |                                                 ^
 *               '-----> work -----> a task for each worker - - - -'
 *                                                        chunk's event
 *
 * Chunks circulate, so that memory is bounded: when the output is slow all are
 * on their way, and the reader waits for a free one. Reading and writing block
 * plain threads, never a worker. The reader puts each chunk in `order` as well
 * as in `work`; the writer takes them from there one by one and waits for the
 * event that says this one is done.
 *
 * The end, and every fault, travels the same way: the reader shuts `work` and
 * `order` down, the tasks and the writer finish what is in them and leave. A
 * fault comes to the writer in its chunk, at its place in the file. When the
 * writer cannot go on, it takes the free chunks away from the reader.
 */
#ifndef PGZ_PIPELINE_H
#define PGZ_PIPELINE_H

#include "chunk.h"
#include "crew.h"
#include "input.h"

/* What the reader has made of a chunk. */
enum step {
    STEP_WORK,  /* a task must work on it */
    STEP_READY, /* it can be written as it is */
    STEP_END    /* nothing more came */
};

/*
 * What is done to the chunks: `read` by the reader's thread alone, `work` by
 * any of the tasks. Each task makes a tool of its own before its first chunk.
 */
struct codec {
    enum step (*read)(struct codec *codec, struct chunk *chunk);
    void *(*tool_make)(const struct codec *codec); /* NULL: no memory */
    void (*tool_free)(void *tool);
    void (*work)(const struct codec *codec, void *tool, struct chunk *chunk);
    bool packs; /* chunks leave packed, not raw */
    struct input *input;
};

struct outcome {
    const char *fault;  /* NULL: all went well */
    bool output_failed; /* the fault is the output's */
    uint64_t raw;       /* bytes unpacked */
    uint64_t packed;    /* bytes packed */
};

/* Runs a file through the codec into `fd` (-1: nowhere). */
struct outcome pipeline_run(struct crew *crew, struct codec *codec, int fd);

#endif
