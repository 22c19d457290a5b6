/* What a packed file keeps of the file it was made from. */
#ifndef PGZ_ATTRIBUTES_H
#define PGZ_ATTRIBUTES_H

#include <sys/stat.h>

/*
 * Gives a file the times, the owner and the mode of another; `name` is for
 * warnings.
 */
void attributes_copy(int fd, const char *name, const struct stat *from);

#endif
