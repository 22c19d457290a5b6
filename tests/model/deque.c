/*
 * The deque: the owner pushes, so many that it grows, pops, and takes the
 * oldest; two thieves steal. Each entry comes out once, and what was written
 * to it before it was pushed is seen by who takes it. With the light fence as
 * the system gives it, and as a fence; in some runs the heavy one fails now and
 * then.
 */
#include "world.h"

#include "sched/deque.h"

#define MODEL_THREADS 3
#define ENTRIES 5

static fl_deque deque;
static struct entry {
    int value;
} entries[ENTRIES];
static unsigned taken[ENTRIES];

void
model_before(void)
{
    fl_fence_asymmetric = model_choose(2);
    fences_fail = model_choose(2);
    model_assert(fl_deque_init(&deque) == 0);
    for (int i = 0; i < ENTRIES; i++) {
        entries[i].value = 0;
        taken[i] = 0;
    }
}

static void
take(void *entry)
{
    if (entry) {
        struct entry *one = (void *)((uintptr_t)entry & ~FL_DEQUE_ALONE);
        unsigned i = (unsigned)(one - entries);
        model_assert(i < ENTRIES);
        model_assert(one->value == (int)i + 1);
        taken[i]++; /* nobody else does: it would be a race */
    }
}

/* Every other one is to be stolen alone. */
static void *
entry_of(int i)
{
    return (char *)&entries[i] + i % 2 * FL_DEQUE_ALONE;
}

static void
push(int i)
{
    entries[i].value = i + 1;
    model_assert(fl_deque_push(&deque, entry_of(i)) == 0);
}

/* As filch_sync. */
static void
pop_if(void *entry)
{
    fl_popped popped = fl_deque_pop_if_here(&deque, entry);
    if (popped == FL_POPPED ||
        (popped == FL_POP_CONTESTED && fl_deque_pop_contested(&deque))) {
        take(entry);
    }
}

/* In one of several ways, so that the last entry is met as well as others. */
static void
own(void)
{
    push(0);
    if (model_choose(2)) {
        push(1);
    }
    switch (model_choose(4)) {
    case 0:
        take(fl_deque_pop(&deque));
        break;
    case 1:
        take(fl_deque_shift(&deque));
        break;
    case 2:
        if (fl_deque_remove(&deque, entry_of(0))) {
            take(entry_of(0));
        }
        break;
    default:
        pop_if(entry_of(1));
    }
    push(2);
    if (model_choose(2)) {
        take(fl_deque_pop(&deque));
    }
    if (model_choose(2) && !fl_deque_has_any(&deque)) {
        model_assert(fl_deque_size(&deque) == 0);
    }
    push(3);
    if (model_choose(2)) {
        push(4);
    }
    while (fl_deque_size(&deque)) {
        take(fl_deque_pop(&deque));
    }
    model_assert(!fl_deque_pop_if(&deque, &deque)); /* never pushed: I2 */
}

void
model_thread(unsigned thread)
{
    void *some[ENTRIES];
    if (thread == 0) {
        own();
        return;
    }
    for (int i = 0; i < 2; i++) {
        uint64_t n = fl_deque_steal(&deque, some, 1 + model_choose(3));
        while (n > 0) {
            take(some[--n]);
        }
    }
}

void
model_after(void)
{
    for (void *one; (one = fl_deque_pop(&deque));) {
        take(one);
    }
    for (int i = 0; i < ENTRIES; i++) {
        model_assert(taken[i] == (entries[i].value != 0));
    }
    fl_deque_free(&deque);
}
