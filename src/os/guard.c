#include "os/guard.h"

#define SPINS 50

/* Spins for a while: whether the guard seems to be free. */
static bool
is_free_soon(const fl_atomic32 *guard)
{
    /* only look: an exchange would take the line from the holder */
    for (int i = 0; i < SPINS; i++) {
        if (!fl_load_relaxed(guard)) {
            return true;
        }
        fl_pause();
    }
    return false;
}

FL_NOINLINE void
fl_guard_wait(const fl_atomic32 *guard)
{
    for (unsigned round = 0; !is_free_soon(guard); round++) {
        fl_os_back_off(round);
    }
}
