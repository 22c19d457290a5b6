#include "os/os.h"

#include <time.h>

filch_time
fl_os_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (filch_time)now.tv_sec * 1000000000 + now.tv_nsec;
}
