#include "header.h"
#include <string.h>

enum { MAGIC_1 = 0x1f, MAGIC_2 = 0x8b, DEFLATE = 8, UNIX = 3 };
enum { FLAG_EXTRA = 4, FLAG_NAME = 8 };
enum { FIXED = 10, EXTRA_SIZE = 9 };

static const unsigned char extra_head[] = {EXTRA_SIZE, 0, 'F', 'L', 5, 0};

static void
write_32(unsigned char *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (unsigned char)(value >> 8 * i);
}

uint32_t
header_read_32(const unsigned char *in)
{
    return in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 |
           (uint32_t)in[3] << 24;
}

size_t
header_size(const struct header_file *file)
{
    return HEADER_OWN + (file->name ? strlen(file->name) + 1 : 0);
}

/* Which of its extremes a compressor was set to, for who wants to know. */
static unsigned char
effort(int level)
{
    return level >= 9 ? 2 : level == 1 ? 4 : 0;
}

void
header_write(unsigned char *out, const struct header_file *file,
             const struct header_member *member, int level)
{
    out[0] = MAGIC_1;
    out[1] = MAGIC_2;
    out[2] = DEFLATE;
    out[3] = (unsigned char)(FLAG_EXTRA | (file->name ? FLAG_NAME : 0));
    write_32(out + 4, file->mtime);
    out[8] = effort(level);
    out[9] = UNIX;
    memcpy(out + FIXED, extra_head, sizeof extra_head);
    write_32(out + FIXED + sizeof extra_head, member->size);
    out[HEADER_OWN - 1] = member->more;
    if (file->name)
        strcpy((char *)out + HEADER_OWN, file->name);
}

void
header_write_trailer(unsigned char *out, uint32_t crc, uint32_t size)
{
    write_32(out, crc);
    write_32(out + 4, size);
}

bool
header_is_gzip(const unsigned char *in, size_t n)
{
    return n >= 2 && in[0] == MAGIC_1 && in[1] == MAGIC_2;
}

bool
header_read_own(const unsigned char *in, size_t n, struct header_member *member)
{
    if (n < HEADER_OWN || !header_is_gzip(in, n) || in[2] != DEFLATE ||
        (in[3] & ~FLAG_NAME) != FLAG_EXTRA ||
        memcmp(in + FIXED, extra_head, sizeof extra_head) != 0)
        return false;
    member->size = header_read_32(in + FIXED + sizeof extra_head);
    member->more = in[HEADER_OWN - 1] & 1;
    return true;
}

void
header_read_file(const unsigned char *in, size_t n, struct header_file *file)
{
    size_t at = FIXED;

    *file = (struct header_file){NULL, 0};
    if (n < FIXED || !header_is_gzip(in, n))
        return;
    file->mtime = header_read_32(in + 4);
    if (in[3] & FLAG_EXTRA && n >= FIXED + 2)
        at += 2 + (in[FIXED] | (size_t)in[FIXED + 1] << 8);
    if (in[3] & FLAG_NAME && at < n && memchr(in + at, 0, n - at))
        file->name = (const char *)in + at;
}
