#include "target.h"
#include "attributes.h"
#include "header.h"
#include "message.h"
#include "names.h"
#include "output.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEAD = 1024 }; /* a head with a name in it is shorter */

/* A head's name must not lead elsewhere. */
static bool
usable(const char *name)
{
    return name && *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* The name that the source's own head tells, where that is asked for and can
 * be had; and its time, which takes the place of the file's. */
static char *
name_in_head(struct source *source)
{
    struct header_file file;
    size_t n = input_need(&source->input, HEAD);

    header_read_file(input_front(&source->input), n, &file);
    if (file.mtime)
        source->stat.st_mtim = (struct timespec){file.mtime, 0};
    if (!file.name || !usable(name_base(file.name)))
        return NULL;
    return name_beside(source->path, name_base(file.name));
}

static char *
packed_path(const struct source *source, const struct options *options)
{
    const char *suffix = name_suffix(source->path, options->suffix);

    if (suffix && !options->force) {
        message_note(source->name, "already has %s suffix -- unchanged",
                     suffix);
        return NULL;
    }
    return name_pack(source->path, options->suffix);
}

static char *
unpacked_path(struct source *source, const struct options *options)
{
    char *path = NULL;

    if (!name_suffix(source->path, options->suffix)) {
        message_warning(source->name, "unknown suffix -- ignored");
        return NULL;
    }
    if (options->restore_name)
        path = name_in_head(source);
    return path ? path : name_unpack(source->path, options->suffix);
}

static bool
may_overwrite(const struct target *target, const struct source *source,
              const struct options *options)
{
    struct stat other;

    if (stat(target->path, &other) == 0 &&
        other.st_ino == source->stat.st_ino &&
        other.st_dev == source->stat.st_dev)
        return false;
    if (options->force)
        return true;
    return isatty(STDIN_FILENO) &&
           message_ask("%s already exists; do you wish to overwrite (y or n)? ",
                       target->name);
}

static bool
create(struct target *target, const struct source *source,
       const struct options *options)
{
    int error = output_create(target->path, &target->fd);

    if (error == EEXIST) {
        if (!may_overwrite(target, source, options)) {
            message_warning(target->name, "already exists -- not overwritten");
            return false;
        }
        error = unlink(target->path) < 0
                    ? errno
                    : output_create(target->path, &target->fd);
    }
    if (error)
        message_error(target->name, "%s", strerror(error));
    return !error;
}

/* Packed data must not get on a terminal, or be awaited from one. */
static bool
terminal_objects(const struct source *source, const struct options *options)
{
    bool packing = options->mode == MODE_PACK;

    if (options->force || options->mode == MODE_LIST ||
        !isatty(packing ? STDOUT_FILENO : source->input.fd))
        return false;
    message_error(NULL,
                  "compressed data not %s a terminal. Use -f to force "
                  "%scompression.",
                  packing ? "written to" : "read from", packing ? "" : "de");
    return true;
}

bool
target_open(struct target *target, struct source *source,
            const struct options *options)
{
    *target = (struct target){.name = "stdout", .fd = -1};
    if (!source_is_replaced(source, options)) {
        if (options->mode == MODE_PACK || options->mode == MODE_UNPACK)
            target->fd = STDOUT_FILENO;
        return !terminal_objects(source, options);
    }
    target->path = options->mode == MODE_PACK ? packed_path(source, options)
                                              : unpacked_path(source, options);
    target->name = target->path;
    return target->path && create(target, source, options);
}

bool
target_complete(struct target *target, const struct source *source,
                bool synchronous)
{
    int error = 0;

    if (!target->path)
        return true;
    attributes_copy(target->fd, target->name, &source->stat);
    if (synchronous && fsync(target->fd) < 0) {
        error = errno;
        output_discard();
    } else {
        error = output_complete();
    }
    if (error)
        message_error(target->name, "%s", strerror(error));
    return !error;
}

void
target_discard(struct target *target)
{
    if (target->path)
        output_discard();
}

void
target_close(struct target *target)
{
    free(target->path);
}
