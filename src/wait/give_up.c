/*
 * Giving a wait up: the part of who has decided it by a timeout or a cancel,
 * and of who comes by meanwhile to grant it.
 *
 * CONTRACT  The waiter leaves its list. Whoever is let go on by the object that
 *           it waited in may free that at once: so who has passed the waiter
 *           over leaves the guard only when the other will not touch it any
 *           more.
 * STATE     guard of the waiter: the guard's address, and in its low bits how
 *           far the two are; NULL at last
 * PROTOCOL      who gives up, or for it         who grants, in the guard
 *           B1  cas: the guard, COMING set  G1  takes the waiter out of its list
 *           B2  enters the guard; takes it  G2  cas: the guard as it was, NULL
 *               out of its list, leaves     G3  it was COMING: ASKED
 *           B3  or ASKED: keeps away; AWAY  G4  waits for AWAY; NULL
 *           B4  waits for NULL
 *           B1 fails where the guard is NULL; then, and after B4, the object is
 *           not touched. While G3 waits, B2 cannot get in, and looks for ASKED
 *           each time before it looks at the guard.
 * NO LOST WAKEUP  Both sides only ever wait for a thread that is in here.
 * MEMORY ORDER  AWAY releases what B2 did to the guard, before the object is
 *           freed. NULL releases, besides, R3 of wait.h (fl_say_cancelled reads
 *           the phase) and that the fiber is parked, as G1 knows by the guard.
 * LAST TOUCH  Of the object: B2's leaving, or AWAY. Of the waiter by who grants:
 *           NULL.
 * CHECKED BY  tests/model/freed.c, wait.c
 */
#include "os/chaos.h"
#include "wait/wait.h"

enum { COMING = 1, ASKED = 2, AWAY = 3 };

/* The guard with that step. */
static inline void *
at(void *guard, uintptr_t step)
{
    return (char *)guard + step;
}

FL_NOINLINE void
fl_pass_over(fl_waiter *waiter)
{
    void *guard = fl_guard_of(waiter), *seen = guard;
    fl_chaos();
    if (fl_cas_acq_rel(&waiter->guard, &seen, NULL)) {
        return; /* G2 */
    }
    fl_store_release(&waiter->guard, at(guard, ASKED)); /* G3 */
    unsigned round = 0;
    while (fl_load_acquire(&waiter->guard) != at(guard, AWAY)) {
        fl_guard_back_off(round++);
    }
    fl_store_release(&waiter->guard, NULL); /* G4 */
}

/* B3 and B4 */
static void
keep_away(fl_waiter *waiter, void *guard)
{
    unsigned round = 0;
    fl_chaos();
    fl_store_release(&waiter->guard, at(guard, AWAY));
    while (fl_load_acquire(&waiter->guard)) {
        fl_guard_back_off(round++);
    }
}

void
fl_give_up(fl_fiber *fiber)
{
    fl_waiter *waiter = &fiber->waiter;
    void *guard = fl_load_acquire(&waiter->guard);
    fl_chaos();
    if (guard && fl_cas_acq_rel(&waiter->guard, &guard, at(guard, COMING))) {
        fl_chaos();
        /* which also waits until the fiber is parked */
        if (fl_enter_word_unless(guard, &waiter->guard, at(guard, ASKED))) {
            if (waiter->list) {
                fl_take_out(waiter);
            }
            fl_leave_word(guard); /* B2 */
        } else {
            keep_away(waiter, guard);
        }
    }
    fl_say_cancelled(fiber);
}
