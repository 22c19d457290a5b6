#include "decompress.h"
#include <libdeflate.h>

enum { GZIP_FIRST = 0x1f }; /* byte of a member */

static const char cut_off[] = "unexpected end of file";

static struct unpacker *
unpacker_of(struct codec *codec)
{
    return (struct unpacker *)codec; /* it is the first member */
}

static enum step
end_with(struct chunk *chunk, const char *fault)
{
    chunk->fault = fault;
    return fault ? STEP_READY : STEP_END;
}

static enum step
copy(struct input *input, struct chunk *chunk)
{
    chunk->raw_size = input_take(input, chunk->raw, CHUNK_RAW);
    chunk->fault = input->fault;
    return chunk->raw_size || chunk->fault ? STEP_READY : STEP_END;
}

static enum step
inflate_some(struct unpacker *unpacker, struct chunk *chunk)
{
    bool ended = false;

    inflater_fill(&unpacker->inflater, unpacker->codec.input, chunk, &ended);
    unpacker->inflating = !ended;
    return STEP_READY;
}

/* Members can be padded with zeros, as on a tape. */
static bool
only_zeros_follow(struct input *input)
{
    while (input_need(input, 1) && *input_front(input) == 0)
        input_skip(input, 1);
    return input_at_end(input);
}

/*
 * What follows a member and is none itself is not part of the file; unless
 * that member told that another of ours should be here.
 */
static enum step
read_rest(struct unpacker *unpacker, struct chunk *chunk)
{
    struct input *input = unpacker->codec.input;

    if (!unpacker->started && input_at_end(input) && !input->fault &&
        unpacker->copy_allowed)
        return STEP_END; /* a copy of nothing */
    if (!unpacker->started && !input_at_end(input)) {
        unpacker->copying = unpacker->copy_allowed;
        return unpacker->copying ? copy(input, chunk)
                                 : end_with(chunk, "not in gzip format");
    }
    if (input->fault)
        return end_with(chunk, input->fault);
    if (input_need(input, 2) == 1 && *input_front(input) == GZIP_FIRST)
        return end_with(chunk, cut_off); /* in the next member's first bytes */
    if (!unpacker->started || (unpacker->more && input_at_end(input)))
        return end_with(chunk, cut_off);
    if (unpacker->more)
        return end_with(chunk, "invalid compressed data--a part is missing");
    unpacker->garbage = !only_zeros_follow(input);
    return end_with(chunk, input->fault);
}

/*
 * Moves a member of ours into the chunk, if it is there as a whole and fits. A
 * later pgz may make larger ones.
 */
static bool
take_own(struct input *input, struct chunk *chunk, size_t size)
{
    const unsigned char *end;

    if (size < HEADER_OWN + TRAILER || size > CHUNK_PACKED ||
        input_need(input, size) < size)
        return false;
    end = input_front(input) + size;
    if (header_read_32(end - 4) > CHUNK_RAW)
        return false;
    chunk->packed_size = input_take(input, chunk->packed, size);
    return true;
}

static enum step
begin_member(struct unpacker *unpacker, struct chunk *chunk)
{
    struct input *input = unpacker->codec.input;
    struct header_member member;
    size_t n = input_need(input, HEADER_OWN);
    bool own = header_read_own(input_front(input), n, &member);

    unpacker->started = true;
    unpacker->more = own && member.more;
    if (own && take_own(input, chunk, member.size))
        return STEP_WORK;
    chunk->fault = inflater_begin(&unpacker->inflater);
    return chunk->fault ? STEP_READY : inflate_some(unpacker, chunk);
}

/* Runs in the reader's thread. */
static enum step
read_packed(struct codec *codec, struct chunk *chunk)
{
    struct unpacker *unpacker = unpacker_of(codec);
    struct input *input = codec->input;

    if (unpacker->copying)
        return copy(input, chunk);
    if (unpacker->inflating)
        return inflate_some(unpacker, chunk);
    if (input_need(input, 2) < 2 || !header_is_gzip(input_front(input), 2))
        return read_rest(unpacker, chunk);
    return begin_member(unpacker, chunk);
}

static void *
decompressor_make(const struct codec *codec)
{
    (void)codec;
    return libdeflate_alloc_decompressor();
}

static void
decompressor_free(void *tool)
{
    libdeflate_free_decompressor(tool);
}

/* Runs in a task. */
static void
unpack(const struct codec *codec, void *tool, struct chunk *chunk)
{
    size_t used = 0;
    enum libdeflate_result result = libdeflate_gzip_decompress_ex(
        tool, chunk->packed, chunk->packed_size, chunk->raw, CHUNK_RAW, &used,
        &chunk->raw_size);

    (void)codec;
    if (result == LIBDEFLATE_SUCCESS && used == chunk->packed_size)
        return;
    chunk->fault = "invalid compressed data";
    chunk->raw_size = 0;
}

struct codec *
unpacker_init(struct unpacker *unpacker, struct input *input, bool copy_allowed)
{
    *unpacker = (struct unpacker){.codec = {.read = read_packed,
                                            .tool_make = decompressor_make,
                                            .tool_free = decompressor_free,
                                            .work = unpack,
                                            .input = input},
                                  .copy_allowed = copy_allowed};
    return &unpacker->codec;
}

void
unpacker_destroy(struct unpacker *unpacker)
{
    inflater_destroy(&unpacker->inflater);
}
