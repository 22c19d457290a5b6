#include "memory.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

size_t
memory_available_mib(void)
{
    FILE *file = fopen("/proc/meminfo", "r");
    char line[128];
    size_t kib = 0;

    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "MemAvailable: %zu", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib / 1024;
}

/* Page by page, as it will be asked for again. */
static void
touch(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *all = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (all == MAP_FAILED)
        return;
    madvise(all, bytes, MADV_NOHUGEPAGE);
    for (size_t at = 0; at < bytes; at += page)
        *(volatile char *)(all + at) = 1;
}

void
memory_find_mib(size_t mib)
{
    pid_t child = fork();

    if (child == 0) {
        touch(mib << 20);
        _exit(0);
    }
    if (child > 0)
        waitpid(child, NULL, 0);
}
