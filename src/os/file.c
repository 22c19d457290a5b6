#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

size_t
fl_os_write(int file, const char *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = write(file, bytes + done, size - done);
        if (n < 0 && errno != EINTR) {
            break;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return done;
}

void
fl_os_write_error(const char *text, size_t length)
{
    int saved = errno;
    fl_os_write(STDERR_FILENO, text, length);
    errno = saved;
}

/* ---- streams ---- */

static int
file_of(const void *cookie)
{
    return (int)(intptr_t)cookie;
}

static ssize_t
read_on(void *cookie, char *bytes, size_t size)
{
    ssize_t n;
    do {
        n = read(file_of(cookie), bytes, size);
    } while (n < 0 && errno == EINTR);
    return n;
}

static ssize_t
write_on(void *cookie, const char *bytes, size_t size)
{
    return (ssize_t)fl_os_write(file_of(cookie), bytes, size);
}

static int
close_once(void *cookie)
{
    int error = close(file_of(cookie));
    return error && errno != EINTR ? error : 0; /* interrupted, it is closed */
}

/* A standard stream is closed, and whatever is written to it would come into the
 * file: which gets another number, unless there is none. */
static int
leave_to_streams(int file)
{
    int other = fcntl(file, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int error = errno;
    close(file);
    errno = error;
    return other;
}

FILE *
fl_os_open(const char *name, bool writes)
{
    int flags = writes ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY, file;
    do {
        file = open(name, flags | O_CLOEXEC, 0666);
    } while (file < 0 && errno == EINTR);
    if (file >= 0 && file <= STDERR_FILENO) {
        file = leave_to_streams(file);
    }
    if (file < 0) {
        return NULL;
    }
    cookie_io_functions_t calls = {
        .read = read_on, .write = write_on, .close = close_once};
    void *cookie = (void *)(intptr_t)file;
    FILE *stream = fopencookie(cookie, writes ? "w" : "r", calls);
    if (!stream) {
        int error = errno;
        close_once(cookie);
        errno = error;
    }
    return stream;
}
