/*
 * Sleeping and waking of threads. System calls are made directly: libc's
 * wrappers are pthread cancellation points, and set errno.
 */
#include "os/os.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* futex(2) without a trace in errno: 0, or the error. */
static int
futex(fl_atomic32 *word, int operation, uint32_t value,
      const struct timespec *deadline)
{
    int saved = errno;
    long result = syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG,
                          value, deadline, NULL, FUTEX_BITSET_MATCH_ANY);
    int error = result < 0 ? errno : 0;
    errno = saved;
    return error;
}

int
fl_os_wait(fl_atomic32 *word, uint32_t expected, filch_time deadline)
{
    if (deadline == FILCH_NEVER) {
        futex(word, FUTEX_WAIT_BITSET, expected, NULL);
        return 0;
    }
    if (deadline <= 0) {
        return ETIMEDOUT;
    }
    struct timespec until = {.tv_sec = deadline / 1000000000,
                             .tv_nsec = deadline % 1000000000};
    int error = futex(word, FUTEX_WAIT_BITSET, expected, &until);
    return error == ETIMEDOUT ? ETIMEDOUT : 0;
}

void
fl_os_wake(fl_atomic32 *word, unsigned n)
{
    futex(word, FUTEX_WAKE, n, NULL);
}

void
fl_os_back_off(unsigned round)
{
    int saved = errno;
    if (round < 4) {
        sched_yield();
    } else {
        long ns = round < 10 ? 20000L << (round - 4) : 1000000;
        struct timespec pause = {.tv_sec = 0, .tv_nsec = ns};
        syscall(SYS_nanosleep, &pause, NULL);
    }
    errno = saved;
}
