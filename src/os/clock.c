#include "os/os.h"

#include <time.h>

filch_time
fl_os_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (filch_time)now.tv_sec * 1000000000 + now.tv_nsec;
}

filch_time
filch_now(void)
{
    return fl_os_now();
}

filch_time
filch_after(filch_time ns)
{
    filch_time now = fl_os_now();
    return ns > FILCH_NEVER - now ? FILCH_NEVER : now + ns;
}
