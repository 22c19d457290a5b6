#include "inflate.h"
#include <errno.h>
#include <string.h>

enum { GZIP_WINDOW = MAX_WBITS + 16 };

const char *
inflater_begin(struct inflater *inflater)
{
    if (inflater->ready)
        return inflateReset(&inflater->stream) == Z_OK ? NULL : "zlib failed";
    if (inflateInit2(&inflater->stream, GZIP_WINDOW) != Z_OK)
        return strerror(ENOMEM);
    inflater->ready = true;
    return NULL;
}

/* Lets zlib take from the input's buffer what it can. Its verdict. */
static int
feed(struct inflater *inflater, struct input *input, struct chunk *chunk)
{
    z_stream *stream = &inflater->stream;
    size_t n = input_need(input, 1);
    int verdict;

    stream->next_in = (unsigned char *)input_front(input);
    stream->avail_in = (unsigned)n;
    stream->next_out = chunk->raw + chunk->raw_size;
    stream->avail_out = (unsigned)(CHUNK_RAW - chunk->raw_size);
    verdict = inflate(stream, Z_NO_FLUSH);
    input_skip(input, n - stream->avail_in);
    chunk->raw_size = CHUNK_RAW - stream->avail_out;
    return verdict;
}

/* A text that outlives the inflater, in gzip's words. */
static const char *
fault_of(const struct inflater *inflater, const struct input *input,
         int verdict)
{
    const char *message = inflater->stream.msg;

    if (verdict == Z_BUF_ERROR)
        return input->fault ? input->fault : "unexpected end of file";
    if (verdict == Z_MEM_ERROR)
        return strerror(ENOMEM);
    if (message && strcmp(message, "incorrect data check") == 0)
        return "invalid compressed data--crc error";
    if (message && strcmp(message, "incorrect length check") == 0)
        return "invalid compressed data--length error";
    return "invalid compressed data--format violated";
}

void
inflater_fill(struct inflater *inflater, struct input *input,
              struct chunk *chunk, bool *ended)
{
    uint64_t before = input_position(input);
    int verdict = Z_OK;

    while (verdict == Z_OK && chunk->raw_size < CHUNK_RAW)
        verdict = feed(inflater, input, chunk);
    *ended = verdict == Z_STREAM_END;
    if (verdict != Z_OK && !*ended)
        chunk->fault = fault_of(inflater, input, verdict);
    chunk->packed_size = (size_t)(input_position(input) - before);
}

void
inflater_destroy(struct inflater *inflater)
{
    if (inflater->ready)
        inflateEnd(&inflater->stream);
}
