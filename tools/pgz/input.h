/*
 * A file that is read: with a small buffer, so that one can look ahead, and so
 * that another thread can end a read that waits for a silent pipe.
 *
 * One thread reads; input_interrupt may be called from any.
 */
#ifndef PGZ_INPUT_H
#define PGZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    int fd;
    int wake;              /* an eventfd: who writes it ends all reading */
    unsigned char *buffer; /* what was read ahead: from `begin` to `end` */
    size_t capacity;
    size_t begin, end;
    uint64_t total;    /* bytes read from fd */
    bool ended;        /* no more comes: the end, or a fault */
    const char *fault; /* why reading failed; NULL: it did not */
};

/* Takes over `fd`, with room to look `capacity` bytes ahead. 0 or an errno. */
int input_init(struct input *input, int fd, size_t capacity);

/* Closes the file. */
void input_destroy(struct input *input);

/*
 * Reads until `n` bytes (at most the capacity) are in the buffer, and perhaps
 * some more. Returns how many there are: fewer only at the end of the file or
 * on a fault.
 */
size_t input_need(struct input *input, size_t n);

/* The first byte of the buffer. */
const unsigned char *input_front(const struct input *input);

/* Drops the first `n` bytes of the buffer. */
void input_skip(struct input *input, size_t n);

/*
 * Moves up to `n` bytes to `out`, past the buffer where it can. Returns how
 * many: fewer only at the end of the file or on a fault.
 */
size_t input_take(struct input *input, unsigned char *out, size_t n);

/* Whether nothing is left. Reads a little ahead where it must. */
bool input_at_end(struct input *input);

/* How many bytes of the file have been used. */
uint64_t input_position(const struct input *input);

/* Ends a read that waits, and every later one, with a fault. */
void input_interrupt(struct input *input);

#endif
