/* File names and their suffixes. */
#ifndef PGZ_NAMES_H
#define PGZ_NAMES_H

/* The suffix of a packed file that the name ends in, or NULL. */
const char *name_suffix(const char *name, const char *suffix);

/*
 * The name with the suffix, or without; .tgz and .taz become .tar. To be
 * freed; NULL: no memory, or there is no known suffix.
 */
char *name_pack(const char *name, const char *suffix);
char *name_unpack(const char *name, const char *suffix);

/* `other` in the folder that `name` is in. To be freed; NULL: no memory. */
char *name_beside(const char *name, const char *other);

/* What follows the last slash. */
const char *name_base(const char *name);

#endif
