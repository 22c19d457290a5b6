/* Producers and consumers around one queue. */
#include "crew.h"
#include "groups.h"
#include <stdatomic.h>
#include <stdint.h>

/* Producers put 1 to `puts` each, consumers take `gets` each. */
static struct {
    filch_queue queue;
    size_t puts, gets;
    _Atomic uint64_t sum;
} lane;

static int
produce(void *arg)
{
    int failed = 0;

    (void)arg;
    for (uintptr_t i = 1; i <= lane.puts; ++i)
        failed |= filch_queue_put(&lane.queue, (void *)i);
    return failed;
}

static int
consume(void *arg)
{
    uint64_t sum = 0;
    void *item = NULL;
    int failed = 0;

    (void)arg;
    for (size_t i = 0; i < lane.gets; ++i) {
        failed |= filch_queue_get(&lane.queue, &item);
        sum += (uintptr_t)item;
    }
    atomic_fetch_add(&lane.sum, sum);
    return failed;
}

static void
transfer(size_t n, size_t pairs, size_t slots)
{
    struct crew crew = {.count = 0};
    uint64_t each = n / pairs;

    lane.puts = lane.gets = each;
    lane.sum = 0;
    REQUIRE(filch_queue_init(&lane.queue, slots) == 0);
    watch_start();
    for (size_t i = 0; i < pairs; ++i) {
        crew_add(&crew, produce, NULL);
        crew_add(&crew, consume, NULL);
    }
    crew_join(&crew);
    watch_stop();
    REQUIRE(lane.sum == pairs * (each * (each + 1) / 2));
    REQUIRE(filch_queue_destroy(&lane.queue) == 0);
}

static void
one_to_one(size_t n)
{
    transfer(n, 1, 1024);
}

static void
four_to_four(size_t n)
{
    transfer(n, 4, 1024);
}

static void
four_by_one_slot(size_t n)
{
    transfer(n, 4, 1);
}

static void
hundred_to_hundred(size_t n)
{
    transfer(n, 100, 64);
}

const struct workload queue_workloads[] = {
    {"one producer, one consumer, 1,024 slots", "item", 5000000, one_to_one,
     false},
    {"4 producers, 4 consumers, 1,024 slots", "item", 5000000, four_to_four,
     false},
    {"4 producers, 4 consumers, 1 slot", "item", 1000000, four_by_one_slot,
     false},
    {"100 producers, 100 consumers, 64 slots", "item", 3000000,
     hundred_to_hundred, false},
    {.name = NULL},
};
