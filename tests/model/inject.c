/*
 * The common queue: two threads push (one of them a chain), one pops. Each
 * fiber comes out once, those of one pusher in their order, and what was
 * written to it before is seen; none is taken before it is counted.
 */
#include "engine.h"

#include "sched/inject.h"

#define MODEL_THREADS 3
#define FIBERS 3

static fl_inject inject;
static fl_fiber fibers[FIBERS];
static unsigned popped[FIBERS], last;

void
model_before(void)
{
    inject = (fl_inject){0};
    for (int i = 0; i < FIBERS; i++) {
        fibers[i] = (fl_fiber){0};
        popped[i] = 0;
    }
    last = 0;
}

static void
push(unsigned first, unsigned n)
{
    for (unsigned i = first; i < first + n; i++) {
        fibers[i].sp = &fibers[i];
        fibers[i].next = i + 1 < first + n ? &fibers[i + 1] : &fibers[i];
    }
    fl_inject_push(&inject, &fibers[first], &fibers[first + n - 1], n);
}

static void
take(fl_fiber *one, uint32_t n)
{
    for (; n > 0; n--, one = one->next) {
        unsigned i = (unsigned)(one - fibers);
        model_assert(one->sp == one);
        model_assert(i != 2 || last == 1);
        last = i ? i : last;
        popped[i]++;
    }
    model_assert(!one);
}

static void
pop_all(void)
{
    uint32_t left = FIBERS;
    while (left > 0) {
        fl_fiber *first;
        if (!fl_inject_count(&inject)) {
            model_yield();
            continue;
        }
        uint32_t n = fl_inject_pop(&inject, &first, 1 + model_choose(2));
        /* not below none, though others push just now */
        model_assert(fl_inject_count(&inject) <= FIBERS);
        if (n) {
            take(first, n);
        }
        left -= n;
    }
}

void
model_thread(unsigned thread)
{
    switch (thread) {
    case 0:
        push(0, 1);
        break;
    case 1:
        push(1, 2);
        break;
    default:
        pop_all();
    }
}

void
model_after(void)
{
    for (int i = 0; i < FIBERS; i++) {
        model_assert(popped[i] == 1);
    }
    model_assert(fl_inject_count(&inject) == 0);
}
