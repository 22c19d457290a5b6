#include "attributes.h"
#include "message.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

/*
 * Only root can give files away, so that EPERM is not worth a word; but who
 * is in the file's group instead must not gain what others were allowed.
 */
static mode_t
copy_owner(int fd, const char *name, const struct stat *from)
{
    mode_t mode = from->st_mode & 0777;

    if (fchown(fd, (uid_t)-1, from->st_gid) < 0)
        mode &= ~(mode_t)0070;
    if (fchown(fd, from->st_uid, (gid_t)-1) < 0 && errno != EPERM)
        message_warning(name, "cannot set the owner: %s", strerror(errno));
    return mode;
}

void
attributes_copy(int fd, const char *name, const struct stat *from)
{
    struct timespec times[] = {from->st_atim, from->st_mtim};
    mode_t mode = copy_owner(fd, name, from);

    if (fchmod(fd, mode) < 0)
        message_warning(name, "cannot set the mode: %s", strerror(errno));
    if (futimens(fd, times) < 0)
        message_warning(name, "cannot set the time: %s", strerror(errno));
}
