/* What cppcheck reads in place of src/base/atomic.h, whose _Generic is beyond
 * it. The operations stay unknown functions, of which it assumes nothing. */
#ifndef FL_ATOMIC_H
#define FL_ATOMIC_H

#include "base/base.h"

typedef uint32_t fl_atomic32;
typedef uint64_t fl_atomic64;
typedef void *fl_atomic_ptr;

#endif
