#include "base/base.h"

#include <filch/version.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char FILCH_FLAVOUR_ = 0;

const char *
filch_version(void)
{
    return FILCH_VERSION;
}

static void
say(const char *format, va_list arguments)
{
    char line[512];
    vsnprintf(line, sizeof line, format, arguments);
    fprintf(stderr, "filch: %s\n", line);
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
