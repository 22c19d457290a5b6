/*
 * Names of tasks: copied into blocks of two sizes, each known by a number of 32
 * bits (0: none), so that a descriptor has to keep no more. Blocks are used
 * again, and never unmapped: who reads a name late finds some name.
 */
#ifndef FL_NAME_H
#define FL_NAME_H

#include "base/atomic.h"

/* Copies a text, of which what is too long is left out (NULL: none), in place
 * of the former one, whose block is freed. ENOMEM: that one stays. From
 * anywhere. */
int fl_name_set(fl_atomic32 *name, const char *text);

/* The text; NULL if there is none. It is the name's until that is set anew. */
const char *fl_name_text(const fl_atomic32 *name);

#endif
