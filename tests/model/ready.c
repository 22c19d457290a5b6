/*
 * A worker's ring and next slot under their bias: the owner puts in, picks,
 * and swaps; two thieves take half of the ring, or what is in the next slot.
 * Each fiber comes out once. With the light fence as the system gives it, and
 * as a fence; in some runs the heavy one fails now and then.
 */
#include "world.h"

#include "sched/ready.h"

#define MODEL_THREADS 3
#define FIBERS 4

static fl_ready ready;
static fl_fiber fibers[FIBERS];
static unsigned taken[FIBERS], put;

void
model_before(void)
{
    fl_fence_asymmetric = model_choose(2);
    fences_fail = model_choose(2);
    ready = (fl_ready){0};
    for (int i = 0; i < FIBERS; i++) {
        fibers[i].sp = NULL;
        taken[i] = 0;
    }
    put = 0;
}

static void
take(fl_fiber *one)
{
    if (one) {
        unsigned i = (unsigned)(one - fibers);
        model_assert(i < FIBERS);
        model_assert(one->sp == one);
        taken[i]++; /* nobody else does: it would be a race */
    }
}

/* As fl_take_ready, but for what the CPU is told to fetch. */
static fl_fiber *
pick(void)
{
    fl_bias_enter(&ready.bias);
    fl_fiber *one = fl_ready_pick(&ready);
    fl_bias_leave(&ready.bias);
    return one;
}

/* As fl_yield_here. */
static void
swap(fl_fiber *one)
{
    fl_fiber *next =
        fl_bias_try(&ready.bias, true) ? fl_ready_rotate(&ready, one) : NULL;
    if (next) {
        fl_bias_leave(&ready.bias);
        take(next);
        return;
    }
    fl_bias_enter(&ready.bias);
    bool swapped = fl_ready_swap(&ready, one, &next);
    fl_bias_leave(&ready.bias);
    take(next);
    if (!swapped) {
        take(one);
    }
}

static void
own(void)
{
    for (int i = 0; i < FIBERS; i++, put++) {
        fibers[i].sp = &fibers[i];
        switch (model_choose(3)) {
        case 0:
            model_assert(fl_ready_put_here(&ready, &fibers[i]) ||
                         fl_ready_put(&ready, &fibers[i]));
            break;
        case 1:
            model_assert(fl_ready_push(&ready, &fibers[i]));
            break;
        default:
            swap(&fibers[i]);
        }
        if (model_choose(2)) {
            take(pick());
        }
    }
}

static void
steal(void)
{
    fl_fiber *some[FIBERS];
    uint32_t n = fl_ready_steal(&ready, some, FIBERS);
    for (uint32_t i = 0; i < n; i++) {
        take(some[i]);
    }
}

void
model_thread(unsigned thread)
{
    switch (thread) {
    case 0:
        own();
        break;
    case 1:
        steal(); /* fall through */
    default:
        take(fl_ready_steal_next(&ready));
        steal();
    }
}

void
model_after(void)
{
    for (fl_fiber *one; (one = pick());) {
        take(one);
    }
    for (int i = 0; i < FIBERS; i++) {
        model_assert(taken[i] == 1);
    }
}
