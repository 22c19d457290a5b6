#include "os/guard.h"

#define PAUSES 100 /* between two looks: one or two microseconds */
#define LOOKS 4
#define TURN 1000     /* pauses */
#define PATIENCE 1000 /* rounds: a second */

/*
 * Whether the guard is free after a while, or reserved for another worker,
 * which whoever comes may take away (fiber/reserve.h). Only to look would take
 * its line from the holder, and so would an exchange; who keeps away for a
 * while lets the other worker do a hundred calls in a row, at 5 ns each in
 * place of 100.
 */
static bool
is_free_soon(const fl_atomic32 *guard)
{
    for (int looks = 0; looks < LOOKS; looks++) {
        for (int i = 0; i < PAUSES; i++) {
            fl_pause();
        }
        if (fl_load_relaxed(guard) != 1) { /* free, or reserved */
            return true;
        }
    }
    return false;
}

void
fl_guard_back_off(unsigned round)
{
    if (fl_os_forked() && round > PATIENCE) {
        fl_fatal("a forked child uses what another thread was just using "
                 "at the fork: it may only call exec or _exit");
    }
    fl_os_back_off(round);
}

/* Who hurries holds the guard by the time of the look, or has it reserved. */
void
fl_guard_keep_away(const fl_atomic32 *guard)
{
    for (int i = 0; i < TURN; i++) {
        if (i == PAUSES && fl_load_relaxed(guard) == 0) {
            return;
        }
        fl_pause();
    }
}

FL_NOINLINE void
fl_guard_wait(const fl_atomic32 *guard)
{
    for (unsigned round = 0; !is_free_soon(guard); round++) {
        fl_guard_back_off(round);
    }
}
