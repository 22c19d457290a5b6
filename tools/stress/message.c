#include "message.h"
#include "options.h"
#include "run.h"
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool off, drawn;
static double next_draw;

static void
say(const char *format, va_list arguments)
{
    progress_erase();
    fflush(stdout);
    fputs("filch-stress: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void
message(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

void
die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    runs_end();
    exit(STATUS_ERROR);
}

bool
flushed(void)
{
    static bool said;
    bool well = fflush(stdout) == 0 && !ferror(stdout);

    if (!well && !said) {
        said = true;
        progress_erase();
        fprintf(stderr, "filch-stress: stdout: %s\n", strerror(errno));
    }
    return well;
}

void
progress_off(void)
{
    off = true;
}

void
progress(const char *format, ...)
{
    va_list arguments;

    if (off || !isatty(STDERR_FILENO) || seconds_now() < next_draw)
        return;
    next_draw = seconds_now() + 0.1;
    fputs("\r\033[K", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    drawn = true;
}

void
progress_erase(void)
{
    if (drawn)
        fputs("\r\033[K", stderr);
    drawn = false;
}
