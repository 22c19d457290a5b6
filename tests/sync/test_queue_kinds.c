/* Queues that give out the last item first, or the smallest. */
#include "../harness/harness.h"
#include <sys/mman.h>

static filch_queue queue;

static int
by_tens(const void *left, const void *right)
{
    intptr_t l = (intptr_t)left / 10, r = (intptr_t)right / 10;
    return (l > r) - (l < r);
}

static void
put(intptr_t number)
{
    OK(filch_queue_put(&queue, (void *)number));
}

static intptr_t
get(void)
{
    void *item;
    OK(filch_queue_get(&queue, &item));
    return (intptr_t)item;
}

TEST(queue_that_is_lifo_gives_the_last_item_first)
{
    static const size_t maxsizes[] = {0, 100, 128};
    for (int m = 0; m < 3; ++m) {
        OK(filch_queue_init_lifo(&queue, maxsizes[m]));
        EQ(maxsizes[m], filch_queue_maxsize(&queue));
        for (int i = 0; i < 100; ++i)
            put(i);
        for (int i = 99; i >= 50; --i)
            EQ(i, get());
        put(1000);
        EQ(1000, get());
        for (int i = 49; i >= 0; --i)
            EQ(i, get());
        OK(filch_queue_destroy(&queue));
    }
}

TEST(queue_by_priority_gives_the_smallest_item_first)
{
    uint64_t state = test_seed();
    intptr_t last = 0;
    OK(filch_queue_init_priority(&queue, 0, by_tens));
    for (int i = 0; i < 2000; ++i)
        put(chance(&state, 100000));
    for (int i = 0; i < 2000; ++i) {
        intptr_t next = get();
        CHECK(next / 10 >= last / 10);
        last = next;
    }
    OK(filch_queue_destroy(&queue));
}

TEST(queue_by_priority_gives_equals_in_the_order_of_their_put)
{
    static const intptr_t in[] = {25, 11, 29, 13, 3, 21, 17, 1, 12, 28};
    static const intptr_t out[] = {3, 1, 11, 13, 17, 12, 25, 29, 21, 28};
    OK(filch_queue_init_priority(&queue, 10, by_tens));
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 10; ++i)
            put(in[i]);
        FAILS(EAGAIN, filch_queue_put_nowait(&queue, NULL));
        for (int i = 0; i < 10; ++i)
            EQ(out[i], get());
    }
    OK(filch_queue_destroy(&queue));
}

TEST(queue_by_priority_without_a_compare_function_is_EINVAL)
{
    FAILS(EINVAL, filch_queue_init_priority(&queue, 10, NULL));
}

TEST(queue_of_each_kind_hands_out_and_drains_all_its_items)
{
    for (int kind = 0; kind < 3; ++kind) {
        void *items[20];
        size_t n;
        intptr_t sum = 0;
        OK(kind == 0   ? filch_queue_init(&queue, 20)
           : kind == 1 ? filch_queue_init_lifo(&queue, 20)
                       : filch_queue_init_priority(&queue, 20, by_tens));
        for (int i = 0; i < 20; ++i)
            put(i);
        OK(filch_queue_get_many(&queue, items, 5, &n));
        EQ(5, n);
        OK(filch_queue_shutdown(&queue, true));
        OK(filch_queue_drain(&queue, items + 5, 20, &n));
        EQ(15, n);
        for (int i = 0; i < 20; ++i)
            sum += (intptr_t)items[i];
        EQ(190, sum);
        OK(filch_queue_destroy(&queue));
    }
}

static int
put_own(void *arg)
{
    return filch_queue_put(&queue, arg);
}

ONE_WORKER_TEST(queue_of_each_kind_serves_putters_in_the_order_of_their_coming)
{
    for (int kind = 0; kind < 2; ++kind) {
        filch_task *tasks[3];
        OK(kind == 0 ? filch_queue_init_lifo(&queue, 1)
                     : filch_queue_init_priority(&queue, 1, by_tens));
        put(50);
        for (intptr_t i = 0; i < 3; ++i) /* the last would be the smallest */
            tasks[i] = park(put_own, (void *)(30 - 10 * i));
        EQ(50, get());
        EQ(30, get());
        EQ(20, get());
        EQ(10, get());
        for (int i = 0; i < 3; ++i)
            EQ(0, join(tasks[i]));
        OK(filch_queue_destroy(&queue));
    }
}

