/* Tasks that do next to nothing. */
#include "deque.h"
#include "floor.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { AHEAD = 16 };

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

    if (!make_deque())
        return;
    all = aligned_alloc(128, (n + 1) * sizeof *all);
    REQUIRE(all);
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

static int
fib_on_stacks(void *arg)
{
    make_small(((struct fib *)arg)->n);
    make_stacks();
    return fib(arg);
}

static void
fib_of_tasks(size_t unused, size_t n)
{
    (void)unused;
    grow_trees(fib_on_stacks, n);
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

const struct workload small_floors[] = {
#ifdef __x86_64__
    {"spawn-join", 2000000, 1, spawn_and_join, 1},
    {"fib-spawn", 0, 35, fib_of_tasks, 1},
#endif
    {"wave", 0, 1000000, wave, 3},
    {.name = NULL},
};
