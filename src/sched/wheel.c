#include "sched/wheel.h"

#include "base/base.h"

#include <stdint.h>

#define DIGIT (FL_WHEEL_SLOTS - 1u)
#define IN_HEAP 0u /* the timer's slot_; else one more than the slot's number */
#define EARLY_FROM 2u    /* the level; below, spans are short */
#define EARLY_AT_ONCE 64 /* timers, 10 to 50 us */

static uint64_t
tick_of(filch_time time)
{
    return time > 0 ? (uint64_t)time >> FL_TICK_SHIFT : 0;
}

/* ---- the heap ---- */

static bool
before(const filch_timer *a, const filch_timer *b)
{
    return a->deadline_ < b->deadline_ ||
           (a->deadline_ == b->deadline_ && a->order_ < b->order_);
}

/* Makes one heap of two, either of which may be empty. */
static filch_timer *
meld(filch_timer *a, filch_timer *b)
{
    if (!a || !b) {
        return a ? a : b;
    }
    if (before(b, a)) {
        filch_timer *swap = a;
        a = b;
        b = swap;
    }
    b->sibling_ = a->child_;
    if (a->child_) {
        a->child_->previous_ = b;
    }
    b->previous_ = a; /* the parent, of a first child */
    a->child_ = b;
    return a;
}

/* Makes one heap of a list of siblings: pairs from the left, then all. */
static filch_timer *
meld_siblings(filch_timer *first)
{
    filch_timer *pairs = NULL;
    while (first) {
        filch_timer *a = first, *b = first->sibling_;
        first = b ? b->sibling_ : NULL;
        a->sibling_ = a->previous_ = NULL;
        if (b) {
            b->sibling_ = b->previous_ = NULL;
        }
        a = meld(a, b);
        a->sibling_ = pairs; /* a list again, backwards */
        pairs = a;
    }
    filch_timer *root = NULL;
    while (pairs) {
        filch_timer *next = pairs->sibling_;
        pairs->sibling_ = NULL;
        root = meld(root, pairs);
        pairs = next;
    }
    return root;
}

static void
take_from_heap(fl_wheel *wheel, filch_timer *timer)
{
    filch_timer *rest = meld_siblings(timer->child_);
    if (timer == wheel->heap) {
        wheel->heap = rest;
        return;
    }
    if (timer->previous_->child_ == timer) {
        timer->previous_->child_ = timer->sibling_;
    } else {
        timer->previous_->sibling_ = timer->sibling_;
    }
    if (timer->sibling_) {
        timer->sibling_->previous_ = timer->previous_;
    }
    wheel->heap = meld(wheel->heap, rest);
}

/* ---- the slots ---- */

static unsigned
shift_of(unsigned level)
{
    return level * FL_SPAN_SHIFT;
}

/* An eighth of a span, in ticks. */
static uint64_t
lead_of(unsigned level)
{
    return ((uint64_t)1 << shift_of(level)) / 8;
}

/* I3, for one that is in use, and that begins with that tick. */
static void
note_start(fl_wheel *wheel, unsigned level, uint64_t start)
{
    uint64_t early = level < EARLY_FROM ? UINT64_MAX : start - lead_of(level);
    wheel->start = start < wheel->start ? start : wheel->start;
    wheel->early = early < wheel->early ? early : wheel->early;
}

/* The tick with which the first span in use of a level begins. */
static uint64_t
first_start(const fl_wheel *wheel, unsigned level)
{
    uint64_t used = wheel->used[level], here = wheel->tick >> shift_of(level);
    unsigned by = (unsigned)here & DIGIT;
    uint64_t from_here = used >> by | used << (-by & DIGIT);
    return (here + (uint64_t)__builtin_ctzll(from_here)) << shift_of(level);
}

/* I3 */
static void
find_start(fl_wheel *wheel)
{
    wheel->start = wheel->early = UINT64_MAX;
    for (uint32_t left = wheel->levels; left; left &= left - 1) {
        unsigned level = (unsigned)__builtin_ctz(left);
        note_start(wheel, level, first_start(wheel, level));
    }
}

/* I2 */
static unsigned
level_of(const fl_wheel *wheel, uint64_t tick)
{
    unsigned bits = 63 - (unsigned)__builtin_clzll(tick - wheel->tick);
    unsigned level = bits < 6 ? 0 : (bits - 3) / FL_SPAN_SHIFT;
    unsigned shift = shift_of(level);
    return level + ((tick >> shift) - (wheel->tick >> shift) >= FL_WHEEL_SLOTS);
}

/* Each notes, as far as its neighbour can tell, who comes two, three and four
 * places later: that may be gone by the time, and is just for the CPU to fetch
 * when the slot is emptied. */
static void
put_into_slot(fl_wheel *wheel, filch_timer *timer, uint64_t tick)
{
    unsigned level = level_of(wheel, tick);
    uint64_t span = tick >> shift_of(level);
    unsigned slot = (unsigned)span & DIGIT;
    filch_timer **list = &wheel->slots[level][slot];
    timer->slot_ = level * FL_WHEEL_SLOTS + slot + 1;
    filch_timer *next = *list;
    timer->sibling_ = next;
    *list = timer;
    if (next) {
        next->previous_ = timer;
        timer->child_ = next->sibling_;
        timer->ahead_[0] = next->child_;
        timer->ahead_[1] = next->ahead_[0];
        return;
    }
    timer->ahead_[0] = timer->ahead_[1] = NULL;
    if (!wheel->levels) {
        wheel->start = wheel->early = UINT64_MAX;
    }
    wheel->used[level] |= (uint64_t)1 << slot;
    wheel->levels |= 1u << level;
    note_start(wheel, level, span << shift_of(level));
}

