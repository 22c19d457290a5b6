#include "source.h"
#include "decompress.h"
#include "message.h"
#include "names.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
source_is_replaced(const struct source *source, const struct options *options)
{
    return source->path && !options->to_stdout &&
           (options->mode == MODE_PACK || options->mode == MODE_UNPACK);
}

/*
 * A file that is replaced must not be a link, and must not be waited for; what
 * it is shows afterwards.
 */
static int
open_path(const struct source *source, const struct options *options)
{
    int flags = O_RDONLY | O_NOCTTY | O_CLOEXEC;

    if (source_is_replaced(source, options))
        flags |= O_NONBLOCK | (options->force ? 0 : O_NOFOLLOW);
    return open(source->path, flags);
}

/* Opens the file; or, when it is to be unpacked, NAME.gz instead of NAME. */
static int
open_named(struct source *source, const struct options *options)
{
    int fd = open_path(source, options);
    int error = errno;
    char *other;

    if (fd >= 0 || error != ENOENT || options->mode == MODE_PACK ||
        name_suffix(source->path, options->suffix))
        return fd;
    other = name_pack(source->path, options->suffix);
    if (other) {
        free(source->path);
        source->name = source->path = other;
        return open_path(source, options);
    }
    errno = error;
    return -1;
}

/* Why the file is left alone; NULL: it is not. */
static const char *
objection(const struct source *source, const struct options *options)
{
    mode_t mode = source->stat.st_mode;

    if (source->path && S_ISDIR(mode))
        return "is a directory -- ignored";
    if (!source_is_replaced(source, options))
        return NULL;
    if (!S_ISREG(mode))
        return "is not a directory or a regular file -- ignored";
    if (mode & (S_ISUID | S_ISGID))
        return "is set-user-ID or set-group-ID on execution -- ignored";
    if (options->force)
        return NULL;
    if (mode & S_ISVTX)
        return "has the sticky bit set -- ignored";
    if (source->stat.st_nlink > 1)
        return "has other links -- ignored";
    return NULL;
}

static bool
admit(struct source *source, const struct options *options, int fd)
{
    const char *why;
    int error;

    if (fd < 0 || fstat(fd, &source->stat) < 0) {
        message_error(source->name, "%s", strerror(errno));
    } else if ((why = objection(source, options)) != NULL) {
        message_warning(source->name, "%s", why);
    } else {
        error = input_init(&source->input, fd, UNPACK_AHEAD);
        if (error)
            message_error(source->name, "%s", strerror(error));
        return !error;
    }
    if (fd >= 0)
        close(fd);
    return false;
}

bool
source_open(struct source *source, const struct options *options,
            const char *name)
{
    bool open;
    int fd;

    *source = (struct source){.name = "stdin"};
    if (strcmp(name, "-") == 0) {
        fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    } else {
        source->path = strdup(name);
        source->name = source->path ? source->path : name;
        fd = source->path ? open_named(source, options) : -1;
    }
    open = admit(source, options, fd);
    if (!open)
        free(source->path);
    return open;
}

/* By the time of its last change of any kind, which nobody can set. */
bool
source_is_unchanged(const struct source *source)
{
    const struct stat *then = &source->stat;
    struct stat now;

    return stat(source->path, &now) == 0 && now.st_ino == then->st_ino &&
           now.st_dev == then->st_dev && now.st_size == then->st_size &&
           now.st_ctim.tv_sec == then->st_ctim.tv_sec &&
           now.st_ctim.tv_nsec == then->st_ctim.tv_nsec;
}

void
source_close(struct source *source)
{
    input_destroy(&source->input);
    free(source->path);
}
