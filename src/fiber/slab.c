#include "fiber/slab.h"

#include "fiber/sanitizer.h"

#include <errno.h>
#include <stdlib.h>

#if defined(__has_include) && !FL_TSAN && !defined(FILCH_ASAN_)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef VALGRIND_STACK_REGISTER
#define VALGRIND_STACK_REGISTER(low, high) ((void)(low), (void)(high))
#endif

#define SLAB_BYTES ((size_t)64 << 20)
#define COLOURS 32 /* tops differ by a cache line each */

/* All under the guard of its size. */
struct slab {
    struct slab *next;
    char *base; /* NULL: not mapped */
    unsigned stacks, carved, back;
    bool kept;
    fl_link *returned;
    fl_stack descriptors[];
};

/* Those of one size. */
static struct slabs {
    fl_atomic32 guard;
    struct slab *all;
    struct slab *slab; /* the one that is being carved, or NULL */
    unsigned carved;
} sizes[FL_STACK_SHIFTS];

/* One that is not mapped any more, or a new one; NULL: no memory. */
static struct slab *
bare_slab(struct slabs *slabs, unsigned stacks)
{
    struct slab *slab = slabs->all;
    while (slab && (slab->base || slab->stacks != stacks)) {
        slab = slab->next;
    }
    if (!slab) {
        slab = calloc(1, sizeof *slab + stacks * sizeof(fl_stack));
        if (slab) {
            slab->stacks = stacks;
            slab->next = slabs->all;
            slabs->all = slab;
        }
    }
    return slab;
}

/* Maps the next slab, a smaller one if memory is short. */
static bool
map_slab(struct slabs *slabs, unsigned shift)
{
    size_t size = (size_t)1 << shift;
    size_t n = size < SLAB_BYTES ? SLAB_BYTES / size : 1;
    for (; n > 0; n /= 4) {
        void *memory;
        if (fl_os_map(&memory, n * size)) {
            continue;
        }
        slabs->slab = bare_slab(slabs, (unsigned)n);
        if (!slabs->slab) {
            fl_os_unmap(memory, n * size);
            return false;
        }
        slabs->slab->base = memory;
        return true;
    }
    return false;
}

static void
explain_limit(int error)
{
    static fl_atomic32 said;
    if (error == ENOMEM && !fl_exchange_acq_rel(&said, 1u)) {
        fl_warn("no more guarded stacks: this kernel takes two mappings for "
                "each, and the limit is vm.max_map_count");
    }
}

/* The stack that lies at the slab's end so far; its guard is there. */
static fl_stack *
describe(struct slabs *slabs, struct slab *slab, unsigned shift)
{
    size_t page = fl_os_page(), size = (size_t)1 << shift;
    char *base = slab->base + slab->carved * size;
    fl_stack *stack = &slab->descriptors[slab->carved++];
    stack->base = base;
    stack->low = base + size / 4;
    stack->sp = NULL;
    stack->units = (uint32_t)(size / FL_STACK_UNIT);
    stack->shift = (uint8_t)shift;
    stack->colour = (uint8_t)(slabs->carved++ % COLOURS);
    fl_lsan_root(base + page, size - page);
    VALGRIND_STACK_REGISTER(base + page, base + size);
    return stack;
}

/* Guards the next n stacks of the slab: how many that are. The pages at which
 * they begin to be used are populated, if they are to be used soon. */
static unsigned
guard(const struct slab *slab, size_t size, unsigned n, bool soon)
{
    fl_os_range ends[FL_BATCH];
    size_t page = fl_os_page();
    char *base = slab->base + slab->carved * size;
    for (unsigned i = 0; i < n; i++) {
        ends[i] = (fl_os_range){.base = base + i * size, .size = page};
    }
    explain_limit(fl_os_guard(ends, n, &n));
    for (unsigned i = 0; i < n; i++) {
        ends[i].base = base + (i + 1) * size - page;
    }
    if (soon) {
        fl_os_populate(ends, n);
    }
    return n;
}

/* The next stacks of the slab, n at most, NULL: none. With the guard. */
static fl_link *
carve(struct slabs *slabs, unsigned shift, unsigned n, bool soon)
{
    struct slab *slab = slabs->slab;
    if (!slab || slab->carved == slab->stacks) {
        if (!map_slab(slabs, shift)) {
            return NULL;
        }
        slab = slabs->slab;
    }
    unsigned left = slab->stacks - slab->carved;
    n = guard(slab, (size_t)1 << shift, n < left ? n : left, soon);
    fl_link *batch = NULL;
    for (unsigned i = 0; i < n; i++) {
        fl_stack *stack = describe(slabs, slab, shift);
        stack->link.next = batch;
        batch = &stack->link;
    }
    return batch;
}

/* Keeps the slab, and puts what waits there into use. With the guard. */
static void
keep(struct slab *slab)
{
    slab->kept = true;
    while (slab->returned) {
        fl_link *link = slab->returned;
        slab->returned = link->next;
        link->next = NULL;
        fl_stack_put_batch(link);
    }
}

fl_link *
fl_slab_carve(unsigned shift, unsigned n, bool kept)
{
    struct slabs *slabs = &sizes[shift];
    fl_guard_lock(&slabs->guard);
    /* what a worker begins with it may never need: that is not populated */
    fl_link *batch = carve(slabs, shift, n, kept && n > 1);
    if (batch && kept && !slabs->slab->kept) {
        keep(slabs->slab);
    }
    fl_guard_unlock(&slabs->guard);
    return batch;
}

/* ---- giving back what was not used ---- */

void
fl_slab_keep(unsigned shift)
{
    struct slabs *slabs = &sizes[shift];
    fl_guard_lock(&slabs->guard);
    for (struct slab *slab = slabs->all; slab; slab = slab->next) {
        if (slab->base && !slab->kept) {
            keep(slab);
        }
    }
    fl_guard_unlock(&slabs->guard);
}

static struct slab *
slab_of(const struct slabs *slabs, const fl_stack *stack)
{
    struct slab *slab = slabs->all;
    while (stack < slab->descriptors ||
           stack >= slab->descriptors + slab->stacks) {
        slab = slab->next;
    }
    return slab;
}

/* With the guard; all its stacks are back. */
static void
unmap_slab(struct slabs *slabs, struct slab *slab, size_t size)
{
    size_t page = fl_os_page();
    for (unsigned i = 0; i < slab->carved; i++) {
        char *usable = slab->base + i * size + page;
        fl_lsan_forget(usable, size - page);
        fl_asan_unpoison(usable, size - page);
    }
    fl_os_unmap(slab->base, slab->stacks * size);
    slab->base = NULL;
    slab->returned = NULL;
    slab->carved = slab->back = 0;
    if (slabs->slab == slab) {
        slabs->slab = NULL;
    }
}

/* With the guard. */
static void
give_back(struct slabs *slabs, fl_stack *stack)
{
    struct slab *slab = slab_of(slabs, stack);
    stack->sp = NULL;
    stack->link.next = slab->returned;
    slab->returned = &stack->link;
    slab->back++;
    if (slab->kept) {
        keep(slab);
    } else if (slab->back == slab->carved) {
        unmap_slab(slabs, slab, fl_stack_size(stack));
    }
}

void
fl_slab_give_back(fl_link *batch)
{
    unsigned shift = fl_container(batch, fl_stack, link)->shift;
    struct slabs *slabs = &sizes[shift];
    fl_guard_lock(&slabs->guard);
    while (batch) {
        fl_stack *stack = fl_container(batch, fl_stack, link);
        batch = batch->next;
        give_back(slabs, stack);
    }
    fl_guard_unlock(&slabs->guard);
}
