/* Queues, which take memory for their items. */
#include "calls.h"
#include "noted.h"

enum { FULL = 16, MORE = 40 }; /* what a queue takes at first, and no more */

static filch_queue queue;
static int item, other;
static size_t done;

static int
compare(const void *left, const void *right)
{
    return (left > right) - (left < right);
}

/* --- Making one ---------------------------------------------------------- */

static int
call_init(void)
{
    return filch_queue_init(&queue, 100);
}

static int
call_init_lifo(void)
{
    return filch_queue_init_lifo(&queue, 100);
}

static int
call_init_priority(void)
{
    return filch_queue_init_priority(&queue, 100, compare);
}

/* One whose making has failed needs no destroying, and bears it. */
static void
can_be_destroyed(void)
{
    EQ(0, filch_queue_size(&queue));
    OK(filch_queue_destroy(&queue));
}

static void
takes_all_items(void)
{
    EQ(100, filch_queue_maxsize(&queue));
    for (int i = 0; i < 100; ++i)
        OK(filch_queue_put_nowait(&queue, &item));
    FAILS(EAGAIN, filch_queue_put_nowait(&queue, &item));
    OK(filch_queue_destroy(&queue));
}

/* --- Filling one --------------------------------------------------------- */

static void
begin_kind(int error)
{
    OK(error);
    done = 0;
    for (int i = 0; i < FULL; ++i)
        OK(filch_queue_put(&queue, &item));
}

static void
begin(void)
{
    begin_kind(filch_queue_init(&queue, 0));
}

static void
begin_priority(void)
{
    begin_kind(filch_queue_init_priority(&queue, 0, compare));
}

/* Room for as many as a queue takes memory for at once, and more. */
static void
begin_large(void)
{
    OK(filch_queue_init(&queue, 70000));
    done = 0;
    for (int i = 0; i < 65536; ++i)
        OK(filch_queue_put(&queue, &item));
}

static int
call_put(void)
{
    return filch_queue_put(&queue, &other);
}

static int
call_put_until(void)
{
    return filch_queue_put_until(&queue, &other, filch_after(FILCH_SEC(60)));
}

static int
call_put_nowait(void)
{
    return filch_queue_put_nowait(&queue, &other);
}

static int
put_more(bool timed)
{
    static void *items[MORE];
    size_t put = 0;
    for (int i = 0; i < MORE; ++i)
        items[i] = &other;
    int error = timed ? filch_queue_put_many_until(&queue, items, MORE - done,
                                                   &put, FILCH_NEVER)
                      : filch_queue_put_many(&queue, items, MORE - done, &put);
    done += put;
    return error;
}

static int
call_put_many(void)
{
    return put_more(false);
}

static int
call_put_many_until(void)
{
    return put_more(true);
}

static void
has_no_more(void)
{
    CHECK(filch_queue_size(&queue) == FULL + done ||
          filch_queue_size(&queue) == 65536);
}

/* What was put is in it, once, and in order. */
static void
has_all(size_t before, size_t more)
{
    void *got;
    EQ(before + more, filch_queue_size(&queue));
    for (size_t i = 0; i < before + more; ++i) {
        OK(filch_queue_get_nowait(&queue, &got));
        CHECK(got == (i < before ? &item : &other));
        OK(filch_queue_task_done(&queue));
    }
    OK(filch_queue_join(&queue));
    OK(filch_queue_destroy(&queue));
}

static void
has_one_more(void)
{
    has_all(filch_queue_size(&queue) - 1, 1);
}

/* The same, in another order. */
static void
has_one_more_somewhere(void)
{
    EQ(FULL + 1, filch_queue_size(&queue));
    OK(filch_queue_destroy(&queue));
}

static void
has_many_more(void)
{
    has_all(FULL, MORE);
}

/* --- What asks for nothing ----------------------------------------------- */

static int
call_others(void)
{
    void *items[FULL];
    CHECK(!filch_queue_empty(&queue) && !filch_queue_full(&queue));
    EQ(FULL, filch_queue_size(&queue));
    EQ(0, filch_queue_maxsize(&queue));
    OK(filch_queue_get_until(&queue, items, FILCH_NEVER));
    OK(filch_queue_get_many(&queue, items, 2, &done));
    OK(filch_queue_get_many_until(&queue, items, 2, &done, FILCH_NEVER));
    OK(filch_queue_shutdown(&queue, true));
    FAILS(ESHUTDOWN, filch_queue_put_nowait(&queue, &item));
    OK(filch_queue_drain(&queue, items, FULL, &done));
    EQ(FULL - 5, done);
    FAILS(ESHUTDOWN, filch_queue_get_nowait(&queue, items));
    OK(filch_queue_destroy(&queue));
    return 0;
}

static int
call_done(void)
{
    void *got;
    for (int i = 0; i < FULL; ++i) {
        OK(filch_queue_get_nowait(&queue, &got));
        OK(filch_queue_task_done(&queue));
    }
    FAILS(EAGAIN, filch_queue_get_nowait(&queue, &got));
    OK(filch_queue_join(&queue));
    OK(filch_queue_join_until(&queue, FILCH_NEVER));
    OK(filch_queue_destroy(&queue));
    return 0;
}

const struct row rows_of_queues[] = {
    {"filch_queue_init filch_queue_maxsize filch_queue_size "
     "filch_queue_put_nowait",
     NULL, call_init, can_be_destroyed, takes_all_items, 0, 0},
    {"filch_queue_init_lifo", NULL, call_init_lifo, can_be_destroyed,
     takes_all_items, 0, 0},
    {"filch_queue_init_priority", NULL, call_init_priority, can_be_destroyed,
     takes_all_items, 0, 0},
    {"filch_queue_put", begin, call_put, has_no_more, has_one_more, 0, 0},
    {"filch_queue_put, by priority", begin_priority, call_put, has_no_more,
     has_one_more_somewhere, 0, 0},
    {"filch_queue_put, into a large one", begin_large, call_put, has_no_more,
     has_one_more, 0, 0},
    {"filch_queue_put_until", begin, call_put_until, has_no_more, has_one_more,
     0, 0},
    {"filch_queue_put_nowait", begin, call_put_nowait, has_no_more,
     has_one_more, 0, 0},
    {"filch_queue_put_many", begin, call_put_many, has_no_more, has_many_more,
     0, 0},
    {"filch_queue_put_many_until", begin, call_put_many_until, has_no_more,
     has_many_more, 0, 0},
    {"filch_queue_get filch_queue_get_until filch_queue_get_many "
     "filch_queue_get_many_until filch_queue_empty filch_queue_full "
     "filch_queue_shutdown filch_queue_drain filch_queue_destroy",
     begin, call_others, NULL, NULL, true, 0},
    {"filch_queue_get_nowait filch_queue_task_done filch_queue_join "
     "filch_queue_join_until",
     begin, call_done, NULL, NULL, true, 0},
    {0},
};
