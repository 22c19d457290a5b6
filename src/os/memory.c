#include "os/os.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif
#ifndef PIDFD_SELF
#define PIDFD_SELF (-10000) /* newer than the rest; else EBADF */
#endif

int
fl_os_map(void **memory, size_t size)
{
    int saved = errno;
    /* not through libc, where a sanitizer would take it for a write */
    void *at =
        (void *)syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0L);
    int error = at == MAP_FAILED ? errno : 0;
    if (!error) {
        /* a huge page would back 2 MiB of stacks that are not in use */
        madvise(at, size, MADV_NOHUGEPAGE);
        *memory = at;
    }
    errno = saved;
    return error;
}

void
fl_os_unmap(void *memory, size_t size)
{
    int saved = errno;
    munmap(memory, size);
    errno = saved;
}

_Static_assert(sizeof(fl_os_range) == sizeof(struct iovec) &&
                   offsetof(fl_os_range, size) ==
                       offsetof(struct iovec, iov_len),
               "see os.h");

static long
advise(int process, const fl_os_range *ranges, unsigned n, int advice)
{
    return syscall(SYS_process_madvise, process, ranges, (size_t)n, advice, 0U);
}

/* By a descriptor of its own: to keep one would have a forked child advise its
 * parent. */
static long
advise_opened(const fl_os_range *ranges, unsigned n, int advice)
{
    long self = syscall(SYS_pidfd_open, getpid(), 0U), advised = -1;
    if (self >= 0) {
        advised = advise((int)self, ranges, n, advice);
        syscall(SYS_close, (int)self); /* close(2) is a cancellation point */
    }
    return advised;
}

/* Tells the kernel of all ranges in one call, which it takes from Linux 6.13
 * on: whether it did. */
static bool
advise_at_once(const fl_os_range *ranges, unsigned n, int advice)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < n; i++) {
        bytes += ranges[i].size;
    }
    long advised = advise(PIDFD_SELF, ranges, n, advice);
    if (advised < 0 && errno == EBADF) { /* the kernel does not know it */
        advised = advise_opened(ranges, n, advice);
    }
    return advised >= 0 && (size_t)advised == bytes;
}

int
fl_os_guard(const fl_os_range *ranges, unsigned n, unsigned *done)
{
    int saved = errno, error = 0;
    *done = 0;
    if (n > 1 && advise_at_once(ranges, n, MADV_GUARD_INSTALL)) {
        *done = n;
    }
    for (; *done < n && !error; *done += !error) {
        const fl_os_range *range = &ranges[*done];
        if (madvise(range->base, range->size, MADV_GUARD_INSTALL) &&
            mprotect(range->base, range->size, PROT_NONE)) {
            error = errno;
        }
    }
    errno = saved;
    return error;
}

void
fl_os_populate(const fl_os_range *ranges, unsigned n)
{
    int saved = errno;
    if (n == 1) {
        madvise(ranges->base, ranges->size, MADV_POPULATE_WRITE);
    } else {
        advise_at_once(ranges, n, MADV_POPULATE_WRITE);
    }
    errno = saved;
}

void
fl_os_discard(const fl_os_range *ranges, unsigned n)
{
    int saved = errno;
    if (n == 1 || !advise_at_once(ranges, n, MADV_DONTNEED)) {
        for (unsigned i = 0; i < n; i++) {
            madvise(ranges[i].base, ranges[i].size, MADV_DONTNEED);
        }
    }
    errno = saved;
}

void
fl_os_renew(void *memory, size_t size)
{
    int saved = errno;
    void *renewed =
        mmap(memory, size, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (renewed == MAP_FAILED) {
        madvise(memory, size, MADV_DONTNEED); /* the same, unseen */
    }
    errno = saved;
}

size_t
fl_os_page(void)
{
    static fl_atomic64 page;
    uint64_t size = fl_load_relaxed(&page);
    if (!size) {
        size = (uint64_t)sysconf(_SC_PAGESIZE);
        fl_store_relaxed(&page, size);
    }
    return (size_t)size;
}
