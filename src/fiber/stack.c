#include "fiber/stack.h"

#include "fiber/context.h"
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

#define SHIFTS 31 /* sizes up to 1 GiB */
#define SLAB_BYTES ((size_t)64 << 20)
#define WARM_IDLE ((size_t)64 << 20) /* address space kept with its pages */
#define SHED_AFTER FILCH_SEC(1)      /* what was not needed for so long */
#define SHED_MOST 8                  /* batches at once, of 30 us each */
#define COLOURS 32                   /* tops differ by a cache line each */

/*
 * A mapping, and the stacks that are carved from it; all under the class's
 * guard. It is kept for good once a task may have run on one of them, since a
 * dump may look there late. Until then those that come back wait here, and the
 * mapping goes when all that were carved are back.
 */
struct slab {
    struct slab *next;
    char *base; /* NULL: not mapped */
    unsigned stacks, carved, back;
    bool kept;
    fl_link *returned;
    fl_stack descriptors[];
};

/* The stacks of one size. */
static struct size_class {
    fl_depot warm;     /* with their pages, contexts perhaps parked on them */
    fl_depot cold;     /* without */
    fl_atomic32 guard; /* of what follows */
    struct slab *slabs;
    struct slab *slab; /* the one that is being carved, or NULL */
    unsigned carved;
    fl_atomic64 least; /* batches that were warm at any time since then */
    filch_time since;  /* by who sheds */
    size_t surplus;    /* likewise: what is still to be shed */
} classes[SHIFTS];

static fl_atomic32 shedding; /* somebody does */

unsigned
fl_stack_shift(size_t size)
{
    unsigned shift = 14;
    size =
        size > 4 * fl_os_page() ? size : 4 * fl_os_page(); /* one is a guard */
    while (((size_t)1 << shift) < size) {
        shift++;
    }
    return shift;
}

/* One that is not mapped any more, or a new one; NULL: no memory. */
static struct slab *
bare_slab(struct size_class *class, unsigned stacks)
{
    struct slab *slab = class->slabs;
    while (slab && (slab->base || slab->stacks != stacks)) {
        slab = slab->next;
    }
    if (!slab) {
        slab = calloc(1, sizeof *slab + stacks * sizeof(fl_stack));
        if (slab) {
            slab->stacks = stacks;
            slab->next = class->slabs;
            class->slabs = slab;
        }
    }
    return slab;
}

