#include "../harness/harness.h"

static filch_queue queue; /* zeroed: empty and unbounded */
static char items[8];     /* the queue's items are their addresses */

static intptr_t
get_number(void)
{
    void *item;
    OK(filch_queue_get(&queue, &item));
    return (intptr_t)item;
}

static void
put_numbers(intptr_t from, intptr_t to)
{
    for (intptr_t i = from; i < to; ++i)
        OK(filch_queue_put(&queue, (void *)i));
}

/* --- One task ------------------------------------------------------------ */

TEST(queue_get_returns_items_in_the_order_they_were_put)
{
    static const size_t maxsizes[] = {0, 1000, 1024, 5000};
    for (int m = 0; m < 4; ++m) {
        OK(filch_queue_init(&queue, maxsizes[m]));
        for (int round = 0; round < 5; ++round) {
            put_numbers(0, 999);
            for (int i = 0; i < 999; ++i)
                EQ(i, get_number());
        }
        OK(filch_queue_destroy(&queue));
    }
}

TEST(queue_takes_any_pointer_also_NULL)
{
    void *item = &queue;
    OK(filch_queue_put(&queue, NULL));
    OK(filch_queue_get(&queue, &item));
    CHECK(item == NULL);
    OK(filch_queue_put(&queue, (void *)-1));
    OK(filch_queue_get(&queue, &item));
    CHECK(item == (void *)-1);
    OK(filch_queue_destroy(&queue));
}

TEST(queue_of_0_slots_is_unbounded_however_it_is_made)
{
    filch_queue made, initialised = FILCH_QUEUE_INIT;
    memset(&made, 0xff, sizeof made);
    OK(filch_queue_init(&made, 0));
    filch_queue *queues[] = {&made, &initialised, &queue};
    for (int i = 0; i < 3; ++i) {
        EQ(0, filch_queue_maxsize(queues[i]));
        for (int n = 0; n < 100000; ++n)
            OK(filch_queue_put_nowait(queues[i], items));
        CHECK(!filch_queue_full(queues[i]));
        EQ(100000, filch_queue_size(queues[i]));
        OK(filch_queue_destroy(queues[i]));
    }
}

TEST(queue_tells_its_size_and_whether_it_is_empty_or_full)
{
    void *item;
    OK(filch_queue_init(&queue, 3));
    EQ(3, filch_queue_maxsize(&queue));
    for (size_t n = 0; n <= 3; ++n) {
        EQ(n, filch_queue_size(&queue));
        EQ(n == 0, filch_queue_empty(&queue));
        EQ(n == 3, filch_queue_full(&queue));
        if (n < 3)
            OK(filch_queue_put(&queue, items));
    }
    OK(filch_queue_get(&queue, &item));
    EQ(2, filch_queue_size(&queue));
    OK(filch_queue_destroy(&queue));
}

TEST(queue_put_nowait_is_EAGAIN_where_it_is_full)
{
    OK(filch_queue_init(&queue, 3)); /* not a power of two */
    for (int i = 0; i < 3; ++i)
        OK(filch_queue_put_nowait(&queue, &items[i]));
    FAILS(EAGAIN, filch_queue_put_nowait(&queue, items));
    EQ(3, filch_queue_size(&queue));
    OK(filch_queue_destroy(&queue));
}

TEST(queue_get_nowait_is_EAGAIN_where_it_is_empty)
{
    void *item = items;
    FAILS(EAGAIN, filch_queue_get_nowait(&queue, &item));
    CHECK(item == items);
    OK(filch_queue_put(&queue, &items[1]));
    OK(filch_queue_get_nowait(&queue, &item));
    CHECK(item == &items[1]);
    FAILS(EAGAIN, filch_queue_get_nowait(&queue, &item));
    OK(filch_queue_destroy(&queue));
}

TEST(queue_with_more_than_65536_slots_takes_its_memory_as_needed)
{
    OK(filch_queue_init(&queue, SIZE_MAX / 64)); /* no machine has that */
    put_numbers(0, 200000);
    for (int i = 0; i < 200000; ++i)
        EQ(i, get_number());
    OK(filch_queue_destroy(&queue));
}

TEST(queue_destroy_forgets_the_items_that_are_in_it)
{
    OK(filch_queue_init(&queue, 4));
    put_numbers(0, 4);
    OK(filch_queue_destroy(&queue));
    OK(filch_queue_init(&queue, 4));
    CHECK(filch_queue_empty(&queue));
    OK(filch_queue_destroy(&queue));
}

/* --- Waiting, in order --------------------------------------------------- */

static int order[100];
static atomic_int served;

static int
put_own_number(void *arg)
{
    return filch_queue_put(&queue, arg);
}

static int
get_own_number(void *arg)
{
    void *item;
    int status = filch_queue_get(&queue, &item);
    atomic_fetch_add(&served, 1);
    order[(intptr_t)arg] = (int)(intptr_t)item;
    return status;
}

TEST(queue_putters_that_wait_are_served_in_the_order_of_their_coming)
{
    enum { TASKS = 40 };
    struct crew crew;
    filch_task *tasks[TASKS];
    crew_start(&crew);
    OK(filch_queue_init(&queue, 2));
    put_numbers(0, 2);
    for (intptr_t i = 0; i < TASKS; ++i)
        tasks[i] = crew_park(&crew, put_own_number, (void *)(i + 2));
    for (int i = 0; i < TASKS + 2; ++i)
        EQ(i, get_number());
    for (int i = 0; i < TASKS; ++i)
        EQ(0, join(tasks[i]));
    OK(filch_queue_destroy(&queue));
    crew_stop(&crew);
}

