/* The version of the headers, and of the library that a program runs with. */
#ifndef FILCH_VERSION_H
#define FILCH_VERSION_H

#include <filch/base.h>

#define FILCH_VERSION_MAJOR 0
#define FILCH_VERSION_MINOR 1
#define FILCH_VERSION_PATCH 0
#define FILCH_VERSION "0.1.0"

FILCH_BEGIN_DECLS

/* The version of the library that the program runs with, as in FILCH_VERSION.
 * Static. */
FILCH_API const char *filch_version(void);

FILCH_END_DECLS

#endif
