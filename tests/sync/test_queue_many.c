/* filch_queue_put_many and filch_queue_get_many. */
#include "../harness/harness.h"

enum { MANY = 100 };
static filch_queue queue;
static void *numbers[MANY], *got[MANY];

static void
make_numbers(void)
{
    for (intptr_t i = 0; i < MANY; ++i)
        numbers[i] = (void *)i;
}

static void
are_numbers(void **items, size_t n, intptr_t from)
{
    for (size_t i = 0; i < n; ++i)
        EQ(from + (intptr_t)i, (intptr_t)items[i]);
}

TEST(queue_put_many_appends_items_in_their_order)
{
    size_t done;
    make_numbers();
    OK(filch_queue_put_many(&queue, numbers, MANY, &done));
    EQ(MANY, done);
    EQ(MANY, filch_queue_size(&queue));
    for (intptr_t i = 0; i < MANY; ++i) {
        void *item;
        OK(filch_queue_get(&queue, &item));
        EQ(i, (intptr_t)item);
    }
    OK(filch_queue_destroy(&queue));
}

TEST(queue_get_many_takes_what_is_there_and_no_more_than_asked)
{
    size_t done;
    make_numbers();
    OK(filch_queue_put_many(&queue, numbers, 10, NULL));
    OK(filch_queue_get_many(&queue, got, 4, &done));
    EQ(4, done);
    are_numbers(got, 4, 0);
    OK(filch_queue_get_many(&queue, got, MANY, &done)); /* does not wait */
    EQ(6, done);
    are_numbers(got, 6, 4);
    FAILS(ETIMEDOUT,
          filch_queue_get_many_until(&queue, got, MANY, &done, past()));
    EQ(0, done);
    OK(filch_queue_destroy(&queue));
}

TEST(queue_put_many_of_none_succeeds)
{
    size_t done = 99;
    OK(filch_queue_put_many(&queue, NULL, 0, &done));
    EQ(0, done);
    OK(filch_queue_destroy(&queue));
}

static size_t put_done;

static int
put_all(void *arg)
{
    (void)arg;
    return filch_queue_put_many(&queue, numbers, MANY, &put_done);
}

TASK_TEST(queue_put_many_waits_for_slots_as_often_as_needed)
{
    make_numbers();
    OK(filch_queue_init(&queue, 7));
    filch_task *putter = spawn(put_all, NULL);
    for (intptr_t i = 0; i < MANY; ++i) {
        void *item;
        OK(filch_queue_get(&queue, &item));
        EQ(i, (intptr_t)item);
    }
    EQ(0, join(putter));
    EQ(MANY, put_done);
    OK(filch_queue_destroy(&queue));
}

static int
get_some(void *arg)
{
    size_t *n = arg;
    return filch_queue_get_many(&queue, got, MANY, n);
}

ONE_WORKER_TEST(queue_get_many_waits_for_the_first_item_only)
{
    size_t n = 0;
    filch_task *getter = park(get_some, &n);
    OK(filch_queue_put(&queue, (void *)5));
    EQ(0, join(getter));
    CHECK(n >= 1);
    EQ(5, (intptr_t)got[0]);
    OK(filch_queue_destroy(&queue));
}

TEST(queue_put_many_that_times_out_says_how_many_are_in)
{
    size_t done;
    make_numbers();
    OK(filch_queue_init(&queue, 7));
    FAILS(ETIMEDOUT, filch_queue_put_many_until(&queue, numbers, MANY, &done,
                                                filch_after(FILCH_MS(2))));
    EQ(7, done);
    EQ(7, filch_queue_size(&queue));
    OK(filch_queue_get_many(&queue, got, MANY, &done));
    are_numbers(got, 7, 0);
    OK(filch_queue_destroy(&queue));
}

TASK_TEST(queue_put_many_that_is_cancelled_says_how_many_are_in)
{
    make_numbers();
    OK(filch_queue_init(&queue, 7));
    filch_task *putter = spawn(put_all, NULL);
    UNTIL(filch_queue_full(&queue));
    OK(filch_cancel(putter));
    EQ(ECANCELED, join(putter));
    EQ(7, put_done);
    EQ(7, filch_queue_size(&queue));
    OK(filch_queue_destroy(&queue));
}

TASK_TEST(queue_put_many_into_a_queue_that_is_shut_down_says_how_many_are_in)
{
    make_numbers();
    OK(filch_queue_init(&queue, 7));
    filch_task *putter = spawn(put_all, NULL);
    UNTIL(filch_queue_full(&queue));
    OK(filch_queue_shutdown(&queue, false));
    EQ(ESHUTDOWN, join(putter));
    EQ(7, put_done);
    EQ(7, filch_queue_size(&queue));
    OK(filch_queue_destroy(&queue));
}

TASK_TEST(queue_put_many_counts_every_item_for_join)
{
    size_t done;
    make_numbers();
    OK(filch_queue_put_many(&queue, numbers, MANY, NULL));
    FAILS(ETIMEDOUT, filch_queue_join_until(&queue, past()));
    for (size_t n = 0; n < MANY; n += done) {
        OK(filch_queue_get_many(&queue, got, 9, &done));
        for (size_t i = 0; i < done; ++i)
            OK(filch_queue_task_done(&queue));
    }
    OK(filch_queue_join(&queue));
    FAILS(EINVAL, filch_queue_task_done(&queue));
    OK(filch_queue_destroy(&queue));
}

static int
get_one(void *arg)
{
    return filch_queue_get(&queue, arg);
}

TEST(queue_put_many_serves_all_the_getters_that_wait_in_their_order)
{
    enum { TASKS = 10 };
    struct crew crew;
    filch_task *tasks[TASKS];
    make_numbers();
    crew_start(&crew);
    for (int i = 0; i < TASKS; ++i)
        tasks[i] = crew_park(&crew, get_one, &got[i]);
    OK(filch_queue_put_many(&queue, numbers, TASKS + 1, NULL));
    EQ(1, filch_queue_size(&queue));
    for (int i = 0; i < TASKS; ++i)
        EQ(0, join(tasks[i]));
    are_numbers(got, TASKS, 0);
    OK(filch_queue_destroy(&queue));
    crew_stop(&crew);
}

static int
put_one(void *arg)
{
    return filch_queue_put(&queue, arg);
}

TEST(queue_get_many_makes_room_for_all_the_putters_that_wait)
{
    struct crew crew;
    filch_task *tasks[4];
    size_t n, total = 0;
    make_numbers();
    crew_start(&crew);
    OK(filch_queue_init(&queue, 4));
    OK(filch_queue_put_many(&queue, numbers, 4, NULL));
    for (intptr_t i = 0; i < 4; ++i)
        tasks[i] = crew_park(&crew, put_one, (void *)(i + 4));
    for (; total < 8; total += n)
        OK(filch_queue_get_many(&queue, got + total, 8, &n));
    are_numbers(got, 8, 0);
    for (int i = 0; i < 4; ++i)
        EQ(0, join(tasks[i]));
    OK(filch_queue_destroy(&queue));
    crew_stop(&crew);
}
