#include "progress.h"
#include <filch/time.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { NAME_MAX_WIDTH = 24, BAR_MIN = 8, BAR_MAX = 40 };

/* The writer's thread draws; the signals' thread may erase. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool active;
static bool drawn;
static const char *name;
static uint64_t size;
static filch_time started;
static filch_time next_draw;

void
progress_begin(const char *file, uint64_t bytes)
{
    const char *slash = strrchr(file, '/');

    active = isatty(STDERR_FILENO);
    name = slash ? slash + 1 : file;
    size = bytes;
    started = filch_now();
    next_draw = started + FILCH_MS(200); /* small files show nothing */
}

static int
terminal_width(void)
{
    struct winsize window;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) < 0 || !window.ws_col)
        return 80;
    return window.ws_col;
}

static void
draw_bar(double part, int width)
{
    fputs("  [", stderr);
    for (int i = 0; i < width; i++)
        fputc(i < part * width ? '#' : '.', stderr);
    fputc(']', stderr);
}

/* What is right of the bar. */
static int
print_numbers(char *out, size_t n, double part, uint64_t raw, double seconds)
{
    double mb = (double)raw / 1e6;

    if (!size)
        return snprintf(out, n, "  %.0f MB  %.0f MB/s", mb, mb / seconds);
    return snprintf(out, n, "  %3.0f %%  %.0f MB  %.0f MB/s  %.0f s left",
                    part * 100, mb, mb / seconds, seconds / part - seconds);
}

static void
draw(uint64_t position, uint64_t raw, filch_time now)
{
    double seconds = (double)(now - started) / 1e9;
    double part = size ? (double)position / (double)size : 0;
    char numbers[80];
    int shown = (int)strnlen(name, NAME_MAX_WIDTH);
    int width = terminal_width() - shown - 5;

    part = part < 1 ? part : 1; /* the file may grow meanwhile */
    width -= print_numbers(numbers, sizeof numbers, part, raw, seconds);
    fprintf(stderr, "\r\033[K%.*s", shown, name);
    if (size && width >= BAR_MIN)
        draw_bar(part, width < BAR_MAX ? width : BAR_MAX);
    fputs(numbers, stderr);
    drawn = true;
}

void
progress_show(uint64_t position, uint64_t raw)
{
    filch_time now = active ? filch_now() : 0;

    if (!active || now < next_draw)
        return;
    pthread_mutex_lock(&mutex);
    draw(position, raw, now);
    pthread_mutex_unlock(&mutex);
    next_draw = now + FILCH_MS(100);
}

void
progress_erase(void)
{
    pthread_mutex_lock(&mutex);
    if (drawn)
        fputs("\r\033[K", stderr);
    drawn = false;
    pthread_mutex_unlock(&mutex);
}

void
progress_end(void)
{
    progress_erase();
    active = false;
}
