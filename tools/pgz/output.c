#include "output.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

/*
 * The main thread creates, completes and discards; the signals' thread
 * abandons. The mutex makes each of these one step for the other thread: a
 * file exists under its name just as long as it is known here.
 */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const char *partial; /* its name, borrowed; NULL: there is none */
static int partial_fd;

int
output_create(const char *name, int *fd)
{
    int error = 0;

    pthread_mutex_lock(&mutex);
    *fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (*fd < 0) {
        error = errno;
    } else {
        partial = name;
        partial_fd = *fd;
    }
    pthread_mutex_unlock(&mutex);
    return error;
}

/* Waits for a pipe that somebody has made non-blocking. */
static void
wait_for_room(int fd)
{
    struct pollfd room = {fd, POLLOUT, 0};

    poll(&room, 1, -1);
}

int
output_write(int fd, const unsigned char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, bytes, n);

        if (put < 0 && errno == EAGAIN) {
            wait_for_room(fd);
        } else if (put < 0 && errno != EINTR) {
            return errno;
        } else if (put > 0) {
            bytes += put;
            n -= (size_t)put;
        }
    }
    return 0;
}

int
output_complete(void)
{
    int error;

    pthread_mutex_lock(&mutex);
    error = close(partial_fd) < 0 ? errno : 0;
    if (error)
        unlink(partial);
    partial = NULL;
    pthread_mutex_unlock(&mutex);
    return error;
}

void
output_discard(void)
{
    pthread_mutex_lock(&mutex);
    close(partial_fd);
    unlink(partial);
    partial = NULL;
    pthread_mutex_unlock(&mutex);
}

const char *
output_abandon(void)
{
    pthread_mutex_lock(&mutex);
    if (partial)
        unlink(partial);
    return partial;
}
