/* Nothing put is lost, and nothing comes twice, whatever goes wrong. */
#include "../harness/harness.h"

enum { PRODUCERS = 6, CONSUMERS = 6, EACH = UNDER_SANITIZER ? 500 : 3000 };

static filch_queue queue;
static atomic_char seen[PRODUCERS * EACH]; /* how often an item came out */
static atomic_int consumed;

static void
saw(void *item)
{
    EQ(0, atomic_fetch_add(&seen[(intptr_t)item], 1));
    atomic_fetch_add(&consumed, 1);
}

static void
all_came_once(void)
{
    EQ(PRODUCERS * EACH, atomic_load(&consumed));
    for (int i = 0; i < PRODUCERS * EACH; ++i)
        EQ(1, atomic_load(&seen[i]));
}

/* --- Order --------------------------------------------------------------- */

static int
put_mine(void *arg)
{
    intptr_t from = (intptr_t)arg * EACH;
    for (intptr_t i = from; i < from + EACH; ++i)
        OK(filch_queue_put(&queue, (void *)i));
    return 0;
}

/* Of each producer's items each consumer sees a rising sequence. */
static int
get_rising(void *arg)
{
    intptr_t last[PRODUCERS];
    void *item;
    (void)arg;
    memset(last, -1, sizeof last);
    while (filch_queue_get(&queue, &item) == 0) {
        intptr_t number = (intptr_t)item, producer = number / EACH;
        CHECK(number > last[producer]);
        last[producer] = number;
        saw(item);
    }
    return 0;
}

TASK_TEST(queue_keeps_the_order_of_each_producer)
{
    static const size_t maxsizes[] = {0, 1, 3, 64};
    for (int m = 0; m < 4; ++m) {
        filch_task *producers[PRODUCERS], *consumers[CONSUMERS];
        OK(filch_queue_init(&queue, maxsizes[m]));
        atomic_store(&consumed, 0);
        for (int i = 0; i < PRODUCERS * EACH; ++i)
            atomic_store(&seen[i], 0);
        for (intptr_t i = 0; i < PRODUCERS; ++i)
            producers[i] = spawn(put_mine, (void *)i);
        for (int i = 0; i < CONSUMERS; ++i)
            consumers[i] = spawn(get_rising, NULL);
        for (int i = 0; i < PRODUCERS; ++i)
            EQ(0, join(producers[i]));
        OK(filch_queue_shutdown(&queue, false));
        for (int i = 0; i < CONSUMERS; ++i)
            EQ(0, join(consumers[i]));
        all_came_once();
        OK(filch_queue_destroy(&queue));
    }
}

/* --- Random cancels and deadlines ---------------------------------------- */

/* A deadline or a cancel gives the item back to who put it: it tries again. */
static int
put_mine_impatiently(void *arg)
{
    uint64_t state = test_seed() + (uintptr_t)arg;
    intptr_t next = (intptr_t)arg * EACH, end = next + EACH;
    bool shielded = false;
    while (next < end) {
        void *items[8];
        size_t n = 1, done = 0;
        filch_time deadline = filch_after(FILCH_US(chance(&state, 50)));
        switch (chance(&state, 4)) {
        case 0:
            done = filch_queue_put_until(&queue, (void *)next, deadline) == 0;
            break;
        case 1:
            done = filch_queue_put_nowait(&queue, (void *)next) == 0;
            break;
        case 2:
            n = 1 + chance(&state, 8);
            for (size_t i = 0; i < n; ++i)
                items[i] = (void *)(next + (intptr_t)i);
            if (n > (size_t)(end - next))
                n = (size_t)(end - next);
            filch_queue_put_many_until(&queue, items, n, &done, deadline);
            break;
        default:
            done = filch_queue_put(&queue, (void *)next) == 0;
        }
        next += (intptr_t)done;
        if (filch_cancelled() && !shielded) {
            shielded = true; /* cancelled once is cancelled for good */
            filch_shield_begin();
        }
        if (done < n)
            filch_yield();
    }
    if (shielded)
        filch_shield_end();
    return 0;
}

