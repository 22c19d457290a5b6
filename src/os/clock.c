#include "os/os.h"

#include <time.h>

static inline filch_time
read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (filch_time)now.tv_sec * 1000000000 + now.tv_nsec;
}

filch_time
fl_os_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

filch_time
fl_os_ticked(void)
{
    return read_clock(CLOCK_MONOTONIC_COARSE);
}