/* Notes that the slot is not used any more. */
static void
leave_slot(fl_wheel *wheel, unsigned level, unsigned slot)
{
    wheel->used[level] &= ~((uint64_t)1 << slot);
    if (!wheel->used[level]) {
        wheel->levels &= ~(1u << level);
    }
}

static void
take_from_slot(fl_wheel *wheel, filch_timer *timer)
{
    unsigned level = (timer->slot_ - 1) / FL_WHEEL_SLOTS;
    unsigned slot = (timer->slot_ - 1) & DIGIT;
    if (timer->sibling_) {
        timer->sibling_->previous_ = timer->previous_;
    }
    if (timer->previous_) {
        timer->previous_->sibling_ = timer->sibling_;
        return;
    }
    wheel->slots[level][slot] = timer->sibling_;
    if (!timer->sibling_) {
        leave_slot(wheel, level, slot);
        find_start(wheel);
    }
}

/* ---- both ---- */

/* I1, I2 */
static void
place(fl_wheel *wheel, filch_timer *timer)
{
    uint64_t tick = tick_of(timer->deadline_);
    timer->child_ = timer->sibling_ = timer->previous_ = NULL;
    if (tick > wheel->tick && !wheel->exact) {
        put_into_slot(wheel, timer, tick);
    } else {
        timer->slot_ = IN_HEAP;
        wheel->heap = meld(wheel->heap, timer);
        /* it goes off soon: mostly for a fiber, of two lines */
        fl_fetch(timer->arg_);
    }
}

/* Empties the slot, the first in use of its level, or moves so many on. */
static void
move_on(fl_wheel *wheel, unsigned level, uint64_t start, size_t most)
{
    unsigned slot = (unsigned)(start >> shift_of(level)) & DIGIT;
    filch_timer *list = wheel->slots[level][slot];
    for (size_t n = 0; list && n < most; n++) {
        filch_timer *timer = list;
        list = timer->sibling_;
        fl_fetch(timer->ahead_[1]);
        place(wheel, timer);
    }
    wheel->slots[level][slot] = list;
    if (list) {
        list->previous_ = NULL;
    } else {
        leave_slot(wheel, level, slot);
    }
}

/* Goes to where the first span in use begins, and empties its slot. */
static void
advance(fl_wheel *wheel)
{
    wheel->tick = wheel->start;
    for (uint32_t left = wheel->levels; left; left &= left - 1) {
        unsigned level = (unsigned)__builtin_ctz(left);
        if (first_start(wheel, level) == wheel->tick) {
            move_on(wheel, level, wheel->tick, SIZE_MAX);
        }
    }
    find_start(wheel);
}

void
fl_wheel_put(fl_wheel *wheel, filch_timer *timer, filch_time now)
{
    uint64_t tick = tick_of(now);
    /* those that are there may stay where they are, since no span in use has
     * begun by then */
    bool empty = !wheel->levels && !wheel->heap;
    bool later = tick > wheel->tick && (!wheel->levels || tick < wheel->start);
    if (empty || later) {
        wheel->tick = tick;
    }
    timer->order_ = wheel->order++;
    place(wheel, timer);
}

void
fl_wheel_put_back(fl_wheel *wheel, filch_timer *timer)
{
    place(wheel, timer);
}

void
fl_wheel_take(fl_wheel *wheel, filch_timer *timer)
{
    if (timer->slot_ == IN_HEAP) {
        take_from_heap(wheel, timer);
    } else {
        take_from_slot(wheel, timer);
    }
    timer->child_ = timer->sibling_ = timer->previous_ = NULL;
}

filch_timer *
fl_wheel_first(fl_wheel *wheel, filch_time now)
{
    uint64_t tick = tick_of(now);
    while (!wheel->heap && wheel->levels && wheel->start <= tick) {
        advance(wheel);
    }
    filch_timer *first = wheel->heap;
    return first && first->deadline_ <= now ? first : NULL;
}

filch_time
fl_wheel_bound(const fl_wheel *wheel)
{
    if (wheel->heap) {
        return wheel->heap->deadline_;
    }
    return wheel->levels ? (filch_time)(wheel->start << FL_TICK_SHIFT)
                         : FILCH_NEVER;
}

void
fl_wheel_prepare(fl_wheel *wheel, filch_time now)
{
    uint64_t tick = tick_of(now);
    if (!wheel->levels || tick < wheel->early || tick >= wheel->start) {
        return;
    }
    wheel->tick = tick > wheel->tick ? tick : wheel->tick;
    for (uint32_t left = wheel->levels >> EARLY_FROM << EARLY_FROM; left;
         left &= left - 1) {
        unsigned level = (unsigned)__builtin_ctz(left);
        uint64_t start = first_start(wheel, level);
        if (start - lead_of(level) <= tick) {
            move_on(wheel, level, start, EARLY_AT_ONCE);
            break;
        }
    }
    find_start(wheel);
}

filch_time
fl_wheel_early(const fl_wheel *wheel)
{
    filch_time bound = fl_wheel_bound(wheel);
    bool ahead = wheel->levels && wheel->early < tick_of(bound);
    return ahead ? (filch_time)(wheel->early << FL_TICK_SHIFT) : bound;
}
