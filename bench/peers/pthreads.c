/*
 * The waiting workloads of filch's benchmarks in plain threads, one a task, as
 * far as there can be so many of them.
 */
#include "../kit/workload.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>

enum { THREADS_MAX = 1000, STAGES = 8 };

static unsigned worker_count;

/* --- Threads that work together ------------------------------------------- */

struct part {
    pthread_t thread;
    void (*body)(size_t index);
    size_t index;
};

static void *
play_part(void *arg)
{
    const struct part *part = arg;

    pin((unsigned)part->index % worker_count);
    part->body(part->index);
    return NULL;
}

/* Runs so many threads, and waits for them all. */
static void
together(size_t tasks, void (*body)(size_t index))
{
    static struct part parts[THREADS_MAX];

    REQUIRE(tasks <= THREADS_MAX);
    for (size_t i = 0; i < tasks; ++i) {
        parts[i] = (struct part){.body = body, .index = i};
        REQUIRE(pthread_create(&parts[i].thread, NULL, play_part, &parts[i]) ==
                0);
    }
    for (size_t i = 0; i < tasks; ++i)
        REQUIRE(pthread_join(parts[i].thread, NULL) == 0);
}

/* --- A bounded queue ------------------------------------------------------ */

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t filled, emptied;
    size_t slots, count, head;
    uint64_t items[1024];
};

static void
queue_init(struct queue *queue, size_t slots)
{
    *queue = (struct queue){.mutex = PTHREAD_MUTEX_INITIALIZER,
                            .filled = PTHREAD_COND_INITIALIZER,
                            .emptied = PTHREAD_COND_INITIALIZER,
                            .slots = slots};
    REQUIRE(slots <= sizeof queue->items / sizeof *queue->items);
}

static void
put(struct queue *queue, uint64_t item)
{
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == queue->slots)
        pthread_cond_wait(&queue->emptied, &queue->mutex);
    queue->items[(queue->head + queue->count++) % queue->slots] = item;
    pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->mutex);
}

static uint64_t
get(struct queue *queue)
{
    uint64_t item;

    pthread_mutex_lock(&queue->mutex);
    while (queue->count == 0)
        pthread_cond_wait(&queue->filled, &queue->mutex);
    item = queue->items[queue->head];
    queue->head = (queue->head + 1) % queue->slots;
    --queue->count;
    pthread_cond_signal(&queue->emptied);
    pthread_mutex_unlock(&queue->mutex);
    return item;
}

/* --- The workloads -------------------------------------------------------- */

static struct queue queues[STAGES - 1];
static size_t each; /* operations of one thread */
static _Atomic uint64_t sum;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static size_t counter; /* guarded by the mutex */

static void
yield_often(size_t index)
{
    (void)index;
    for (size_t i = 0; i < each; ++i)
        sched_yield();
}

static void
yield(size_t n, size_t tasks)
{
    each = n / tasks;
    watch_start();
    together(tasks, yield_often);
    watch_stop(each * tasks);
}

static void
ask_or_answer(size_t index)
{
    uint64_t item = 0;

    for (size_t i = 0; i < each; ++i) {
        if (index == 1) {
            put(&queues[1], get(&queues[0]) + 1);
            continue;
        }
        put(&queues[0], item);
        item = get(&queues[1]);
    }
    if (index == 0)
        sum = item;
}

static void
pingpong(size_t n, size_t slots)
{
    queue_init(&queues[0], slots);
    queue_init(&queues[1], slots);
    each = n;
    watch_start();
    together(2, ask_or_answer);
    watch_stop(n);
    REQUIRE(sum == n);
}

static void
put_or_get(size_t index)
{
    uint64_t own = 0;

    for (size_t i = 1; i <= each; ++i) {
        if (index % 2 == 0)
            put(&queues[0], i);
        else
            own += get(&queues[0]);
    }
    sum += own;
}

static void
transfer(size_t n, size_t pairs, size_t slots)
{
    queue_init(&queues[0], slots);
    each = n / pairs;
    sum = 0;
    watch_start();
    together(2 * pairs, put_or_get);
    watch_stop(each * pairs);
    REQUIRE(sum == pairs * (each * (each + 1) / 2));
}

static void
one_to_one(size_t n, size_t slots)
{
    transfer(n, 1, slots);
}

static void
four_to_four(size_t n, size_t slots)
{
    transfer(slots < 16 ? n / 100 : n, 4, slots);
}

static void
hundred_to_hundred(size_t n, size_t slots)
{
    transfer(n, 100, slots);
}

static void
pass_on(size_t stage)
{
    uint64_t total = 0;

    for (size_t i = 0; i < each; ++i) {
        uint64_t item = (stage > 0 ? get(&queues[stage - 1]) : 0) + 1;
        if (stage < STAGES - 1)
            put(&queues[stage], item);
        total += item;
    }
    if (stage == STAGES - 1)
        sum = total;
}

static void
pipeline(size_t n, size_t slots)
{
    for (size_t i = 0; i < STAGES - 1; ++i)
        queue_init(&queues[i], slots);
    each = n;
    watch_start();
    together(STAGES, pass_on);
    watch_stop(n);
    REQUIRE(sum == n * STAGES);
}

static void
count(size_t index)
{
    (void)index;
    for (size_t i = 0; i < each; ++i) {
        pthread_mutex_lock(&mutex);
        ++counter;
        pthread_mutex_unlock(&mutex);
    }
}

static void
lock(size_t n, size_t tasks)
{
    each = n / tasks;
    counter = 0;
    watch_start();
    together(tasks, count);
    watch_stop(each * tasks);
    REQUIRE(counter == each * tasks);
}

static void
take_turns(size_t parity)
{
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < each; ++i) {
        while (counter % 2 != parity)
            pthread_cond_wait(&changed, &mutex);
        ++counter;
        pthread_cond_signal(&changed);
    }
    pthread_mutex_unlock(&mutex);
}

static void
condition(size_t n, size_t value)
{
    (void)value;
    each = n / 2;
    counter = 0;
    watch_start();
    together(2, take_turns);
    watch_stop(n);
    REQUIRE(counter == n);
}

static void *
count_one(void *arg)
{
    ++*(size_t *)arg;
    return NULL;
}

static void
spawn_and_join(size_t n, size_t value)
{
    size_t ended = 0;
    pthread_t thread;

    (void)value;
    watch_start();
    for (size_t i = 0; i < n; ++i) {
        REQUIRE(pthread_create(&thread, NULL, count_one, &ended) == 0);
        REQUIRE(pthread_join(thread, NULL) == 0);
    }
    watch_stop(n);
    REQUIRE(ended == n);
}

static void
host(void (*run)(void), unsigned workers)
{
    worker_count = workers;
    run();
}

static const struct workload waiting[] = {
    {"yield", 100000, 2, yield, 1},
    {"pingpong", 5000, 1, pingpong, 1},
    {"queue11", 500000, 1024, one_to_one, 1},
    {"queue44", 500000, 1024, four_to_four, 1},
    {"queue100", 100000, 64, hundred_to_hundred, 1},
    {"pipeline", 10000, 64, pipeline, 1},
    {"lock", 2000000, 8, lock, 1},
    {"condition", 6000, 2, condition, 1},
    {"spawn-join", 4000, 1, spawn_and_join, 1},
    {.name = NULL},
};

static const struct workload *const groups[] = {waiting, NULL};

int
main(int argc, char **argv)
{
    return program_main(argc, argv, groups, host);
}
