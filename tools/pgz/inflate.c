#include "inflate.h"
#include <errno.h>
#include <stdio.h>
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

static const char *
fault_of(struct inflater *inflater, const struct input *input, int verdict)
{
    if (verdict == Z_BUF_ERROR)
        return input->fault ? input->fault : "unexpected end of file";
    if (verdict == Z_MEM_ERROR)
        return strerror(ENOMEM);
    snprintf(inflater->text, sizeof inflater->text,
             "invalid compressed data: %s",
             inflater->stream.msg ? inflater->stream.msg : "not deflate");
    return inflater->text;
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
