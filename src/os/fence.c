#include "os/fence.h"

#include "os/guard.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

bool fl_fence_asymmetric;

static long
membarrier(int command)
{
    int error = errno;
    long result = syscall(SYS_membarrier, command, 0, 0);
    errno = error;
    return result;
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
        return !membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
    }
    fl_fence_seq_cst();
    return true;
}
