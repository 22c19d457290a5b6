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
#define COLOURS 32         /* tops differ by a cache line each */
#define FORGET_MOST 65536u /* the sanitizer looks for each among all */

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
    bool rooted;        /* leak detection looks at all that are mapped */
    fl_link *unguarded; /* carved, but the kernel did not; back in a slab */
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

/* ---- leak detection ---- */

static void
root_slab(const struct slab *slab, size_t size, bool roots)
{
    size_t page = fl_os_page();
    for (unsigned i = 0; i < slab->carved; i++) {
        char *usable = slab->base + i * size + page;
        if (roots) {
            fl_lsan_root(usable, size - page);
        } else {
            fl_lsan_forget(usable, size - page);
        }
    }
}

static void
root_all(struct slabs *slabs, size_t size, bool roots)
{
    fl_guard_lock(&slabs->guard);
    if (slabs->rooted != roots && (roots || slabs->carved <= FORGET_MOST)) {
        for (struct slab *slab = slabs->all; slab; slab = slab->next) {
            root_slab(slab, size, roots);
        }
        slabs->rooted = roots;
    }
    fl_guard_unlock(&slabs->guard);
}

void
fl_slab_roots(bool begins)
{
    static fl_atomic32 guard;
    static unsigned runtimes; /* guard */
    if (!FL_ASAN) {
        return;
    }
    fl_guard_lock(&guard);
    runtimes += begins ? 1 : -1u;
    for (unsigned shift = 0; shift < FL_STACK_SHIFTS; shift++) {
        root_all(&sizes[shift], (size_t)1 << shift, runtimes > 0);
    }
    fl_guard_unlock(&guard);
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

/* With the guard. */
static void
forget_unguarded(struct slabs *slabs, const struct slab *slab)
{
    fl_link **at = &slabs->unguarded;
    while (*at) {
        fl_stack *stack = fl_container(*at, fl_stack, link);
        if (slab_of(slabs, stack) == slab) {
            *at = stack->link.next;
        } else {
            at = &stack->link.next;
        }
    }
}

/* With the guard; all its stacks are back. */
static void
unmap_slab(struct slabs *slabs, struct slab *slab, size_t size)
{
    if (slabs->rooted) {
        root_slab(slab, size, false);
    }
    fl_asan_unpoison(slab->base, slab->carved * size);
    forget_unguarded(slabs, slab);
    fl_os_unmap(slab->base, slab->stacks * size);
    slab->base = NULL;
    slab->returned = NULL;
    slab->carved = slab->back = 0;
    if (slabs->slab == slab) {
        slabs->slab = NULL;
    }
}

/* A chain of stacks goes to one of two lists: to those that wait in their slab,
 * or to those that have no guard. */
static void
come_back(struct slabs *slabs, fl_link *batch, bool guarded)
{
    fl_guard_lock(&slabs->guard);
    while (batch) {
        fl_stack *stack = fl_container(batch, fl_stack, link);
        struct slab *slab = slab_of(slabs, stack);
        fl_link **list = guarded ? &slab->returned : &slabs->unguarded;
        batch = batch->next;
        stack->sp = NULL;
        stack->link.next = *list;
        *list = &stack->link;
        slab->back++;
        if (slab->kept) {
            keep(slab);
        } else if (slab->back == slab->carved) {
            unmap_slab(slabs, slab, fl_stack_size(stack));
        }
    }
    fl_guard_unlock(&slabs->guard);
}

void
fl_slab_give_back(fl_link *batch)
{
    come_back(&sizes[fl_container(batch, fl_stack, link)->shift], batch, true);
}

/* ---- carving ---- */

/* The stack that lies at the slab's end so far; its guard is not there yet. */
static fl_stack *
describe(struct slabs *slabs, struct slab *slab, unsigned shift)
{
    size_t page = fl_os_page(), size = (size_t)1 << shift;
    char *base = slab->base + slab->carved * size;
    fl_stack *stack = &slab->descriptors[slab->carved++];
    stack->base = base;
    stack->low = base + page + size / 4; /* the lowest page is the guard */
    stack->sp = NULL;
    stack->units = (uint32_t)(size / FL_STACK_UNIT);
    stack->shift = (uint8_t)shift;
    stack->colour = (uint8_t)(slabs->carved++ % COLOURS);
    if (slabs->rooted) {
        fl_lsan_root(base + page, size - page);
    }
    VALGRIND_STACK_REGISTER(base + page, base + size);
    return stack;
}

/* One that could not be guarded before, or the next of the slab that is being
 * carved, or of a new one; NULL: no memory. */
static fl_stack *
claim_one(struct slabs *slabs, unsigned shift)
{
    struct slab *slab = slabs->slab;
    if (slabs->unguarded) {
        fl_stack *stack = fl_container(slabs->unguarded, fl_stack, link);
        slabs->unguarded = slabs->unguarded->next;
        slab_of(slabs, stack)->back--;
        return stack;
    }
    if (!slab || slab->carved == slab->stacks) {
        if (!map_slab(slabs, shift)) {
            return NULL;
        }
        slab = slabs->slab;
    }
    return describe(slabs, slab, shift);
}

/* Takes n stacks, or fewer, that nobody else sees from now on: how many. */
static unsigned
claim(struct slabs *slabs, unsigned shift, bool kept, fl_stack **stacks,
      unsigned n)
{
    unsigned claimed = 0;
    fl_guard_lock(&slabs->guard);
    while (claimed < n && (stacks[claimed] = claim_one(slabs, shift))) {
        struct slab *slab = slab_of(slabs, stacks[claimed++]);
        if (kept && !slab->kept) {
            keep(slab);
        }
    }
    fl_guard_unlock(&slabs->guard);
    return claimed;
}

/* Guards n stacks: how many it could, the first of them. */
static unsigned
guard(fl_stack *const *stacks, unsigned n)
{
    fl_os_range lows[FL_BATCH];
    for (unsigned i = 0; i < n; i++) {
        lows[i] = (fl_os_range){.base = stacks[i]->base, .size = fl_os_page()};
    }
    explain_limit(fl_os_guard(lows, n, &n));
    return n;
}

static fl_link *
chain(fl_stack *const *stacks, unsigned n)
{
    fl_link *batch = NULL;
    for (unsigned i = 0; i < n; i++) {
        stacks[i]->link.next = batch;
        batch = &stacks[i]->link;
    }
    return batch;
}

fl_link *
fl_slab_carve(unsigned shift, unsigned n, bool kept)
{
    struct slabs *slabs = &sizes[shift];
    fl_stack *stacks[FL_BATCH];
    n = claim(slabs, shift, kept, stacks, n);
    /* The kernel takes its time, 100 us and more; by then others have carved
     * theirs. */
    unsigned guarded = guard(stacks, n);
    fl_assume(guarded <= n);
    if (guarded < n) {
        come_back(slabs, chain(stacks + guarded, n - guarded), false);
    }
    return chain(stacks, guarded);
}
