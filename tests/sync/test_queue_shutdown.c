/* The end of a queue: filch_queue_shutdown and filch_queue_drain. */
#include "../harness/harness.h"

static filch_queue queue;
static void *numbers[] = {(void *)0, (void *)1, (void *)2, (void *)3};

static int
put(void *arg)
{
    return filch_queue_put(&queue, arg);
}

static int
get(void *arg)
{
    void *item = arg;
    int status = filch_queue_get(&queue, &item);
    CHECK(status == 0 || item == arg);
    return status;
}

static int
join_queue(void *arg)
{
    (void)arg;
    return filch_queue_join(&queue);
}

static void
fill(size_t maxsize)
{
    OK(filch_queue_init(&queue, maxsize));
    OK(filch_queue_put_many(&queue, numbers, 4, NULL));
}

static void
puts_give_ESHUTDOWN(void)
{
    size_t done = 99;
    FAILS(ESHUTDOWN, filch_queue_put(&queue, NULL));
    FAILS(ESHUTDOWN, filch_queue_put_nowait(&queue, NULL));
    FAILS(ESHUTDOWN, filch_queue_put_until(&queue, NULL, past()));
    FAILS(ESHUTDOWN, filch_queue_put_many(&queue, numbers, 4, &done));
    EQ(0, done);
}

static void
gets_give_ESHUTDOWN(void)
{
    void *item = &queue;
    size_t done = 99;
    FAILS(ESHUTDOWN, filch_queue_get(&queue, &item));
    FAILS(ESHUTDOWN, filch_queue_get_nowait(&queue, &item));
    FAILS(ESHUTDOWN, filch_queue_get_until(&queue, &item, past()));
    FAILS(ESHUTDOWN, filch_queue_get_many(&queue, &item, 1, &done));
    EQ(0, done);
    CHECK(item == &queue);
}

TASK_TEST(queue_shutdown_lets_gets_empty_it_and_then_end)
{
    fill(10);
    OK(filch_queue_shutdown(&queue, false));
    puts_give_ESHUTDOWN();
    for (intptr_t i = 0; i < 4; ++i) {
        void *item;
        OK(filch_queue_get(&queue, &item));
        EQ(i, (intptr_t)item);
    }
    gets_give_ESHUTDOWN();
    puts_give_ESHUTDOWN();
    OK(filch_queue_destroy(&queue));
}

TASK_TEST(queue_shutdown_of_an_unbounded_one_works_as_well)
{
    OK(filch_queue_shutdown(&queue, false)); /* a zeroed one */
    puts_give_ESHUTDOWN();
    gets_give_ESHUTDOWN();
    OK(filch_queue_destroy(&queue));
}

TEST(queue_shutdown_wakes_the_putters_that_wait_with_ESHUTDOWN)
{
    for (int immediate = 0; immediate < 2; ++immediate) {
        struct crew crew;
        filch_task *tasks[6];
        crew_start(&crew);
        fill(4);
        for (int i = 0; i < 6; ++i)
            tasks[i] = crew_park(&crew, put, NULL);
        OK(filch_queue_shutdown(&queue, immediate));
        for (int i = 0; i < 6; ++i)
            EQ(ESHUTDOWN, join(tasks[i]));
        EQ(immediate ? 0 : 4, filch_queue_size(&queue));
        OK(filch_queue_destroy(&queue));
        crew_stop(&crew);
    }
}

TEST(queue_shutdown_wakes_the_getters_that_wait_with_ESHUTDOWN)
{
    for (int immediate = 0; immediate < 2; ++immediate) {
        struct crew crew;
        filch_task *tasks[6];
        crew_start(&crew);
        OK(filch_queue_init(&queue, 4));
        for (int i = 0; i < 6; ++i)
            tasks[i] = crew_park(&crew, get, NULL);
        OK(filch_queue_shutdown(&queue, immediate));
        for (int i = 0; i < 6; ++i)
            EQ(ESHUTDOWN, join(tasks[i]));
        OK(filch_queue_destroy(&queue));
        crew_stop(&crew);
    }
}

TASK_TEST(queue_shutdown_at_once_ends_gets_and_drain_hands_the_items_out)
{
    void *items[4];
    size_t done;
    fill(10);
    OK(filch_queue_shutdown(&queue, true));
    CHECK(filch_queue_empty(&queue));
    puts_give_ESHUTDOWN();
    gets_give_ESHUTDOWN();
    OK(filch_queue_drain(&queue, items, 3, &done));
    EQ(3, done);
    OK(filch_queue_drain(&queue, items + 3, 3, &done));
    EQ(1, done);
    for (intptr_t i = 0; i < 4; ++i)
        EQ(i, (intptr_t)items[i]);
    OK(filch_queue_drain(&queue, items, 4, &done));
    EQ(0, done);
    OK(filch_queue_destroy(&queue));
}

