/* Putting, getting and joining: a queue of one slot. */
#include "calls.h"

static filch_queue queue;

static void
queue_empty(bool ready)
{
    call_is_ready = ready;
    OK(filch_queue_destroy(&queue)); /* a zeroed one at first */
    OK(filch_queue_init(&queue, 1));
}

static void
queue_full(bool ready)
{
    queue_empty(ready);
    OK(filch_queue_put_nowait(&queue, call_item));
}

static void
put_ready(void)
{
    queue_empty(true);
}

static void
put_blocked(void)
{
    queue_full(false);
}

static bool
put_untouched(void)
{
    return filch_queue_full(&queue) != call_is_ready;
}

static void
put_wake(void)
{
    void *item;
    OK(filch_queue_get_nowait(&queue, &item));
    CHECK(item == call_item);
}

static int
put(filch_time deadline)
{
    return CALL(filch_queue_put, &queue, call_item);
}

static int
put_many(filch_time deadline)
{
    void *items[] = {call_item};
    size_t done = 99;
    int status = CALL(filch_queue_put_many, &queue, items, 1, &done);
    EQ(status ? 0 : 1, done);
    return status;
}

static void
get_ready(void)
{
    queue_full(true);
}

static void
get_blocked(void)
{
    queue_empty(false);
}

static bool
get_untouched(void)
{
    return filch_queue_full(&queue) == call_is_ready;
}

static void
get_wake(void)
{
    OK(filch_queue_put_nowait(&queue, call_item));
}

static int
get(filch_time deadline)
{
    static int none;
    void *item = &none;
    int status = CALL(filch_queue_get, &queue, &item);
    CHECK(item == (status ? &none : call_item));
    return status;
}

static int
get_many(filch_time deadline)
{
    void *items[2];
    size_t done = 99;
    int status = CALL(filch_queue_get_many, &queue, items, 2, &done);
    EQ(status ? 0 : 1, done);
    CHECK(status || items[0] == call_item);
    return status;
}

static void
queue_join_wake(void)
{
    put_wake();
    OK(filch_queue_task_done(&queue));
}

static int
queue_join(filch_time deadline)
{
    return CALL(filch_queue_join, &queue);
}

const struct call call_put = {
    .name = "queue_put",
    .ready = put_ready,
    .blocked = put_blocked,
    .run = put,
    .untouched = put_untouched,
    .wake = put_wake,
    .kept = true,
    .direct = true,
};

const struct call call_put_many = {
    .name = "queue_put_many",
    .ready = put_ready,
    .blocked = put_blocked,
    .run = put_many,
    .untouched = put_untouched,
    .wake = put_wake,
    .kept = true,
    .direct = true,
};

const struct call call_get = {
    .name = "queue_get",
    .ready = get_ready,
    .blocked = get_blocked,
    .run = get,
    .untouched = get_untouched,
    .wake = get_wake,
    .kept = true,
    .direct = true,
};

const struct call call_get_many = {
    .name = "queue_get_many",
    .ready = get_ready,
    .blocked = get_blocked,
    .run = get_many,
    .untouched = get_untouched,
    .wake = get_wake,
    .kept = true,
    .direct = true,
};

const struct call call_queue_join = {
    .name = "queue_join",
    .ready = put_ready,
    .blocked = put_blocked,
    .run = queue_join,
    .wake = queue_join_wake,
    .kept = true,
    .direct = true,
};
