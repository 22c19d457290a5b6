/* Caches of free objects, and the depot behind them. */
#include "../harness/harness.h"
#include "os/depot.c" /* not from the library: the sanitizers are to see it */

#define OBJECTS 1000

static struct object {
    fl_link link;
    int owner; /* plain: handing over an object is to order it */
} objects[OBJECTS];

static fl_depot depot;

static size_t
length(const fl_link *link)
{
    size_t n = 0;
    for (; link; link = link->next)
        n++;
    return n;
}

/* As the runtime does it: what is too much for the cache goes to the depot. */
static void
push(fl_cache *cache, fl_link *item)
{
    fl_link *surplus = fl_cache_push(cache, item);
    if (surplus)
        fl_depot_give(&depot, surplus);
}

/* Either way. */
static void
give(uint64_t *seed, fl_cache *cache, fl_link *item)
{
    if (chance(seed, 2) || !fl_cache_put_back(cache, item))
        push(cache, item);
}

TEST(depot_and_cache_are_empty_at_first)
{
    fl_cache cache = {0};
    CHECK(!fl_depot_take(&depot));
    CHECK(!fl_cache_pop(&cache, &depot));
}

TEST(depot_gives_back_the_batches_that_it_was_given)
{
    objects[0].link.next = &objects[1].link;
    fl_depot_give(&depot, &objects[0].link);
    fl_depot_give(&depot, &objects[2].link);
    CHECK(fl_depot_take(&depot) == &objects[2].link);
    fl_link *pair = fl_depot_take(&depot);
    CHECK(pair == &objects[0].link && pair->next == &objects[1].link);
    CHECK(!fl_depot_take(&depot));
}

TEST(cache_gives_the_object_that_was_put_last)
{
    fl_cache cache = {0};
    for (int i = 0; i < FL_BATCH; i++)
        CHECK(!fl_cache_push(&cache, &objects[i].link));
    for (int i = FL_BATCH; i-- > 0;)
        CHECK(fl_cache_pop(&cache, &depot) == &objects[i].link);
    CHECK(!fl_cache_pop(&cache, &depot));
}

TEST(cache_keeps_two_batches_and_gives_up_the_rest_in_whole_ones)
{
    fl_cache cache = {0};
    size_t surplus = 0;
    for (int i = 0; i < OBJECTS; i++) {
        fl_link *batch = fl_cache_push(&cache, &objects[i].link);
        if (batch) {
            EQ(FL_BATCH, length(batch));
            surplus += FL_BATCH;
        }
    }
    EQ(OBJECTS, surplus + length(cache.items) + length(cache.full));
    CHECK(OBJECTS - surplus <= 2 * FL_BATCH);
}

TEST(cache_takes_from_the_depot_when_it_is_empty)
{
    fl_cache one = {0}, other = {0};
    size_t n = 0;
    for (int i = 0; i < OBJECTS; i++)
        push(&one, &objects[i].link);
    while (fl_cache_pop(&other, &depot))
        n++;
    while (fl_cache_pop(&one, &depot))
        n++;
    EQ(OBJECTS, n);
}

TEST(cache_takes_back_what_was_popped_if_it_is_the_last)
{
    fl_cache cache = {0};
    fl_link *out[8];
    for (int i = 0; i < FL_BATCH; i++)
        CHECK(!fl_cache_push(&cache, &objects[i].link));
    for (int i = 0; i < 8; i++)
        out[i] = fl_cache_pop(&cache, &depot);
    for (int i = 8; i-- > 4;)
        CHECK(fl_cache_put_back(&cache, out[i]));
    for (int i = 0; i < 3; i++) {
        CHECK(!fl_cache_put_back(&cache, out[i]));
        CHECK(!fl_cache_push(&cache, out[i]));
    }
    CHECK(!fl_cache_put_back(&cache, out[3])); /* it was, until the others */
    CHECK(!fl_cache_push(&cache, out[3]));
    for (int i = 4; i-- > 0;)
        CHECK(fl_cache_pop(&cache, &depot) == out[i]);
    for (int i = 4; i < 8; i++)
        CHECK(fl_cache_pop(&cache, &depot) == out[i]);
    EQ(FL_BATCH - 8, length(cache.items));
}

