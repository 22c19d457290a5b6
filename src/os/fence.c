#include "os/fence.h"

#include "os/guard.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST (10 * FL_FENCE_USUAL) /* who was interrupted may see any time */
#define WEIGHT 8                   /* it is what so many took, about */

bool fl_fence_asymmetric;
fl_atomic32 fl_fence_price = FL_FENCE_USUAL;

static int
membarrier(int command)
{
    int saved = errno;
    int error = syscall(SYS_membarrier, command, 0, 0) ? errno : 0;
    errno = saved;
    return error;
}

/* Nothing else does what it does, and workers rely on it by now. */
static _Noreturn void
end_for_want_of_it(int error)
{
    fl_fatal(
        "the kernel refuses membarrier (%s), which it did not when the first "
        "runtime started: a filter of system calls must allow it, or be "
        "there before",
        strerror(error));
}

void
fl_fence_begin(void)
{
    static fl_atomic32 guard;
    static bool
        begun; /* guard: it must not change once somebody relies on it */
    fl_guard_lock(&guard);
    if (!begun) {
        begun = true;
        fl_fence_asymmetric =
            !membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
    }
    fl_guard_unlock(&guard);
}

void
fl_fence_heavy_surely(void)
{
    unsigned round = 0;
    while (!fl_fence_heavy() && !fl_os_forked()) {
        fl_os_back_off(round++); /* the kernel finds memory again */
    }
}

/* Of two at once one may be forgotten. */
void
fl_note_fence(filch_time took)
{
    uint32_t price = fl_load_relaxed(&fl_fence_price);
    uint32_t latest = took > MOST             ? MOST
                      : took < FL_FENCE_USUAL ? FL_FENCE_USUAL
                                              : (uint32_t)took;
    fl_store_relaxed(&fl_fence_price, price - price / WEIGHT + latest / WEIGHT);
}

bool
fl_fence_heavy(void)
{
    if (fl_fence_asymmetric) {
        filch_time before = fl_os_now();
        int error = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
        fl_note_fence(fl_os_now() - before);
        if (fl_unlikely(error) && error != ENOMEM && !fl_os_forked()) {
            end_for_want_of_it(error);
        }
        return !error;
    }
    fl_fence_seq_cst();
    return true;
}
