#include "base/number.h"

#include <errno.h>
#include <stdlib.h>

bool
fl_number_read(const char **text, uint64_t *number)
{
    char *end;
    int saved = errno;
    if (**text < '0' || **text > '9') {
        return false;
    }
    errno = 0;
    *number = strtoull(*text, &end, 10);
    bool fits = errno == 0;
    errno = saved;
    *text = end;
    return fits;
}