TEST(cache_that_is_full_takes_nothing_back)
{
    fl_cache cache = {0};
    int n = 0;
    for (int i = 0; i < FL_BATCH; i++)
        CHECK(!fl_cache_push(&cache, &objects[n++].link));
    fl_link *one = fl_cache_pop(&cache, &depot);
    CHECK(!fl_cache_push(&cache, &objects[n++].link));
    one->next = cache.items; /* as if it had been the last */
    CHECK(!fl_cache_put_back(&cache, one));
    EQ(FL_BATCH, length(cache.items));
}

TEST(cache_neither_loses_nor_doubles_objects_in_any_sequence_of_calls)
{
    static fl_link *out[OBJECTS];
    fl_cache caches[3] = {0};
    uint64_t seed = test_seed();
    size_t n = 0;
    for (int i = 0; i < OBJECTS; i++)
        push(&caches[i % 3], &objects[i].link);
    for (int i = 0; i < 100000; i++) {
        fl_cache *cache = &caches[chance(&seed, 3)];
        if (n && chance(&seed, 2 + (i / 5000) % 2) != 1) {
            give(&seed, cache, out[--n]);
        } else {
            fl_link *link = fl_cache_pop(cache, &depot);
            if (link) {
                struct object *object = fl_container(link, struct object, link);
                object->owner ^= 1;
                out[n++] = link;
            }
        }
        CHECK(n <= OBJECTS);
    }
    for (int i = 0; i < 3; i++) {
        fl_link *link;
        while ((link = fl_cache_pop(&caches[i], &depot)))
            out[n++] = link;
    }
    EQ(OBJECTS, n);
    for (size_t i = 0; i < n; i++) {
        struct object *object = fl_container(out[i], struct object, link);
        CHECK(object->owner != 2);
        object->owner = 2;
    }
}

/* Takes objects and puts them back, with some in its hands all the time. */
static void *
exchange(void *arg)
{
    enum { HANDS = 150 };
    fl_link *hands[HANDS] = {0};
    fl_cache cache = {0};
    uint64_t seed = test_seed();
    for (int i = 0; i < 100000; i++) {
        uint32_t at = chance(&seed, HANDS);
        struct object *object;
        if (hands[at]) {
            object = fl_container(hands[at], struct object, link);
            EQ((intptr_t)arg, object->owner);
            object->owner = 0;
            push(&cache, hands[at]);
            hands[at] = NULL;
        } else if ((hands[at] = fl_cache_pop(&cache, &depot))) {
            object = fl_container(hands[at], struct object, link);
            EQ(0, object->owner);
            object->owner = (int)(intptr_t)arg;
        }
    }
    for (int i = 0; i < HANDS; i++)
        if (hands[i]) {
            fl_container(hands[i], struct object, link)->owner = 0;
            push(&cache, hands[i]);
        }
    if (cache.items)
        fl_depot_give(&depot, cache.items);
    if (cache.full)
        fl_depot_give(&depot, cache.full);
    return NULL;
}

TEST(depot_gives_an_object_to_one_thread_at_a_time)
{
    pthread_t threads[3];
    size_t n = 0;
    fl_link *batch;
    for (int i = 0; i < 300; i++)
        fl_depot_give(&depot, &objects[i].link);
    for (intptr_t i = 0; i < 3; i++)
        threads[i] = thread_start(exchange, (void *)(i + 1));
    for (int i = 0; i < 3; i++)
        thread_join(threads[i]);
    while ((batch = fl_depot_take(&depot)))
        n += length(batch);
    EQ(300, n);
}
