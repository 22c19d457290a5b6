/*
 * A fuzz target: what takes input from outside, given any bytes. libFuzzer
 * calls it (make fuzz), and replay.c with what is kept in tests/fuzz/corpus.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where that is not so, the input that shows it is kept. */
#define MUST(condition)                                                        \
    ((condition) ? (void)0                                                     \
                 : (fprintf(stderr, "%s:%d: not true: %s\n", __FILE__,         \
                            __LINE__, #condition),                             \
                    abort()))

/* The bytes cut at each `at`: the next piece, as a string in `out`, shortened
 * where it does not fit. Moves *data and *size past it; false at the end. */
static inline int
fuzz_piece(const uint8_t **data, size_t *size, char at, char *out, size_t room)
{
    size_t n = 0;
    if (*size == 0)
        return 0;
    while (*size > 0 && **data != (uint8_t)at) {
        if (n + 1 < room && **data)
            out[n++] = (char)**data;
        ++*data;
        --*size;
    }
    if (*size > 0) {
        ++*data;
        --*size;
    }
    out[n] = 0;
    return 1;
}

#endif
