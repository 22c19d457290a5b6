/*
 * No peer, but what this machine takes by itself for those rows whose cost is
 * memory, sleep, or two CPUs at one line of it: a thread for each worker does by
 * hand what no runtime can leave out whose tasks have guarded stacks of their
 * own. Nothing is scheduled, switched, locked or found: the order is known.
 */
#include "../kit/spin.h"
#include "../kit/workload.h"

#include <pthread.h>
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

enum { STACK = 64 << 10, PAGE = 4096, BATCH = 64, THREADS_MAX = 64 };

/* What is kept of a task that waits: one descriptor, and a stack's last lines,
 * at another place in the page for each. */
struct task {
    _Alignas(128) uint64_t state, due;
    char *frame;
};

static unsigned threads_count;
static struct task *tasks;
static char *stacks;
static size_t count;
static atomic_size_t left;

/* --- One thread for each worker, each with its part of the tasks ---------- */

struct part {
    pthread_t thread;
    unsigned index;
    void (*body)(size_t from, size_t to);
};

static void *
play_part(void *arg)
{
    const struct part *part = arg;

    pin(part->index);
    part->body(part->index * count / threads_count,
               (part->index + 1) * count / threads_count);
    return NULL;
}

static void
together(void (*body)(size_t from, size_t to))
{
    static struct part parts[THREADS_MAX];

    REQUIRE(threads_count <= THREADS_MAX);
    for (unsigned i = 0; i < threads_count; ++i) {
        parts[i] = (struct part){.index = i, .body = body};
        REQUIRE(pthread_create(&parts[i].thread, NULL, play_part, &parts[i]) ==
                0);
    }
    for (unsigned i = 0; i < threads_count; ++i)
        REQUIRE(pthread_join(parts[i].thread, NULL) == 0);
}

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

/* A task begins to wait. */
static inline void
park(size_t i)
{
    struct task *task = &tasks[i];

    task->frame = stacks + (i + 1) * STACK - 64 * (i % 32) - 256;
    task->state = 1;
    *(volatile char *)task->frame = 1;
    *(volatile char *)(task->frame + 64) = 1;
}

/* It goes on, and ends. */
static inline void
go_on(size_t i)
{
    struct task *task = &tasks[i];

    *(volatile char *)task->frame += 1;
    task->state = 2;
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
    together(park_fresh);
    watch_stop(value);
}

/* --- Waking all ----------------------------------------------------------- */

/* In order, with those fetched ahead that come soon. */
static void
wake_all(size_t from, size_t to)
{
    for (size_t i = from; i < to; ++i) {
        if (i + 64 < to)
            __builtin_prefetch(&tasks[i + 64], 1);
        if (i + 32 < to)
            __builtin_prefetch(tasks[i + 32].frame, 1);
        go_on(i);
    }
}

static void
wake(size_t n, size_t value)
{
    (void)n;
    make_stacks(value);
    together(park_all);
    left = value;
    watch_start();
    together(wake_all);
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
            __builtin_prefetch(tasks[spawned(k + 32 * mine)].frame, 1);
        go_on(spawned(k));
    }
}

static void
sleepers(size_t n, size_t value)
{
    (void)n;
    make_stacks(value);
    together(park_all);
    left = value;
    watch_start();
    began = now();
    together(sleep_all);
    watch_stop(value);
    REQUIRE(left == 0);
}

/* --- Work with items that come from what all share: one addition an item -- */

static size_t items, work_of_each;
static atomic_size_t taken;

static void
work_through(size_t from, size_t to)
{
    (void)from, (void)to;
    while (atomic_fetch_add(&taken, 1) < items)
        spin(work_of_each);
}

/* As many as filch's. */
static void
work(size_t n, size_t ns)
{
    items = n / (1 + ns / 50) / 4 * 4;
    work_of_each = ns;
    taken = 0;
    watch_start();
    together(work_through);
    watch_stop(items);
}

static void
host(void (*run)(void), unsigned workers)
{
    threads_count = workers;
    run();
}

static const struct workload floors[] = {
    {"wait-fresh", 0, 100000, wait_fresh, true},
    {"event", 0, 100000, wake, false},
    {"sleep", 0, 100000, sleepers, false},
    {"work", 4000000, 1000, work, false},
    {.name = NULL},
};

static const struct workload *const groups[] = {floors, NULL};

int
main(int argc, char **argv)
{
    return program_main(argc, argv, groups, host);
}
