/* The line on a terminal that shows how far a file has got. */
#ifndef PGZ_PROGRESS_H
#define PGZ_PROGRESS_H

#include <stdint.h>

/*
 * Begins a file of `size` bytes (0: not known), if standard error is a
 * terminal. Until then, nothing is shown.
 */
void progress_begin(const char *name, uint64_t size);

/*
 * Shows that `position` bytes of the file have been used, and that they were
 * or became `raw` bytes unpacked. Draws now and then only.
 */
void progress_show(uint64_t position, uint64_t raw);

/* Takes the line away, until it is drawn again. From any thread. */
void progress_erase(void);

/* The file is done. */
void progress_end(void);

#endif