/* Maps the next slab, a smaller one if memory is short. */
static bool
map_slab(struct size_class *class, unsigned shift)
{
    size_t size = (size_t)1 << shift;
    size_t n = size < SLAB_BYTES ? SLAB_BYTES / size : 1;
    for (; n > 0; n /= 4) {
        void *memory;
        if (fl_os_map(&memory, n * size)) {
            continue;
        }
        class->slab = bare_slab(class, (unsigned)n);
        if (!class->slab) {
            fl_os_unmap(memory, n * size);
            return false;
        }
        class->slab->base = memory;
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
describe(struct size_class *class, struct slab *slab, unsigned shift)
{
    size_t page = fl_os_page(), size = (size_t)1 << shift;
    char *base = slab->base + slab->carved * size;
    fl_stack *stack = &slab->descriptors[slab->carved++];
    stack->base = base;
    stack->low = base + size / 4;
    stack->sp = NULL;
    stack->units = (uint32_t)(size / FL_STACK_UNIT);
    stack->shift = (uint8_t)shift;
    stack->colour = (uint8_t)(class->carved++ % COLOURS);
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

/* The next stacks of the slab, n at most, NULL: none. With the class's
 * guard. */
static fl_link *
carve(struct size_class *class, unsigned shift, unsigned n, bool soon)
{
    struct slab *slab = class->slab;
    if (!slab || slab->carved == slab->stacks) {
        if (!map_slab(class, shift)) {
            return NULL;
        }
        slab = class->slab;
    }
    unsigned left = slab->stacks - slab->carved;
    n = guard(slab, (size_t)1 << shift, n < left ? n : left, soon);
    fl_link *batch = NULL;
    for (unsigned i = 0; i < n; i++) {
        fl_stack *stack = describe(class, slab, shift);
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

static fl_link *
carve_batch(unsigned shift, unsigned n, bool kept)
{
    struct size_class *class = &classes[shift];
    fl_guard_lock(&class->guard);
    /* what a worker begins with it may never need: that is not populated */
    fl_link *batch = carve(class, shift, n, kept && n > 1);
    if (batch && kept && !class->slab->kept) {
        keep(class->slab);
    }
    fl_guard_unlock(&class->guard);
    return batch;
}

/* A worker that needs one stack should not pay for a batch of big ones. */
static unsigned
batch_size(unsigned shift, bool kept)
{
    if (shift > 18) {
        return 1;
    }
    return kept && shift <= 16 ? FL_BATCH : FL_BATCH / 4;
}

static fl_link *
take_warm(struct size_class *class)
{
    fl_link *batch = fl_depot_take(&class->warm);
    uint64_t left = fl_depot_size(&class->warm);
    if (left < fl_load_relaxed(&class->least)) {
        fl_store_relaxed(&class->least, left);
    }
    return batch;
}

static fl_link *
get_batch(unsigned shift, bool kept)
{
    fl_link *batch = take_warm(&classes[shift]);
    if (!batch) {
        batch = fl_depot_take(&classes[shift].cold);
    }
    return batch ? batch : carve_batch(shift, batch_size(shift, kept), kept);
}

fl_link *
fl_stack_get_batch(unsigned shift)
{
    return get_batch(shift, true);
}

/* Gives the pages of a batch back to the system. */
static void
cool(fl_link *batch)
{
    fl_os_range pages[FL_BATCH];
    unsigned n = 0;
    for (fl_link *link = batch; link; link = link->next) {
        fl_stack *stack = fl_container(link, fl_stack, link);
        size_t page = fl_os_page();
        stack->sp = NULL;
        pages[n++] = (fl_os_range){.base = stack->base + page,
                                   .size = fl_stack_size(stack) - page};
        if (n == FL_BATCH || !link->next) {
            fl_os_discard(pages, n);
            n = 0;
        }
    }
}

static size_t
batch_bytes(unsigned shift)
{
    return (size_t)FL_BATCH << shift;
}

/* Batches that stay warm whatever happens. */
static size_t
kept_batches(unsigned shift)
{
    return WARM_IDLE / batch_bytes(shift) + 1;
}

void
fl_stack_put_batch(fl_link *batch)
{
    unsigned shift = fl_container(batch, fl_stack, link)->shift;
    fl_depot_give(&classes[shift].warm, batch);
}

/* ---- stacks for a runtime that may fail to start ---- */

fl_link *
fl_stack_try_batch(unsigned shift)
{
    return get_batch(shift, FL_TSAN); /* whose loops put them one by one */
}

void
fl_stack_keep(unsigned shift)
{
    struct size_class *class = &classes[shift];
    fl_guard_lock(&class->guard);
    for (struct slab *slab = class->slabs; slab; slab = slab->next) {
        if (slab->base && !slab->kept) {
            keep(slab);
        }
    }
    fl_guard_unlock(&class->guard);
}

static struct slab *
slab_of(const struct size_class *class, const fl_stack *stack)
{
    struct slab *slab = class->slabs;
    while (stack < slab->descriptors ||
           stack >= slab->descriptors + slab->stacks) {
        slab = slab->next;
    }
    return slab;
}

/* With the guard; all its stacks are back. */
static void
unmap_slab(struct size_class *class, struct slab *slab, size_t size)
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
    if (class->slab == slab) {
        class->slab = NULL;
    }
}

/* With the guard. */
static void
give_back(struct size_class *class, fl_stack *stack)
{
    struct slab *slab = slab_of(class, stack);
    stack->sp = NULL;
    stack->link.next = slab->returned;
    slab->returned = &stack->link;
    slab->back++;
    if (slab->kept) {
        keep(slab);
    } else if (slab->back == slab->carved) {
        unmap_slab(class, slab, fl_stack_size(stack));
    }
}

void
fl_stack_give_back(fl_link *batch)
{
    unsigned shift = fl_container(batch, fl_stack, link)->shift;
    struct size_class *class = &classes[shift];
    fl_guard_lock(&class->guard);
    while (batch) {
        fl_stack *stack = fl_container(batch, fl_stack, link);
        batch = batch->next;
        give_back(class, stack);
    }
    fl_guard_unlock(&class->guard);
}

/* ---- what idle ones keep ---- */

bool
fl_stack_surplus(void)
{
    for (unsigned shift = 0; shift < SHIFTS; shift++) {
        if (fl_depot_size(&classes[shift].warm) > kept_batches(shift)) {
            return true;
        }
    }
    return false;
}

/* False: there is none. */
static bool
cool_one(struct size_class *class)
{
    fl_link *batch = fl_depot_take(&class->warm);
    if (batch) {
        cool(batch);
        fl_depot_give(&class->cold, batch);
    }
    return batch != NULL;
}

void
fl_stack_trim(void)
{
    for (unsigned shift = 0; shift < SHIFTS; shift++) {
        struct size_class *class = &classes[shift];
        while (fl_depot_size(&class->warm) > kept_batches(shift) &&
               cool_one(class)) {
        }
    }
}

/* What was there all the time since it was looked at last is too much. */
static void
shed(struct size_class *class, size_t kept, filch_time now)
{
    size_t size = fl_depot_size(&class->warm);
    if (now - class->since >= SHED_AFTER) {
        size_t least = fl_load_relaxed(&class->least);
        class->surplus = least > kept ? least - kept : 0;
        class->since = now;
        fl_store_relaxed(&class->least, (uint64_t)size);
    }
    for (int n = 0; n<SHED_MOST &&class->surplus> 0; n++) {
        class->surplus = cool_one(class) ? class->surplus - 1 : 0;
    }
}

void
fl_stack_shed(filch_time now)
{
    uint32_t nobody = 0;
    if (!fl_cas_acq_rel(&shedding, &nobody, 1u)) {
        return;
    }
    for (unsigned shift = 0; shift < SHIFTS; shift++) {
        if (fl_depot_size(&classes[shift].warm) > kept_batches(shift)) {
            shed(&classes[shift], kept_batches(shift), now);
        }
    }
    fl_store_release(&shedding, 0u);
}

int
fl_stack_get(unsigned shift, fl_stack **stack)
{
    fl_link *batch = fl_stack_get_batch(shift);
    if (!batch) {
        return ENOMEM;
    }
    fl_link *rest = batch->next;
    if (rest) {
        fl_stack_put_batch(rest);
    }
    *stack = fl_container(batch, fl_stack, link);
    return 0;
}

void
fl_stack_put(fl_stack *stack)
{
    stack->link.next = NULL;
    fl_stack_put_batch(&stack->link);
}

void
fl_stack_prepare(fl_stack *stack, void (*entry)(void *value))
{
    size_t page = fl_os_page(), size = fl_stack_size(stack);
    size_t colour = stack->colour * (size_t)FL_CACHE_LINE;
    if (FL_TSAN) {
        fl_os_renew(stack->base + page, size - page);
    }
    fl_asan_unpoison(stack->base + page, size - page);
    stack->sp =
        fl_context_make(stack->base + page, stack->base + size - colour, entry);
}

bool
fl_stack_guards(const fl_stack *stack, const void *address)
{
    const char *at = address;
    return at >= stack->base && at < stack->base + fl_os_page();
}
