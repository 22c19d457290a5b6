#include "message.h"
#include "progress.h"
#include <stdarg.h>
#include <stdio.h>

static bool quiet;
static bool failed;
static bool warned;

static void
say(const char *name, const char *format, va_list arguments)
{
    progress_erase();
    fprintf(stderr, name ? "pgz: %s: " : "pgz: ", name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void
message_quiet(void)
{
    quiet = true;
}

void
message_error(const char *name, const char *format, ...)
{
    va_list arguments;

    failed = true;
    va_start(arguments, format);
    say(name, format, arguments);
    va_end(arguments);
}

void
message_warning(const char *name, const char *format, ...)
{
    va_list arguments;

    warned = true;
    if (quiet)
        return;
    va_start(arguments, format);
    say(name, format, arguments);
    va_end(arguments);
}

void
message_note(const char *name, const char *format, ...)
{
    va_list arguments;

    if (quiet)
        return;
    va_start(arguments, format);
    say(name, format, arguments);
    va_end(arguments);
}

bool
message_ask(const char *format, ...)
{
    va_list arguments;
    int first, next;

    va_start(arguments, format);
    fputs("pgz: ", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);

    first = next = getchar();
    while (next != '\n' && next != EOF)
        next = getchar();
    return first == 'y' || first == 'Y';
}

int
message_status(void)
{
    return failed ? STATUS_ERROR : warned ? STATUS_WARNING : 0;
}
