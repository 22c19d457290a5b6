#include "sched/inject.h"

#include "os/chaos.h"

void
fl_inject_push(fl_inject *inject, fl_fiber *first, fl_fiber *last, uint32_t n)
{
    last->next = NULL;
    fl_guard_lock(&inject->guard);
    if (inject->first) {
        inject->last->next = first;
    } else {
        inject->first = first;
    }
    inject->last = last;
    fl_add_seq_cst(&inject->count, n);
    fl_guard_unlock(&inject->guard);
}

uint32_t
fl_inject_pop(fl_inject *inject, fl_fiber **first, uint32_t n)
{
    uint32_t taken = 0;
    fl_fiber *last = NULL;
    fl_guard_lock(&inject->guard);
    *first = inject->first;
    while (taken < n && inject->first) {
        last = inject->first;
        fl_fetch_fiber(last->waiter.ahead);
        inject->first = last->next;
        taken++;
    }
    if (last) {
        last->next = NULL;
    }
    fl_add_acq_rel(&inject->count, (uint32_t)-taken);
    fl_guard_unlock(&inject->guard);
    return taken;
}
