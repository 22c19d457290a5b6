#include "os/fence.h"

#include "os/guard.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

bool fl_fence_asymmetric;

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

bool
fl_fence_heavy(void)
{
    if (fl_fence_asymmetric) {
        int error = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
        if (fl_unlikely(error) && error != ENOMEM && !fl_os_forked()) {
            end_for_want_of_it(error);
        }
        return !error;
    }
    fl_fence_seq_cst();
    return true;
}
