/* The files that tell of control groups: pieces of the input, cut at each #. */
#include "fuzz.h"
#include "os/os.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[500];

static const char *const files[] = {
    "groups",
    "cpu.max",
    "a/cpu.max",
    "cpu/cpu.cfs_quota_us",
    "cpu/cpu.cfs_period_us",
    "cpu/a/cpu.cfs_quota_us",
    "cpu/a/cpu.cfs_period_us",
};
enum { FILES = sizeof files / sizeof *files };
static int fds[FILES];

static void
path_of(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/%s", root, name);
}

static void
remove_all(void)
{
    char path[600];
    for (int i = 0; i < FILES; ++i) {
        path_of(path, sizeof path, files[i]);
        unlink(path);
    }
    static const char *const folders[] = {"a", "cpu/a", "cpu", ""};
    for (int i = 0; i < 4; ++i) {
        path_of(path, sizeof path, folders[i]);
        rmdir(path);
    }
}

static void
make_all(void)
{
    char path[600];
    static const char *const folders[] = {"a", "cpu", "cpu/a"};
    const char *folder = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/filch-fuzz-XXXXXX",
             folder && *folder ? folder : "/tmp");
    MUST(mkdtemp(root));
    atexit(remove_all);
    for (int i = 0; i < 3; ++i) {
        path_of(path, sizeof path, folders[i]);
        MUST(mkdir(path, 0700) == 0);
    }
    for (int i = 0; i < FILES; ++i) {
        path_of(path, sizeof path, files[i]);
        fds[i] = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        MUST(fds[i] >= 0);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[20000];
    char groups[600];
    if (!fds[0])
        make_all();
    for (int i = 0; i < FILES; ++i) {
        const uint8_t *begin = data;
        if (!fuzz_piece(&data, &size, '#', text, sizeof text))
            begin = data;
        size_t length = (size_t)(data - begin);
        MUST(ftruncate(fds[i], 0) == 0);
        MUST(pwrite(fds[i], begin, length, 0) == (ssize_t)length);
    }
    path_of(groups, sizeof groups, files[0]);
    MUST(fl_os_quota(groups, root) > 0);
    MUST(fl_os_cpus_by(groups, root) > 0);
    return 0;
}