/* --- Waiting ------------------------------------------------------------- */

static int
by_address(const void *a, const void *b)
{
    return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

static int
get_one(void *arg)
{
    void *item;
    OK(filch_queue_get(arg, &item));
    return (int)(intptr_t)item;
}

ONE_WORKER_TEST(queue_of_each_kind_lets_its_getters_wait)
{
    static filch_queue lifo, priority;
    OK(filch_queue_init_lifo(&lifo, 2));
    OK(filch_queue_init_priority(&priority, 2, by_address));
    filch_task *a = park(get_one, &lifo), *b = park(get_one, &priority);
    OK(filch_queue_put(&lifo, (void *)3));
    OK(filch_queue_put(&priority, (void *)4));
    EQ(3, join(a));
    EQ(4, join(b));
    OK(filch_queue_destroy(&lifo));
    OK(filch_queue_destroy(&priority));
}

/* --- What compare may call ------------------------------------------------ */

static filch_semaphore elsewhere = FILCH_SEMAPHORE_INIT(0);
static atomic_bool looks, got_in;

static void *
look_in(void *arg)
{
    filch_queue_size(&queue);
    atomic_store(&got_in, true);
    return arg;
}

/* By a call on another object, which is allowed, it must not let others into
 * the queue that it is called by. (A thread that comes late says less.) */
static int
compare_and_call(const void *left, const void *right)
{
    static pthread_t thread;
    if (atomic_exchange(&looks, false)) {
        EQ(0, filch_semaphore_value(&elsewhere));
        thread = thread_start(look_in, NULL);
        compute_until(filch_after(FILCH_MS(20)));
        CHECK(!atomic_load(&got_in));
        OK(pthread_detach(thread));
    }
    return by_address(left, right);
}

/* Both objects are this worker's own by then: it has used them often enough. */
static void
make_own(void)
{
    for (int i = 0; i < 1000; ++i) {
        put(2);
        EQ(2, get());
        EQ(0, filch_semaphore_value(&elsewhere));
    }
}

TASK_TEST(queue_is_held_while_compare_calls_what_never_suspends)
{
    for (int round = 0; round < 5; ++round) {
        OK(filch_queue_init_priority(&queue, 8, compare_and_call));
        OK(filch_semaphore_init(&elsewhere, 0));
        make_own();
        put(2);
        atomic_store(&got_in, false);
        atomic_store(&looks, true);
        put(1);
        UNTIL(atomic_load(&got_in));
        EQ(1, get());
        EQ(2, get());
        OK(filch_queue_destroy(&queue));
    }
}

static filch_event *far_event;

static int
compare_and_set(const void *left, const void *right)
{
    if (atomic_load(&looks))
        filch_event_set(far_event);
    return by_address(left, right);
}

/* What a worker is in, it says by half of an address. */
TASK_TEST(compare_may_call_what_lies_just_4_GiB_from_the_queue)
{
    size_t apart = (size_t)1 << 32, size = apart + 65536;
    char *there = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (there == MAP_FAILED)
        skip("there is no room for 4 GiB of addresses");
    filch_queue *near_queue = (filch_queue *)(void *)there;
    far_event = (filch_event *)(void *)(there + apart);
    OK(filch_queue_init_priority(near_queue, 8, compare_and_set));
    OK(filch_event_init(far_event));
    for (int i = 0; i < 1000; ++i) {
        filch_event_set(far_event);
        filch_event_clear(far_event);
        OK(filch_queue_put(near_queue, (void *)1));
        OK(filch_queue_get_nowait(near_queue, &(void *){NULL}));
    }
    OK(filch_queue_put(near_queue, (void *)2));
    atomic_store(&looks, true);
    OK(filch_queue_put(near_queue, (void *)1));
    CHECK(filch_event_is_set(far_event));
    OK(filch_queue_destroy(near_queue));
    munmap(there, size);
}
