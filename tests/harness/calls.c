#include "calls.h"

bool call_is_ready;
void (*call_told)(const char *name);
void *const call_item = &call_is_ready;

const struct call *const calls[] = {
    &call_event_wait,
    &call_lock_acquire,
    &call_fair_acquire,
    &call_condition_acquire,
    &call_condition_wait,
    &call_condition_wait_for,
    &call_put,
    &call_put_many,
    &call_get,
    &call_get_many,
    &call_queue_join,
    &call_semaphore_acquire,
    &call_barrier_wait,
    &call_join,
    &call_wait,
    &call_group_wait,
    NULL,
};