TASK_TEST(queue_drain_is_EINVAL_unless_the_queue_was_shut_down_at_once)
{
    void *items[4];
    size_t done;
    fill(0);
    FAILS(EINVAL, filch_queue_drain(&queue, items, 4, &done));
    OK(filch_queue_shutdown(&queue, false));
    FAILS(EINVAL, filch_queue_drain(&queue, items, 4, &done));
    EQ(4, filch_queue_size(&queue));
    OK(filch_queue_shutdown(&queue, true));
    OK(filch_queue_drain(&queue, items, 4, &done));
    EQ(4, done);
    OK(filch_queue_destroy(&queue));
}

TASK_TEST(queue_shutdown_twice_does_no_harm)
{
    void *items[4];
    size_t done;
    fill(10);
    OK(filch_queue_shutdown(&queue, false));
    OK(filch_queue_shutdown(&queue, false));
    OK(filch_queue_get(&queue, items));
    OK(filch_queue_shutdown(&queue, true));
    OK(filch_queue_shutdown(&queue, true));
    OK(filch_queue_shutdown(&queue, false)); /* at once stays at once */
    gets_give_ESHUTDOWN();
    OK(filch_queue_drain(&queue, items, 4, &done));
    EQ(3, done);
    EQ(1, (intptr_t)items[0]);
    OK(filch_queue_destroy(&queue));
}

TASK_TEST(queue_shutdown_at_once_counts_what_is_in_it_as_done)
{
    void *item;
    fill(0);
    OK(filch_queue_get(&queue, &item)); /* taken: its taker's to call done */
    filch_task *joiner = park(join_queue, NULL);
    OK(filch_queue_shutdown(&queue, true));
    for (int i = 0; i < 100; ++i)
        let_others_run();
    CHECK(!filch_task_done(joiner));
    OK(filch_queue_task_done(&queue));
    EQ(0, join(joiner));
    FAILS(EINVAL, filch_queue_task_done(&queue));
    OK(filch_queue_destroy(&queue));
}

TASK_TEST(queue_shutdown_at_once_lets_a_join_go_on)
{
    fill(0);
    filch_task *joiner = park(join_queue, NULL);
    OK(filch_queue_shutdown(&queue, true));
    EQ(0, join(joiner));
    OK(filch_queue_join(&queue));
    OK(filch_queue_destroy(&queue));
}

TASK_TEST(queue_join_still_waits_for_what_is_left_after_a_shutdown)
{
    void *item;
    fill(0);
    OK(filch_queue_shutdown(&queue, false));
    filch_task *joiner = park(join_queue, NULL);
    for (int i = 0; i < 4; ++i) {
        CHECK(!filch_task_done(joiner));
        OK(filch_queue_get(&queue, &item));
        OK(filch_queue_task_done(&queue));
    }
    EQ(0, join(joiner));
    OK(filch_queue_destroy(&queue));
}

static void
shut_down_in_callback(void *arg)
{
    OK(filch_queue_shutdown(&queue, false));
    filch_event_set(arg);
}

TASK_TEST(queue_may_be_shut_down_in_a_callback)
{
    static filch_event returned;
    filch_task *getter = park(get, NULL);
    OK(filch_call_soon(shut_down_in_callback, &returned));
    EQ(ESHUTDOWN, join(getter));
    OK(filch_event_wait(&returned));
    OK(filch_queue_destroy(&queue));
}

/* Every item is either got, or drained, or still its putter's. */
enum { PUTTERS = 5, GETTERS = 5 };
static atomic_int kept, put_in, got;

static int
put_until_shut_down(void *arg)
{
    int status;
    while ((status = filch_queue_put(&queue, arg)) == 0)
        atomic_fetch_add(&put_in, 1);
    FAILS(ESHUTDOWN, status);
    atomic_fetch_add(&kept, 1);
    return 0;
}

static int
get_until_shut_down(void *arg)
{
    while (filch_queue_get(&queue, &arg) == 0)
        atomic_fetch_add(&got, 1);
    return 0;
}

TASK_TEST(queue_shutdown_loses_no_item_while_many_put_and_get)
{
    for (int round = 0; round < 40; ++round) {
        filch_task *tasks[PUTTERS + GETTERS];
        void *items[16];
        size_t drained = 0;
        OK(filch_queue_init(&queue, 16));
        atomic_store(&put_in, 0);
        atomic_store(&got, 0);
        for (int i = 0; i < PUTTERS; ++i)
            tasks[i] = spawn(put_until_shut_down, NULL);
        for (int i = 0; i < GETTERS; ++i)
            tasks[PUTTERS + i] = spawn(get_until_shut_down, NULL);
        UNTIL(atomic_load(&got) > 20 * round);
        OK(filch_queue_shutdown(&queue, round % 2));
        for (int i = 0; i < PUTTERS + GETTERS; ++i)
            EQ(0, join(tasks[i]));
        if (round % 2)
            OK(filch_queue_drain(&queue, items, 16, &drained));
        EQ(atomic_load(&put_in), atomic_load(&got) + (int)drained);
        OK(filch_queue_destroy(&queue));
    }
    EQ(40 * PUTTERS, atomic_load(&kept));
}
