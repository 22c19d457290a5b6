/*
 * The context switch for machines without one in assembly, over ucontext: a
 * hundred times slower, since swapcontext asks the kernel about signals.
 */
#if !(defined(__x86_64__) || defined(__aarch64__)) || defined(FL_PORTABLE)

#include "fiber/context.h"

#include "base/base.h"

#include <ucontext.h>

/* A parked context; it lies on its own stack. */
struct parked {
    ucontext_t context;
    fl_handed handed; /* to it, by whoever switches to it */
    fl_context_entry *entry;
};

static void
begin(unsigned high, unsigned low)
{
    struct parked *me = (struct parked *)((uintptr_t)high << 16 << 16 | low);
    me->entry(me->handed.value, me->handed.more);
}

void *
fl_context_make(void *base, void *top, fl_context_entry *entry)
{
    uintptr_t at = ((uintptr_t)top - sizeof(struct parked)) & ~(uintptr_t)63;
    struct parked *me = (struct parked *)at;
    getcontext(&me->context);
    me->entry = entry;
    me->context.uc_stack.ss_sp = base;
    me->context.uc_stack.ss_size = at - (uintptr_t)base;
    me->context.uc_link = NULL;
    makecontext(&me->context, (void (*)(void))begin, 2,
                (unsigned)((uint64_t)at >> 32), (unsigned)at);
    return me;
}

fl_handed
fl_context_switch(void **save, void *to, void *value, void *more)
{
    struct parked me, *next = to;
    next->handed = (fl_handed){value, more};
    *save = &me;
    swapcontext(&me.context, &next->context);
    return me.handed;
}

#endif
