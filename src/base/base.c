#include "base/base.h"

#include <filch/version.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char FILCH_FLAVOUR_ = 0;

const char *
filch_version(void)
{
    return FILCH_VERSION;
}

/* In one piece, and by fputs: fprintf would need a buffer of 8 KiB on the stack,
 * which may be a small task's. */
static void
say(const char *format, va_list arguments)
{
    static const char prefix[] = "filch: ";
    char line[512];
    size_t begin = sizeof prefix - 1, room = sizeof line - begin - 1;
    memcpy(line, prefix, begin);
    int length = vsnprintf(line + begin, room, format, arguments);
    size_t end = begin + (length < 0 ? 0 : (size_t)length);
    end = end < sizeof line - 2 ? end : sizeof line - 2;
    line[end] = '\n';
    line[end + 1] = '\0';
    fputs(line, stderr);
}

void
fl_warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

_Noreturn void
fl_fatal(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    abort();
}
