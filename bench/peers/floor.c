/*
 * No peer, but what this machine takes by itself for some rows: a thread for each
 * worker does by hand what no runtime can leave out whose tasks have guarded
 * stacks of their own, and can be stolen before they begin. Nothing is scheduled,
 * locked, counted, cancelled or found: the order is known.
 */
#include "../kit/spin.h"
#include "../kit/workload.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
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

/* --- Tasks that do next to nothing ----------------------------------------- */

/* What a thief would look at: it comes by a fence of the whole process, so that
 * the owner needs none. */
static struct {
    _Alignas(64) atomic_size_t bottom;
    _Alignas(64) atomic_size_t top;
    _Alignas(64) void *_Atomic *slots;
} deque;

enum { SLOTS = 1 << 20 };

static inline void
push(void *work)
{
    size_t at = atomic_load_explicit(&deque.bottom, memory_order_relaxed);

    atomic_store_explicit(&deque.slots[at % SLOTS], work, memory_order_relaxed);
    atomic_store_explicit(&deque.bottom, at + 1, memory_order_release);
}

static inline void *
pop(void)
{
    size_t at = atomic_load_explicit(&deque.bottom, memory_order_relaxed) - 1;

    atomic_store_explicit(&deque.bottom, at, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    REQUIRE(atomic_load_explicit(&deque.top, memory_order_relaxed) <= at);
    return atomic_load_explicit(&deque.slots[at % SLOTS], memory_order_relaxed);
}

struct small {
    _Alignas(128) void *arg;
    int (*fn)(void *arg);
    struct small *next; /* while it is free */
    int status;
};

static struct small *free_ones;

static struct small *
begin_one(int (*fn)(void *arg), void *arg)
{
    struct small *one = free_ones;

    free_ones = one->next;
    one->fn = fn;
    one->arg = arg;
    push(one);
    return one;
}

static void
end_one(struct small *one, int status)
{
    one->status = status;
    one->next = free_ones;
    free_ones = one;
}

static void
make_small(size_t n)
{
    struct small *all = aligned_alloc(128, n * sizeof *all);

    REQUIRE(all);
    memset(all, 0, n * sizeof *all);
    deque.slots = calloc(SLOTS, sizeof *deque.slots);
    REQUIRE(deque.slots);
    while (n-- > 0)
        end_one(&all[n], 0);
}

static int
add_one(void *arg)
{
    ++*(size_t *)arg;
    return 0;
}

#ifdef __x86_64__
/* Its callee-saved registers on its stack, another's from there. */
__asm__(".type swap, @function\n"
        "swap:\n"
        "    pushq %rbp; pushq %rbx; pushq %r12\n"
        "    pushq %r13; pushq %r14; pushq %r15\n"
        "    movq %rsp, (%rdi); movq %rsi, %rsp\n"
        "    popq %r15; popq %r14; popq %r13\n"
        "    popq %r12; popq %rbx; popq %rbp\n"
        "    ret\n"
        ".size swap, . - swap\n");
void swap(void **save, void *to);

static void *joiner, *other;

/* On a stack of its own: the task that is joined, time and again. */
static _Noreturn void
run_joined(void)
{
    for (;;) {
        struct small *one = pop();
        end_one(one, one->fn(one->arg));
        swap(&other, joiner);
    }
}

/* Who joins a task leaves it the CPU, and has it back at its end. */
static void
spawn_and_join(size_t n, size_t value)
{
    static char stack[64 << 10];
    size_t counter = 0;
    void **top = (void **)(void *)(stack + sizeof stack) - 8;

    (void)value;
    make_small(64);
    top[6] = (void *)run_joined;
    other = top;
    watch_start();
    for (size_t i = 0; i < n; ++i) {
        begin_one(add_one, &counter);
        swap(&joiner, other);
    }
    watch_stop(n);
    REQUIRE(counter == n);
}
#endif

/* They are run from the newest on, without a switch: none waits. */
static void
wave(size_t unused, size_t n)
{
    struct small **handles = calloc(n, sizeof *handles);
    size_t *counters = calloc(n, sizeof *counters);

    (void)unused;
    REQUIRE(n <= SLOTS && handles && counters);
    if (!free_ones)
        make_small(n);
    memset(handles, 1, n * sizeof *handles);
    memset(counters, 0, n * sizeof *counters);
    watch_start();
    for (size_t i = 0; i < n; ++i)
        handles[i] = begin_one(add_one, &counters[i]);
    for (size_t i = n; i-- > 0;) {
        struct small *one = pop();
        end_one(one, one->fn(one->arg));
    }
    watch_stop(n);
    for (size_t i = 0; i < n; ++i)
        REQUIRE(counters[i] == 1 && handles[i]);
    free(counters);
    free(handles);
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
#ifdef __x86_64__
    {"spawn-join", 2000000, 1, spawn_and_join, false},
#endif
    {"wave", 0, 1000000, wave, false},
    {.name = NULL},
};

static const struct workload *const groups[] = {floors, NULL};

int
main(int argc, char **argv)
{
    return program_main(argc, argv, groups, host);
}
