/*
 * Stacks: guarded, recycled, and bounded in what they keep when idle.
 *
 * CONTRACT  Sizes are powers of two, FL_STACK_MIN to FL_STACK_MAX; each size
 *           has a depot. A stack's lowest page is a guard. Stacks are carved
 *           from big mappings (slab.h), without a mapping each where the kernel can
 *           guard pages by MADV_GUARD_INSTALL (a million stacks in some
 *           twenty mappings); elsewhere each takes two.
 * STATE     What describes a stack lies beside the mapping, not in it, so that
 *           the pages of an idle one can be given back.
 * REJECTED  mmap and mprotect for each stack: ends at 32,754 stacks, since a
 *           process may have 65,530 mappings. Huge pages: 65 KB a waiting task.
 *           MADV_FREE: gives nothing back until memory is short.
 */
#ifndef FL_STACK_H
#define FL_STACK_H

#include "os/depot.h"

#define FL_STACK_UNIT ((size_t)4096)
#define FL_STACK_MIN ((size_t)16 << 10)
#define FL_STACK_MAX ((size_t)1 << 30)

typedef struct fl_stack {
    fl_link link;   /* while it is free */
    char *base;     /* its lowest address, of the guard */
    char *low;      /* below this, less than a quarter of it is left */
    void *sp;       /* the context parked on it while it is free, or NULL */
    uint32_t units; /* its size, in FL_STACK_UNIT bytes */
    uint8_t shift;  /* the same, of those that were carved: 1 << shift */
    uint8_t colour; /* its top is that many cache lines lower */
} fl_stack;

/* The power of two that a request for `size` bytes gets, as a shift. */
unsigned fl_stack_shift(size_t size);

static inline size_t
fl_stack_size(const fl_stack *stack)
{
    return (size_t)stack->units * FL_STACK_UNIT;
}

/* Whether the caller, who runs on it, is above its low part. */
static inline bool
fl_stack_has_room(const fl_stack *stack)
{
#if defined(__x86_64__)
    bool room;
    __asm__ volatile("cmpq %%rsp, %1" : "=@ccb"(room) : "m"(stack->low));
    return room;
#else
    return (char *)__builtin_frame_address(0) > stack->low;
#endif
}

/* One stack of that size; its sp is NULL or as it was put. ENOMEM. */
int fl_stack_get(unsigned shift, fl_stack **stack);
void fl_stack_put(fl_stack *stack);

/* A chain of stacks for a cache (NULL: no memory), and a chain back. */
fl_link *fl_stack_get_batch(unsigned shift);
void fl_stack_put_batch(fl_link *batch);

/* The same for a runtime that may fail to start: it then either keeps all that
 * it tried, before a task can run on one, or gives them back (slab.h). */
fl_link *fl_stack_try_batch(unsigned shift);

/* Whether more idle stacks keep their pages than should when nothing runs. */
bool fl_stack_surplus(void);

/* Gives the pages of a few of those back, 0.25 us for each stack, or, in a virtual
 * machine without page tables of its own, 30: whether there were any. */
bool fl_stack_trim(void);

/* The same while something runs, to be called now and then: gives back a part of
 * what has not been needed for a second, 0.3 ms of it; or one batch, where that
 * takes longer. From when on to wait before the next: so it takes no more than an
 * eighth of the time. */
filch_time fl_stack_shed(filch_time now);

/* Makes a fresh context on a stack, in stack->sp. */
void fl_stack_prepare(fl_stack *stack, void (*entry)(void *, void *));

/* Whether the address lies in the stack's guard. */
bool fl_stack_guards(const fl_stack *stack, const void *address);

#endif
