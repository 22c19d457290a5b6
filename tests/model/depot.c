/*
 * The depot: workers take objects from caches of their own and give them back,
 * so that batches of two go through the depot; or one takes them and two others
 * give them back. No object has two owners, and none is lost.
 */
#include "world.h"

#include "os/depot.h"

#define MODEL_THREADS 3
#define OBJECTS 12

static fl_depot depot;
static fl_cache caches[MODEL_THREADS];
static struct object {
    fl_link link;
    unsigned owner;
} objects[OBJECTS];
static fl_atomic_ptr handed_over;
static bool moves;

void
model_before(void)
{
    depot = (fl_depot){0};
    fl_store_relaxed(&handed_over, (void *)NULL);
    moves = model_choose(2);
    for (int i = 0; i < MODEL_THREADS; i++) {
        caches[i] = (fl_cache){0};
    }
    for (int i = 0; i < OBJECTS; i += 2) {
        objects[i].owner = objects[i + 1].owner = 0;
        objects[i].link.next = &objects[i + 1].link;
        objects[i + 1].link.next = NULL;
        fl_depot_give(&depot, &objects[i].link);
    }
}

static struct object *
get(unsigned self)
{
    struct object *one =
        (struct object *)(void *)fl_cache_pop(&caches[self], &depot);
    if (one) {
        model_assert(one->owner == 0);
        one->owner = self + 1;
    }
    return one;
}

static void
put(unsigned self, struct object *one)
{
    if (one) {
        model_assert(one->owner == self + 1);
        one->owner = 0;
        fl_link *surplus = fl_cache_push(&caches[self], &one->link);
        if (surplus) {
            fl_depot_give(&depot, surplus);
        }
    }
}

/* Hands an object over to the other thread, which puts it. */
static void
make(void)
{
    for (int i = 0; i < 2 * OBJECTS; i++) {
        struct object *one;
        while (!(one = get(0))) {
            model_yield();
        }
        one->owner = 2;
        while (fl_load_acquire(&handed_over)) {
            model_yield();
        }
        fl_store_release(&handed_over, (void *)one);
    }
}

static void
unmake(unsigned self)
{
    for (int i = 0; i < OBJECTS; i++) {
        void *one;
        while (!(one = fl_exchange_acq_rel(&handed_over, (void *)NULL))) {
            model_yield();
        }
        ((struct object *)one)->owner = self + 1;
        put(self, one);
    }
}

/* In the other play each takes some, and puts them. */
static void
take_some(unsigned self)
{
    struct object *mine[4];
    for (int round = 0; round < 2; round++) {
        int n = 2 + (int)model_choose(3);
        for (int i = 0; i < n; i++) {
            mine[i] = get(self);
        }
        for (int i = 0; i < n; i++) {
            put(self, mine[i]);
        }
    }
}

void
model_thread(unsigned self)
{
    if (!moves) {
        take_some(self);
    } else if (self == 0) {
        make();
    } else {
        unmake(self);
    }
}

static unsigned
count(const fl_link *one)
{
    unsigned n = 0;
    for (; one; one = one->next) {
        n++;
    }
    return n;
}

void
model_after(void)
{
    unsigned n = 0, batches = 0;
    for (int i = 0; i < MODEL_THREADS; i++) {
        n += count(caches[i].items) + count(caches[i].full);
    }
    for (const fl_link *one = depot.first; one; one = one->batch) {
        n += count(one);
        batches++;
    }
    model_assert(n == OBJECTS);
    model_assert(fl_depot_size(&depot) == batches);
}
