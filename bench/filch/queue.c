/* Producers and consumers around one queue. */
#include "../kit/spin.h"
#include "crew.h"
#include "groups.h"
#include <stdatomic.h>
#include <stdint.h>

/* Producers put 1 to `each` each. */
static struct {
    filch_queue queue;
    size_t each, work;
    _Atomic uint64_t sum;
} lane;

static int
produce(void *arg)
{
    int failed = 0;

    (void)arg;
    for (uintptr_t i = 1; i <= lane.each; ++i)
        failed |= filch_queue_put(&lane.queue, (void *)i);
    return failed;
}

/* Takes as many. */
static int
consume(void *arg)
{
    uint64_t sum = 0;
    void *item = NULL;
    int failed = 0;

    (void)arg;
    for (size_t i = 0; i < lane.each; ++i) {
        failed |= filch_queue_get(&lane.queue, &item);
        sum += (uintptr_t)item;
    }
    atomic_fetch_add(&lane.sum, sum);
    return failed;
}

static void
transfer(size_t n, size_t pairs, size_t slots)
{
    static struct crew crew;
    uint64_t each = n / pairs;

    lane.each = each;
    lane.sum = 0;
    REQUIRE(filch_queue_init(&lane.queue, slots) == 0);
    watch_start();
    for (size_t i = 0; i < pairs; ++i) {
        crew_add(&crew, produce, NULL);
        crew_add(&crew, consume, NULL);
    }
    crew_join(&crew);
    watch_stop(n);
    REQUIRE(lane.sum == pairs * (each * (each + 1) / 2));
    REQUIRE(filch_queue_destroy(&lane.queue) == 0);
}

static void
one_to_one(size_t n, size_t slots)
{
    transfer(n, 1, slots);
}

/* Less items where each of them takes long. */
static void
four_to_four(size_t n, size_t slots)
{
    transfer(slots < 16 ? n / 8 : n, 4, slots);
}

static void
hundred_to_hundred(size_t n, size_t slots)
{
    transfer(n, 100, slots);
}

/* Takes what there is, so that none is left alone with its share, and has some
 * work with each item. */
static int
work_through(void *arg)
{
    uint64_t sum = 0;
    void *item;

    (void)arg;
    while (filch_queue_get(&lane.queue, &item) == 0) {
        sum += (uintptr_t)item;
        spin(lane.work);
    }
    atomic_fetch_add(&lane.sum, sum);
    return 0;
}

static void
work(size_t n, size_t ns)
{
    static struct crew producers, consumers;
    uint64_t each = n / (1 + ns / 50) / 4;

    lane.each = each;
    lane.work = ns;
    lane.sum = 0;
    REQUIRE(filch_queue_init(&lane.queue, 1024) == 0);
    watch_start();
    for (size_t i = 0; i < 4; ++i) {
        crew_add(&producers, produce, NULL);
        crew_add(&consumers, work_through, NULL);
    }
    crew_join(&producers);
    REQUIRE(filch_queue_shutdown(&lane.queue, false) == 0);
    crew_join(&consumers);
    watch_stop(4 * each);
    REQUIRE(lane.sum == 4 * (each * (each + 1) / 2));
    REQUIRE(filch_queue_destroy(&lane.queue) == 0);
}

const struct workload queue_workloads[] = {
    {"queue11", 4000000, 1024, one_to_one, 1},
    {"queue44", 4000000, 1024, four_to_four, 1},
    {"queue100", 2000000, 64, hundred_to_hundred, 1},
    {"work", 4000000, 1000, work, 1},
    {.name = NULL},
};
