#include "input.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What input_at_end reads ahead: little, since input_take copies it. */
enum { PEEK = 4096 };

int
input_init(struct input *input, int fd, size_t capacity)
{
    int error = 0;

    *input = (struct input){.fd = fd, .capacity = capacity};
    input->buffer = malloc(capacity);
    input->wake = eventfd(0, EFD_CLOEXEC);
    if (!input->buffer)
        error = ENOMEM;
    else if (input->wake < 0)
        error = errno;
    if (error)
        input_destroy(input);
    return error;
}

void
input_destroy(struct input *input)
{
    free(input->buffer);
    if (input->wake >= 0)
        close(input->wake);
    close(input->fd);
}

static size_t
stop(struct input *input, const char *fault)
{
    input->ended = true;
    input->fault = fault;
    return 0;
}

/*
 * Reads up to `n` bytes, once. The poll is for the writer's thread: when the
 * output has failed, it must not wait for an input that says nothing.
 */
static size_t
read_some(struct input *input, unsigned char *out, size_t n)
{
    struct pollfd fds[] = {{input->wake, POLLIN, 0}, {input->fd, POLLIN, 0}};
    ssize_t got;

    if (input->ended)
        return 0;
    do {
        got = poll(fds, 2, -1) < 0 ? -1 : 0;
        if (got == 0 && fds[0].revents)
            return stop(input, "interrupted");
        if (got == 0)
            got = read(input->fd, out, n);
    } while (got < 0 && (errno == EINTR || errno == EAGAIN));

    if (got <= 0)
        return stop(input, got < 0 ? strerror(errno) : NULL);
    input->total += (size_t)got;
    return (size_t)got;
}

static size_t
held(const struct input *input)
{
    return input->end - input->begin;
}

/* Reads until the buffer holds `n` bytes, and at most `limit`. */
static size_t
fill(struct input *input, size_t n, size_t limit)
{
    if (held(input) >= n)
        return held(input);
    memmove(input->buffer, input_front(input), held(input));
    input->end = held(input);
    input->begin = 0;
    while (input->end < n && !input->ended)
        input->end +=
            read_some(input, input->buffer + input->end, limit - input->end);
    return held(input);
}

size_t
input_need(struct input *input, size_t n)
{
    return fill(input, n, input->capacity);
}

bool
input_at_end(struct input *input)
{
    return fill(input, 1, PEEK) == 0;
}

const unsigned char *
input_front(const struct input *input)
{
    return input->buffer + input->begin;
}

void
input_skip(struct input *input, size_t n)
{
    input->begin += n;
}

size_t
input_take(struct input *input, unsigned char *out, size_t n)
{
    size_t done = held(input) < n ? held(input) : n;

    memcpy(out, input_front(input), done);
    input_skip(input, done);
    while (done < n && !input->ended)
        done += read_some(input, out + done, n - done);
    return done;
}

uint64_t
input_position(const struct input *input)
{
    return input->total - held(input);
}

void
input_interrupt(struct input *input)
{
    uint64_t one = 1;

    while (write(input->wake, &one, sizeof one) < 0 && errno == EINTR)
        ;
}
