#include "sched/deque.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_SIZE 256

static fl_deque_array *
make_array(uint64_t size)
{
    fl_deque_array *array =
        malloc(sizeof *array + size * sizeof array->entries[0]);
    if (array) {
        array->mask = size - 1;
        array->smaller = NULL;
    }
    return array;
}

int
fl_deque_init(fl_deque *deque)
{
    fl_deque_array *array = make_array(FIRST_SIZE);
    if (!array) {
        return ENOMEM;
    }
    fl_store_relaxed(&deque->top, (uint64_t)0);
    fl_store_relaxed(&deque->bottom, (uint64_t)0);
    fl_store_release(&deque->array, array);
    return 0;
}

void
fl_deque_free(fl_deque *deque)
{
    fl_deque_array *array = fl_load_relaxed(&deque->array);
    while (array) {
        fl_deque_array *smaller = array->smaller;
        free(array);
        array = smaller;
    }
}

static int
grow(fl_deque *deque)
{
    fl_deque_array *old = fl_load_relaxed(&deque->array);
    fl_deque_array *array = make_array((old->mask + 1) * 2);
    if (!array) {
        return ENOMEM;
    }
    uint64_t b = fl_load_relaxed(&deque->bottom);
    for (uint64_t i = fl_load_acquire(&deque->top); i != b; i++) {
        fl_store_relaxed(&array->entries[i & array->mask],
                         fl_load_relaxed(&old->entries[i & old->mask]));
    }
    array->smaller = old;
    fl_store_release(&deque->array, array);
    return 0;
}

int
fl_deque_push_slowly(fl_deque *deque, void *entry)
{
    int error = grow(deque);
    return error ? error : fl_deque_push(deque, entry);
}
