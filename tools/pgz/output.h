/*
 * The file that is being written. There is one at a time; until it is complete
 * it is *partial*, and goes away with everything that ends pgz, signals
 * included.
 */
#ifndef PGZ_OUTPUT_H
#define PGZ_OUTPUT_H

#include <stddef.h>

/* Makes a new file; stores its descriptor. 0, or an errno: EEXIST. */
int output_create(const char *name, int *fd);

/* Writes all `n` bytes, to any descriptor. 0, or an errno. */
int output_write(int fd, const unsigned char *bytes, size_t n);

/*
 * Closes the file, which is complete now. 0, or an errno, upon which it has
 * been removed.
 */
int output_complete(void);

/* Closes and removes the file. */
void output_discard(void);

/*
 * Removes the file, if there is one, and keeps all others of these calls
 * waiting from now on, since the caller is about to end the program. Returns
 * the file's name, or NULL.
 */
const char *output_abandon(void);

#endif
