/* Tasks that do next to nothing. */
#include "floor.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What a thief would look at: it comes by a fence of the whole process, so that
 * the owner needs none. */
static _Thread_local struct {
    _Alignas(64) atomic_size_t bottom;
    _Alignas(64) atomic_size_t top;
    _Alignas(64) void *_Atomic *slots;
} deque;

enum { SLOTS = 1 << 20, AHEAD = 16 };

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

static _Thread_local struct small *free_ones;

static inline void
begin_at(struct small *one, int (*fn)(void *arg), void *arg)
{
    one->fn = fn;
    one->arg = arg;
    push(one);
}

static struct small *
begin_one(int (*fn)(void *arg), void *arg)
{
    struct small *one = free_ones;

    free_ones = one->next;
    begin_at(one, fn, arg);
    return one;
}

static void
end_one(struct small *one, int status)
{
    one->status = status;
    one->next = free_ones;
    free_ones = one;
}

/* Once: each workload has a process of its own, and repeats itself there. */
static void
make_small(size_t n)
{
    struct small *all;

    if (deque.slots)
        return;
    all = aligned_alloc(128, (n + 1) * sizeof *all);
    deque.slots = calloc(SLOTS, sizeof *deque.slots);
    REQUIRE(all && deque.slots);
    memset(all, 0, (n + 1) * sizeof *all);
    for (size_t i = n + 1; i-- > 0;)
        end_one(&all[i], 0);
}

static int
add_one(void *arg)
{
    ++*(size_t *)arg;
    return 0;
}

/* --- On stacks of their own ------------------------------------------------ */

#ifdef __x86_64__
/* Where it goes on, and its frame, on its stack; another's from there. In line,
 * and by a jump: a call the CPU would expect to return to who made it last. */
static inline __attribute__((always_inline)) void
swap(void **save, void *to)
{
    __asm__ volatile("leaq 1f(%%rip), %%rcx; pushq %%rbp; pushq %%rcx\n\t"
                     "movq %%rsp, (%0); movq %1, %%rsp\n\t"
                     "popq %%rcx; popq %%rbp; jmpq *%%rcx\n"
                     "1:"
                     : "+D"(save), "+S"(to)
                     :
                     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11",
                       "r12", "r13", "r14", "r15", "memory", "cc");
}

enum { STACK = 16 << 10, STACKS = 64 };

/* A stack, with a loop on it that runs what it is given. */
struct own {
    void *loop, *joiner;
    struct small *work;
    struct own *next;
};

static _Thread_local struct own *idle, *entered;

static _Noreturn void
run_entered(void)
{
    struct own *self = entered;

    for (;;) {
        struct small *one = self->work;
        end_one(one, one->fn(one->arg));
        swap(&self->loop, self->joiner);
    }
}

static void
make_stacks(void)
{
    static _Thread_local struct own all[STACKS];
    static _Thread_local _Alignas(64) char stacks[STACKS][STACK];

    if (idle)
        return;
    for (size_t i = 0; i < STACKS; ++i) {
        void **top = (void **)(void *)(stacks[i] + STACK - 64 * (i % 32)) - 7;
        top[0] = (void *)run_entered;
        all[i].loop = top;
        all[i].next = idle;
        idle = &all[i];
    }
}

/* Who joins a task leaves it the CPU, and has it back at its end. */
static inline void
join_newest(void)
{
    struct own *own = entered = idle;

    idle = own->next;
    own->work = pop();
    swap(&own->joiner, own->loop);
    own->next = idle;
    idle = own;
}

static void
spawn_and_join(size_t n, size_t value)
{
    size_t counter = 0;

    (void)value;
    make_small(64);
    make_stacks();
    watch_start();
    for (size_t i = 0; i < n; ++i) {
        begin_one(add_one, &counter);
        join_newest();
    }
    watch_stop(n);
    REQUIRE(counter == n);
}

struct fib {
    size_t n, result;
};

static int
fib(void *arg)
{
    struct fib *self = arg, left, right;

    if (self->n < 2) {
        self->result = self->n;
        return 0;
    }
    left.n = self->n - 1;
    right.n = self->n - 2;
    begin_one(fib, &left);
    fib(&right);
    join_newest();
    self->result = left.result + right.result;
    return 0;
}

static size_t
plain_fib(size_t n)
{
    return n < 2 ? n : plain_fib(n - 1) + plain_fib(n - 2);
}

static size_t fib_n, fib_result;

/* Each thread has a tree of its own. */
static void
grow_tree(size_t from, size_t to)
{
    struct fib self = {fib_n, 0};

    (void)from, (void)to;
    make_small(fib_n);
    make_stacks();
    fib(&self);
    REQUIRE(self.result == fib_result);
}

static void
fib_of_tasks(size_t unused, size_t n)
{
    size_t calls = 2 * plain_fib(n + 1) - 1;

    (void)unused;
    fib_n = n;
    fib_result = plain_fib(n);
    watch_start();
    together(threads_count, grow_tree);
    watch_stop(calls * threads_count);
}
#endif

/* --- Without a switch: none waits ------------------------------------------ */

/* Has the CPU fetch what is taken so many places later. */
static inline void
fetch_free(void)
{
    __builtin_prefetch(
        (const void *)((uintptr_t)free_ones + AHEAD * sizeof *free_ones));
}

static inline void
fetch_newest(void)
{
    size_t at = atomic_load_explicit(&deque.bottom, memory_order_relaxed);

    if (at >= AHEAD)
        __builtin_prefetch(deque.slots[(at - AHEAD) % SLOTS]);
}

/* They are run from the newest on. */
static void
wave(size_t unused, size_t n)
{
    struct small **handles = calloc(n, sizeof *handles);
    size_t *counters = calloc(n, sizeof *counters);

    (void)unused;
    REQUIRE(n <= SLOTS && handles && counters);
    make_small(n);
    memset(handles, 1, n * sizeof *handles);
    memset(counters, 0, n * sizeof *counters);
    watch_start();
    for (size_t i = 0; i < n; ++i) {
        fetch_free();
        handles[i] = begin_one(add_one, &counters[i]);
    }
    for (size_t i = n; i-- > 0;) {
        fetch_newest();
        struct small *one = pop();
        end_one(one, one->fn(one->arg));
    }
    watch_stop(n);
    for (size_t i = 0; i < n; ++i)
        REQUIRE(counters[i] == 1 && handles[i]);
    free(counters);
    free(handles);
}

/* Who forked it calls it, as no thief was faster. */
static void
fork_and_sync(size_t n, size_t value)
{
    size_t counter = 0;

    (void)value;
    make_small(0);
    watch_start();
    for (size_t i = 0; i < n; ++i) {
        struct small *one, job;
        begin_at(&job, add_one, &counter);
        one = pop();
        one->status = one->fn(one->arg);
    }
    watch_stop(n);
    REQUIRE(counter == n);
}

const struct workload small_floors[] = {
#ifdef __x86_64__
    {"spawn-join", 2000000, 1, spawn_and_join, false},
    {"fib-spawn", 0, 30, fib_of_tasks, false},
#endif
    {"wave", 0, 1000000, wave, false},
    {"fork-sync", 10000000, 0, fork_and_sync, false},
    {.name = NULL},
};
