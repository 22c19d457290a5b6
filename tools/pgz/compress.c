#include "compress.h"
#include <libdeflate.h>

static struct packer *
packer_of(const struct codec *codec)
{
    return (struct packer *)codec; /* it is the first member */
}

/*
 * The last member must say that it is the last, and the file may end right
 * behind a full chunk: so it looks ahead.
 */
static enum step
read_raw(struct codec *codec, struct chunk *chunk)
{
    struct packer *packer = packer_of(codec);
    struct input *input = codec->input;

    if (packer->started && input_at_end(input))
        return STEP_END;
    chunk->first = !packer->started;
    packer->started = true;
    chunk->raw_size = input_take(input, chunk->raw, CHUNK_RAW);
    chunk->last = input_at_end(input);
    chunk->fault = input->fault;
    return chunk->fault ? STEP_READY : STEP_WORK;
}

static void *
compressor_make(const struct codec *codec)
{
    return libdeflate_alloc_compressor(packer_of(codec)->level);
}

static void
compressor_free(void *tool)
{
    libdeflate_free_compressor(tool);
}

static void
pack(const struct codec *codec, void *tool, struct chunk *chunk)
{
    static const struct header_file unnamed = {NULL, 0};
    const struct packer *packer = packer_of(codec);
    const struct header_file *file = chunk->first ? &packer->file : &unnamed;
    size_t head = header_size(file);
    unsigned char *body = chunk->packed + head;
    size_t size = libdeflate_deflate_compress(
        tool, chunk->raw, chunk->raw_size, body, CHUNK_PACKED - head - TRAILER);
    struct header_member member = {(uint32_t)(head + size + TRAILER),
                                   !chunk->last};

    if (size == 0) {
        chunk->fault = "does not fit in a chunk";
        return;
    }
    header_write(chunk->packed, file, &member, packer->level);
    header_write_trailer(body + size,
                         libdeflate_crc32(0, chunk->raw, chunk->raw_size),
                         (uint32_t)chunk->raw_size);
    chunk->packed_size = member.size;
}

struct codec *
packer_init(struct packer *packer, struct input *input, int level,
            struct header_file file)
{
    *packer = (struct packer){.codec = {.read = read_raw,
                                        .tool_make = compressor_make,
                                        .tool_free = compressor_free,
                                        .work = pack,
                                        .packs = true,
                                        .input = input},
                              .level = level,
                              .file = file};
    return &packer->codec;
}
