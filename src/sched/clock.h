/* The time as those see it who ask. */
#ifndef FL_CLOCK_H
#define FL_CLOCK_H

#include "os/os.h"

struct filch_runtime;

/* That of a runtime: the system's, or a deterministic one's own. */
filch_time fl_now_of(const struct filch_runtime *runtime);

/* That of the caller's runtime; a plain thread's is the system's. */
filch_time fl_now(void);

#endif
