#include "os/guard.h"

#define SPINS 50

void
fl_guard_wait(const fl_atomic32 *guard, unsigned *round)
{
    /* only look: an exchange would take the line from the holder */
    for (int i = 0; i < SPINS; i++) {
        if (!fl_load_relaxed(guard)) {
            return;
        }
        fl_pause();
    }
    fl_os_back_off((*round)++);
}
