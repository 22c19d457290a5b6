#include "os/os.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#endif

int
fl_os_map(void **memory, size_t size)
{
    int saved = errno;
    /* not through libc, where a sanitizer would take it for a write */
    void *at = (void *)syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                               0L);
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

int
fl_os_guard(void *memory, size_t size)
{
    int saved = errno;
    int error = 0;
    if (madvise(memory, size, MADV_GUARD_INSTALL) &&
        mprotect(memory, size, PROT_NONE)) {
        error = errno;
    }
    errno = saved;
    return error;
}

void
fl_os_discard(void *memory, size_t size)
{
    int saved = errno;
    madvise(memory, size, MADV_DONTNEED);
    errno = saved;
}

void
fl_os_renew(void *memory, size_t size)
{
    int saved = errno;
    mmap(memory, size, PROT_READ | PROT_WRITE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
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
