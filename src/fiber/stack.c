#include "fiber/stack.h"

#include "fiber/context.h"
#include "fiber/sanitizer.h"
#include "fiber/slab.h"

#include <errno.h>

#define WARM_IDLE ((size_t)64 << 20) /* address space kept with its pages */
#define SHED_AFTER FILCH_SEC(1)      /* what was not needed for so long */
#define SHED_MOST 8                  /* batches at once, of 30 us each */
#define SHED_FOR FILCH_US(300)       /* no other is begun after that */
#define SHED_REST 7                  /* times as long as it took */

/* The stacks of one size. */
static struct size_class {
    fl_depot warm;     /* with their pages, contexts perhaps parked on them */
    fl_depot cold;     /* without */
    fl_atomic64 least; /* batches that were warm at any time since then */
    filch_time since;  /* by who sheds */
    size_t surplus;    /* likewise: what is still to be shed */
} classes[FL_STACK_SHIFTS];

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
take_warm(struct size_class *kind)
{
    fl_link *batch = fl_depot_take(&kind->warm);
    uint64_t left = fl_depot_size(&kind->warm);
    if (left < fl_load_relaxed(&kind->least)) {
        fl_store_relaxed(&kind->least, left);
    }
    return batch;
}

/*
 * Has the system give each its first page. They are touched, too: where a
 * hypervisor keeps page tables of its own it is only then, some 10 us each, that
 * they are there for it. Who waits begins its next stack with a guard held.
 */
static void
populate(const fl_link *batch)
{
    fl_os_range tops[FL_BATCH];
    size_t page = fl_os_page();
    unsigned n = 0;
    for (; batch && n < FL_BATCH; batch = batch->next) {
        const fl_stack *stack = fl_container(batch, fl_stack, link);
        char *top = stack->base + fl_stack_size(stack);
        tops[n++] = (fl_os_range){.base = top - page, .size = page};
    }
    fl_os_populate(tops, n);
    for (unsigned i = 0; i < n; i++) {
        fl_asan_unpoison(tops[i].base, page); /* of who was there before */
        *(volatile char *)tops[i].base = 0;
    }
}

static fl_link *
get_batch(unsigned shift, bool kept)
{
    fl_link *batch = take_warm(&classes[shift]);
    if (batch) {
        return batch;
    }
    batch = fl_depot_take(&classes[shift].cold);
    if (!batch) {
        batch = fl_slab_carve(shift, batch_size(shift, kept), kept);
    }
    /* what a worker begins with it may never need, nor much of a big one */
    if (kept && batch && batch->next) {
        populate(batch);
    }
    return batch;
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

/* Batches that stay warm whatever happens: one at least, unless a stack alone is
 * more than that. */
static size_t
kept_batches(unsigned shift)
{
    bool small = ((size_t)1 << shift) <= WARM_IDLE;
    return WARM_IDLE / batch_bytes(shift) + small;
}

void
fl_stack_put_batch(fl_link *batch)
{
    unsigned shift = fl_container(batch, fl_stack, link)->shift;
    fl_depot_give(&classes[shift].warm, batch);
}

fl_link *
fl_stack_try_batch(unsigned shift)
{
    return get_batch(shift, FL_TSAN); /* whose loops put them one by one */
}

/* ---- what idle ones keep ---- */

bool
fl_stack_surplus(void)
{
    for (unsigned shift = 0; shift < FL_STACK_SHIFTS; shift++) {
        if (fl_depot_size(&classes[shift].warm) > kept_batches(shift)) {
            return true;
        }
    }
    return false;
}

/* False: there is none. */
static bool
cool_one(struct size_class *kind)
{
    fl_link *batch = fl_depot_take(&kind->warm);
    if (batch) {
        cool(batch);
        fl_depot_give(&kind->cold, batch);
    }
    return batch != NULL;
}

bool
fl_stack_trim(void)
{
    bool any = false;
    for (unsigned shift = 0; shift < FL_STACK_SHIFTS; shift++) {
        struct size_class *kind = &classes[shift];
        if (fl_depot_size(&kind->warm) > kept_batches(shift)) {
            any |= cool_one(kind);
        }
    }
    return any;
}

/* What was there all the time since it was looked at last is too much. */
static void
shed(struct size_class *kind, size_t kept, filch_time now, filch_time until)
{
    size_t size = fl_depot_size(&kind->warm);
    if (now - kind->since >= SHED_AFTER) {
        size_t least = fl_load_relaxed(&kind->least);
        kind->surplus = least > kept ? least - kept : 0;
        kind->since = now;
        fl_store_relaxed(&kind->least, (uint64_t)size);
    }
    for (int n = 0; n < SHED_MOST && kind->surplus > 0; n++) {
        kind->surplus = cool_one(kind) ? kind->surplus - 1 : 0;
        if (fl_os_now() > until) {
            break;
        }
    }
}

filch_time
fl_stack_shed(filch_time now)
{
    uint32_t nobody = 0;
    if (!fl_cas_acq_rel(&shedding, &nobody, 1u)) {
        return now;
    }
    filch_time begin = fl_os_now();
    for (unsigned shift = 0; shift < FL_STACK_SHIFTS; shift++) {
        if (fl_depot_size(&classes[shift].warm) > kept_batches(shift)) {
            shed(&classes[shift], kept_batches(shift), now, begin + SHED_FOR);
        }
    }
    fl_store_release(&shedding, 0u);
    return now + (fl_os_now() - begin) * (1 + SHED_REST);
}

/* ---- one ---- */

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
fl_stack_prepare(fl_stack *stack, fl_context_entry *entry)
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