/* One that is cancelled ends; what it was given by then it has counted. */
static int
get_impatiently(void *arg)
{
    uint64_t state = test_seed() + 77 + (uintptr_t)arg;
    int status = 0;
    while (status != ESHUTDOWN && status != ECANCELED) {
        void *items[8];
        size_t done = 0;
        filch_time deadline = filch_after(FILCH_US(chance(&state, 50)));
        switch (chance(&state, 4)) {
        case 0:
            status = filch_queue_get_until(&queue, items, deadline);
            done = status == 0;
            break;
        case 1:
            status = filch_queue_get_nowait(&queue, items);
            done = status == 0;
            if (status == EAGAIN)
                filch_yield();
            break;
        case 2:
            status =
                filch_queue_get_many_until(&queue, items, 8, &done, deadline);
            CHECK(status == 0 || done == 0);
            break;
        default:
            status = filch_queue_get(&queue, items);
            done = status == 0;
        }
        for (size_t i = 0; i < done; ++i) {
            saw(items[i]);
            OK(filch_queue_task_done(&queue));
        }
    }
    return status;
}

static void
lose_nothing(size_t maxsize)
{
    filch_task *producers[PRODUCERS], *consumers[CONSUMERS];
    uint64_t state = test_seed();
    OK(filch_queue_init(&queue, maxsize));
    for (intptr_t i = 0; i < PRODUCERS; ++i)
        producers[i] = spawn(put_mine_impatiently, (void *)i);
    for (intptr_t i = 0; i < CONSUMERS; ++i)
        consumers[i] = spawn(get_impatiently, (void *)i);
    for (intptr_t i = 0; i < 100; ++i) {
        uint32_t victim = chance(&state, CONSUMERS);
        OK(filch_sleep(FILCH_US(chance(&state, 100))));
        OK(filch_cancel(consumers[victim]));
        EQ(ECANCELED, join(consumers[victim]));
        consumers[victim] = spawn(get_impatiently, (void *)(1000 + i));
        if (i == 50)
            OK(filch_cancel(producers[chance(&state, PRODUCERS)]));
    }
    for (int i = 0; i < PRODUCERS; ++i)
        EQ(0, join(producers[i]));
    OK(filch_queue_join(&queue));
    OK(filch_queue_shutdown(&queue, false));
    for (int i = 0; i < CONSUMERS; ++i)
        EQ(ESHUTDOWN, join(consumers[i]));
    all_came_once();
    OK(filch_queue_destroy(&queue));
}

TASK_TEST(queue_of_1_slot_loses_nothing_under_random_cancels_and_deadlines)
{
    lose_nothing(1);
}

TASK_TEST(queue_of_some_slots_loses_nothing_under_random_cancels_and_deadlines)
{
    lose_nothing(13);
}

TASK_TEST(queue_unbounded_loses_nothing_under_random_cancels_and_deadlines)
{
    lose_nothing(0);
}

/* --- Plain threads beside tasks ------------------------------------------ */

static void *
put_mine_in_thread(void *arg)
{
    put_mine(arg);
    return NULL;
}

static void *
get_in_thread(void *arg)
{
    while (filch_queue_get(&queue, &arg) == 0)
        saw(arg);
    return NULL;
}

TASK_TEST(queue_loses_nothing_between_tasks_and_plain_threads)
{
    pthread_t putting[PRODUCERS / 2], getting[2];
    filch_task *producers[PRODUCERS / 2], *consumers[2];
    OK(filch_queue_init(&queue, 8));
    for (intptr_t i = 0; i < PRODUCERS / 2; ++i) {
        putting[i] = thread_start(put_mine_in_thread, (void *)(2 * i));
        producers[i] = spawn(put_mine, (void *)(2 * i + 1));
    }
    for (int i = 0; i < 2; ++i) {
        getting[i] = thread_start(get_in_thread, NULL);
        consumers[i] = spawn(get_rising, NULL);
    }
    for (int i = 0; i < PRODUCERS / 2; ++i) {
        EQ(0, join(producers[i]));
        thread_join(putting[i]);
    }
    OK(filch_queue_shutdown(&queue, false));
    for (int i = 0; i < 2; ++i) {
        EQ(0, join(consumers[i]));
        thread_join(getting[i]);
    }
    all_came_once();
    OK(filch_queue_destroy(&queue));
}
