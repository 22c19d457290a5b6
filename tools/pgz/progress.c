#include "progress.h"
#include <filch/time.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { NAME_WIDTH = 24, BAR_MAX = 40, NUMBERS_WIDTH = 48 };

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
draw_bar(double part)
{
    int room = terminal_width() - NAME_WIDTH - NUMBERS_WIDTH;
    int width = room < BAR_MAX ? room : BAR_MAX;

    if (width >= 4) {
        fputs("  [", stderr);
        for (int i = 0; i < width; i++)
            fputc(i < part * width ? '#' : '.', stderr);
        fputc(']', stderr);
    }
    fprintf(stderr, "  %3.0f %%", part * 100);
}

static void
draw(uint64_t position, uint64_t raw, filch_time now)
{
    double seconds = (double)(now - started) / 1e9;
    double part = size ? (double)position / (double)size : 0;

    fprintf(stderr, "\r\033[K%.*s", NAME_WIDTH, name);
    if (size)
        draw_bar(part < 1 ? part : 1);
    fprintf(stderr, "  %.0f MB  %.0f MB/s", (double)raw / 1e6,
            (double)raw / 1e6 / seconds);
    if (part > 0 && part <= 1)
        fprintf(stderr, "  %.0f s left", seconds / part - seconds);
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
