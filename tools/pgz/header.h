/*
 * The head of a gzip member (RFC 1952).
 *
 * pgz cuts a file into chunks and makes each a member of its own. Every gzip
 * reads such a file as one; so that pgz can also unpack the members side by
 * side, and notices when the last ones are missing, each has an extra field,
 * which other programs skip:
 *
 *     'F' 'L'   5 0   size of the member (4 bytes, low first)   more (1 byte)
 *
 * `more` is 1 when another member of the same file follows.
 */
#ifndef PGZ_HEADER_H
#define PGZ_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HEADER_OWN = 21,               /* head of a member of ours, unnamed */
    HEADER_MAX = HEADER_OWN + 256, /* the same with the longest file name */
    TRAILER = 8                    /* CRC-32 and size of what was packed */
};

/* A member of ours, as its head tells it. */
struct header_member {
    uint32_t size; /* of the whole member */
    bool more;
};

/* What the user sees of a file in its first member. */
struct header_file {
    const char *name; /* NULL: none */
    uint32_t mtime;   /* 0: none */
};

/* The size of the head that header_write writes. */
size_t header_size(const struct header_file *file);

/* Writes the head of a member of ours. */
void header_write(unsigned char *out, const struct header_file *file,
                  const struct header_member *member, int level);

/* Writes the end of a member. */
void header_write_trailer(unsigned char *out, uint32_t crc, uint32_t size);

/* Whether a member, of anyone, begins with these bytes. */
bool header_is_gzip(const unsigned char *in, size_t n);

/* Whether a member of ours begins with these bytes, and what it tells. */
bool header_read_own(const unsigned char *in, size_t n,
                     struct header_member *member);

/*
 * Finds name and time in the head of anyone's member. The name is NULL if the
 * head has none, or is longer than `n`; else it points into `in`.
 */
void header_read_file(const unsigned char *in, size_t n,
                      struct header_file *file);

/* Four bytes, the lowest first. */
uint32_t header_read_32(const unsigned char *in);

#endif