TEST(queue_getters_that_wait_are_served_in_the_order_of_their_coming)
{
    enum { TASKS = 40 };
    struct crew crew;
    filch_task *tasks[TASKS];
    crew_start(&crew);
    for (intptr_t i = 0; i < TASKS; ++i)
        tasks[i] = crew_park(&crew, get_own_number, (void *)i);
    put_numbers(0, TASKS);
    for (int i = 0; i < TASKS; ++i)
        EQ(0, join(tasks[i]));
    for (int i = 0; i < TASKS; ++i)
        EQ(i, order[i]);
    OK(filch_queue_destroy(&queue));
    crew_stop(&crew);
}

TEST(queue_put_nowait_does_not_overtake_putters_that_wait)
{
    struct crew crew;
    filch_task *tasks[3];
    void *item;
    crew_start(&crew);
    OK(filch_queue_init(&queue, 1));
    put_numbers(0, 1);
    for (intptr_t i = 0; i < 3; ++i)
        tasks[i] = crew_park(&crew, put_own_number, (void *)(i + 1));
    for (intptr_t i = 0; i < 3; ++i) {
        OK(filch_queue_get_nowait(&queue, &item));
        EQ(i, (intptr_t)item);
        FAILS(EAGAIN, filch_queue_put_nowait(&queue, items));
    }
    OK(filch_queue_get_nowait(&queue, &item));
    EQ(3, (intptr_t)item);
    for (int i = 0; i < 3; ++i)
        EQ(0, join(tasks[i]));
    OK(filch_queue_destroy(&queue));
    crew_stop(&crew);
}

TEST(queue_get_nowait_does_not_overtake_getters_that_wait)
{
    struct crew crew;
    filch_task *tasks[3];
    void *item;
    crew_start(&crew);
    for (intptr_t i = 0; i < 3; ++i)
        tasks[i] = crew_park(&crew, get_own_number, (void *)i);
    for (intptr_t i = 0; i < 3; ++i) {
        OK(filch_queue_put_nowait(&queue, (void *)i));
        FAILS(EAGAIN, filch_queue_get_nowait(&queue, &item));
        CHECK(filch_queue_empty(&queue)); /* handed over in the same step */
    }
    for (int i = 0; i < 3; ++i)
        EQ(0, join(tasks[i]));
    for (int i = 0; i < 3; ++i)
        EQ(i, order[i]);
    OK(filch_queue_destroy(&queue));
    crew_stop(&crew);
}

ONE_WORKER_TEST(queue_goes_past_a_cancelled_putter_whose_item_stays_its_own)
{
    filch_task *tasks[3];
    OK(filch_queue_init(&queue, 1));
    put_numbers(0, 1);
    for (intptr_t i = 0; i < 3; ++i)
        tasks[i] = park(put_own_number, (void *)(i + 1));
    OK(filch_cancel(tasks[1]));
    EQ(ECANCELED, join(tasks[1]));
    EQ(0, get_number());
    EQ(1, get_number());
    EQ(3, get_number());
    CHECK(filch_queue_empty(&queue));
    EQ(0, join(tasks[0]));
    EQ(0, join(tasks[2]));
    OK(filch_queue_destroy(&queue));
}

ONE_WORKER_TEST(
    queue_goes_past_a_cancelled_getter_and_its_item_goes_to_the_next)
{
    filch_task *tasks[3];
    for (intptr_t i = 0; i < 3; ++i)
        tasks[i] = park(get_own_number, (void *)i);
    OK(filch_cancel(tasks[0]));
    put_numbers(1, 3);
    EQ(ECANCELED, join(tasks[0]));
    EQ(0, join(tasks[1]));
    EQ(0, join(tasks[2]));
    EQ(1, order[1]);
    EQ(2, order[2]);
    OK(filch_queue_destroy(&queue));
}

TEST(queue_destroy_is_EBUSY_while_someone_waits)
{
    struct crew crew;
    filch_task *task;
    crew_start(&crew);
    OK(filch_queue_init(&queue, 1));
    task = crew_park(&crew, get_own_number, NULL);
    FAILS(EBUSY, filch_queue_destroy(&queue));
    put_numbers(0, 1);
    EQ(0, join(task));
    put_numbers(0, 1);
    task = crew_park(&crew, put_own_number, NULL);
    FAILS(EBUSY, filch_queue_destroy(&queue));
    get_number();
    EQ(0, join(task));
    OK(filch_queue_destroy(&queue));
    crew_stop(&crew);
}

/* --- Who may put and get without waiting --------------------------------- */

static filch_event put_returned, get_returned;

static void
put_in_callback(void *arg)
{
    OK(filch_queue_put_nowait(&queue, arg));
    filch_event_set(&put_returned);
}

static void
get_in_callback(void *arg)
{
    OK(filch_queue_get_nowait(&queue, arg));
    filch_event_set(&get_returned);
}

TASK_TEST(queue_put_nowait_and_get_nowait_may_be_called_in_a_callback)
{
    void *item = NULL;
    OK(filch_call_soon(put_in_callback, (void *)7));
    EQ(7, get_number());
    OK(filch_event_wait(&put_returned));
    put_numbers(8, 9);
    OK(filch_call_soon(get_in_callback, &item));
    OK(filch_event_wait(&get_returned));
    EQ(8, (intptr_t)item);
    OK(filch_queue_destroy(&queue));
}

static void *
put_in_thread(void *arg)
{
    (void)arg;
    put_numbers(0, 1000);
    return NULL;
}

TASK_TEST(queue_joins_tasks_and_plain_threads)
{
    OK(filch_queue_init(&queue, 4));
    pthread_t thread = thread_start(put_in_thread, NULL);
    for (int i = 0; i < 1000; ++i)
        EQ(i, get_number());
    thread_join(thread);
    OK(filch_queue_destroy(&queue));
}
