/* Tasks that wait: memory is touched, and naps are taken. */
#include "floor.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#endif

enum { STACK = 64 << 10, PAGE = 4096, LINE = 64, BATCH = 64, FRAMES = 5 };

/* What is kept of a task that waits: a descriptor of two lines, and the lines of
 * its stack that calls deep enough to wait fill (of filch, and about the same of
 * others: 230 to 300 bytes), at another place in the page for each. */
struct task {
    _Alignas(128) uint64_t state;
    char *frames;
};

static struct task *tasks;
static char *stacks;
static size_t count;
static atomic_size_t left;

/* --- Stacks --------------------------------------------------------------- */

/* Advises the kernel on ranges that lie a stack apart, in one call where it can
 * do that. */
static void
advise(char *first, size_t n, int advice)
{
    struct iovec ranges[BATCH];
    int self = (int)syscall(SYS_pidfd_open, getpid(), 0);

    for (size_t i = 0; i < n; ++i)
        ranges[i] = (struct iovec){first + i * STACK, PAGE};
    if (syscall(SYS_process_madvise, self, ranges, n, advice, 0) !=
        (long)(n * PAGE))
        for (size_t i = 0; i < n; ++i)
            madvise(ranges[i].iov_base, PAGE, advice);
    close(self);
}

/* Once: they are used again, as a runtime does. */
static void
make_stacks(size_t n)
{
    if (stacks)
        return;
    count = n;
    tasks = aligned_alloc(128, n * sizeof *tasks);
    stacks = mmap(NULL, n * STACK, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(tasks && stacks != MAP_FAILED);
    madvise(stacks, n * STACK, MADV_NOHUGEPAGE);
}

/* Calls it makes fill them, and their returns find them. */
static inline void
use_frames(char *frames)
{
    for (size_t line = 0; line < FRAMES; ++line)
        ++*(volatile char *)(frames + line * LINE);
}

static inline void
fetch_frames(const char *frames)
{
    for (size_t line = 0; line < FRAMES; ++line)
        __builtin_prefetch(frames + line * LINE, 1);
}

/* A task begins to wait. */
static inline void
park(size_t i)
{
    struct task *task = &tasks[i];

    task->frames = stacks + (i + 1) * STACK - (FRAMES + i % 32) * LINE;
    task->state = 1;
    use_frames(task->frames);
}

/* It goes on, and ends. */
static inline void
go_on(size_t i)
{
    use_frames(tasks[i].frames);
    tasks[i].state = 2;
    atomic_fetch_sub(&left, 1);
}

static void
park_fresh(size_t from, size_t to)
{
    for (size_t i = from; i < to; i += BATCH) {
        size_t n = to - i < BATCH ? to - i : BATCH;
        advise(stacks + i * STACK, n, MADV_GUARD_INSTALL);
        advise(stacks + (i + 1) * STACK - PAGE, n, MADV_POPULATE_WRITE);
        for (size_t one = i; one < i + n; ++one)
            park(one);
    }
}

static void
park_all(size_t from, size_t to)
{
    for (size_t i = from; i < to; ++i)
        park(i);
}

static void
wait_fresh(size_t n, size_t value)
{
    (void)n;
    make_stacks(value);
    watch_start();
    together(count, park_fresh);
    watch_stop(value);
}

/* --- Waking all ----------------------------------------------------------- */

/* All are told before the first goes on, as an event promises; those who come
 * soon are fetched ahead. */
static void
wake_all(size_t from, size_t to)
{
    for (size_t i = from; i < to; ++i)
        tasks[i].state = 3;
    for (size_t i = from; i < to; ++i) {
        if (i + 64 < to)
            __builtin_prefetch(&tasks[i + 64], 1);
        if (i + 32 < to)
            fetch_frames(tasks[i + 32].frames);
        go_on(i);
    }
}

static void
wake(size_t n, size_t value)
{
    (void)n;
    make_stacks(value);
    together(count, park_all);
    left = value;
    watch_start();
    together(count, wake_all);
    watch_stop(value);
    REQUIRE(left == 0);
}

/* --- Sleeping: for 0 to 100 ms, the next one known ------------------------ */

enum { LONGEST = 100000000 };

static uint64_t began;

static uint64_t
now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void
nap_until(uint64_t when)
{
    struct timespec time = {(time_t)(when / 1000000000u),
                            (long)(when % 1000000000u)};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

/* The k-th to wake was spawned in any order. */
static size_t
spawned(size_t k)
{
    return k * 7919 % count;
}

static void
sleep_all(size_t from, size_t to)
{
    size_t mine = threads_count, first = from * threads_count / count;

    park_all(from, to);
    for (size_t k = first; k < count; k += mine) {
        uint64_t due = began + k * LONGEST / count;
        while (now() < due)
            nap_until(due);
        if (k + 32 * mine < count)
            fetch_frames(tasks[spawned(k + 32 * mine)].frames);
        go_on(spawned(k));
    }
}

static void
sleepers(size_t n, size_t value)
{
    (void)n;
    make_stacks(value);
    together(count, park_all);
    left = value;
    watch_start();
    began = now();
    together(count, sleep_all);
    watch_stop(value);
    REQUIRE(left == 0);
}

const struct workload waiting_floors[] = {
    {"wait-fresh", 0, 100000, wait_fresh, 0},
    {"event", 0, 100000, wake, 3},
    {"sleep", 0, 100000, sleepers, 1},
    {.name = NULL},
};
