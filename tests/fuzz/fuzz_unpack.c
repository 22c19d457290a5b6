/*
 * A packed file: any bytes. What pgz takes for a whole one, zlib must unpack to
 * the same bytes.
 */
#include "../../tools/pgz/decompress.h"
#include "../../tools/pgz/header.h"
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

enum { MOST = 8 * CHUNK_RAW }; /* a bomb is not unpacked to its end */

static unsigned char *output, *reference;
static struct chunk *chunk;
static struct input input; /* a large one, made once */
static void *tool;

static void
begin(void)
{
    int fd = memfd_create("packed", MFD_CLOEXEC);
    MUST(fd >= 0 && input_init(&input, fd, UNPACK_AHEAD) == 0);
    output = malloc(MOST);
    reference = malloc(MOST);
    chunk = chunk_pool_make(1);
    MUST(output && reference && chunk);
}

/* ---- by pgz ---- */

/* Whether it is whole; how much it holds, and false if that is too much. */
static int
unpack(struct unpacker *unpacker, struct codec *codec, size_t *size)
{
    const char *fault = NULL;
    enum step step = STEP_READY;
    *size = 0;
    while (!fault && step != STEP_END && *size + CHUNK_RAW <= MOST) {
        chunk_clear(chunk);
        step = codec->read(codec, chunk);
        if (step == STEP_WORK && !tool)
            tool = codec->tool_make(codec);
        if (step == STEP_WORK)
            codec->work(codec, tool, chunk);
        MUST(chunk->raw_size <= CHUNK_RAW);
        memcpy(output + *size, chunk->raw, chunk->raw_size);
        *size += chunk->raw_size;
        fault = chunk->fault;
    }
    return !fault && step == STEP_END && unpacker->started;
}

static int
unpack_by_pgz(const uint8_t *data, size_t size, size_t *got)
{
    struct unpacker unpacker;
    MUST(ftruncate(input.fd, 0) == 0);
    MUST(pwrite(input.fd, data, size, 0) == (ssize_t)size);
    MUST(lseek(input.fd, 0, SEEK_SET) == 0);
    input.begin = input.end = input.total = 0;
    input.ended = false;
    input.fault = NULL;
    struct codec *codec = unpacker_init(&unpacker, &input, false);
    int whole = unpack(&unpacker, codec, got);
    unpacker_destroy(&unpacker);
    return whole;
}

/* ---- by zlib: member after member ---- */

static void
unpack_by_zlib(const uint8_t *data, size_t size, size_t *got)
{
    z_stream stream = {.next_in = (unsigned char *)data,
                       .avail_in = (unsigned)size,
                       .next_out = reference,
                       .avail_out = MOST};
    MUST(inflateInit2(&stream, MAX_WBITS + 16) == Z_OK);
    while (header_is_gzip(stream.next_in, stream.avail_in)) {
        MUST(inflateReset(&stream) == Z_OK);
        MUST(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    }
    *got = MOST - stream.avail_out;
    inflateEnd(&stream);
}

/* ---- heads ---- */

static void
read_heads(const uint8_t *data, size_t size)
{
    struct header_member member;
    struct header_file file;
    /* in a block of its own, so that reading past the end shows */
    unsigned char *copy = malloc(size ? size : 1);
    MUST(copy);
    memcpy(copy, data, size);
    header_read_own(copy, size, &member);
    header_read_file(copy, size, &file);
    MUST(!file.name || strlen(file.name) < size);
    free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t got, expected;
    if (!output)
        begin();
    read_heads(data, size);
    if (unpack_by_pgz(data, size, &got)) {
        unpack_by_zlib(data, size, &expected);
        MUST(got == expected && memcmp(output, reference, got) == 0);
    }
    return 0;
}
