/*
 * A queue of any kind and size, between producers and consumers that put and
 * get in all ways: each item that was put comes out just once, whatever is
 * cancelled and whoever's time runs out; also when the queue is shut down while
 * they are at it. Those of one producer come in the order of their put, where
 * the queue keeps an order. All who wait for what is unfinished are let go on.
 */
#include "kit.h"

enum { MOST = 32768, MANY = 5 }; /* items of one producer; at once */
enum ending { GRACEFUL, SHUT, IMMEDIATE };

static filch_queue queue;
static bool keeps_order;
static struct troupe producers, consumers, joiners;
static uint32_t next[MOST_PLACES];                 /* item of each producer */
static atomic_uchar seen[MOST_PLACES][MOST];       /* how often it came out */
static uint32_t awaited[MOST_PLACES][MOST_PLACES]; /* consumer, producer */

static void *
item_of(uint32_t producer, uint32_t number)
{
    return (void *)((uintptr_t)producer * MOST + number + 1);
}

static int
by_number(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)a % 16, y = (uintptr_t)b % 16;
    return x < y ? -1 : x > y;
}

/* --- Producers ----------------------------------------------------------- */

static int
put_many(struct actor *me, uint32_t number, size_t *done)
{
    void *items[MANY];
    size_t n = 1 + chance(&me->chance, MANY);
    for (size_t i = 0; i < n; ++i)
        items[i] = item_of(me->number, number + (uint32_t)i);
    if (chance(&me->chance, 2))
        return filch_queue_put_many(&queue, items, n, done);
    return filch_queue_put_many_until(&queue, items, n, done, soon(me));
}

static int
put_turn(struct actor *me)
{
    uint32_t number = next[me->number];
    void *item = item_of(me->number, number);
    size_t done = 0;
    int status;
    if (number + MANY >= MOST)
        return LEAVE;
    flow_in(&scene_queue.flow, MANY);
    switch (chance(&me->chance, 6)) {
    case 0:
        status = put_many(me, number, &done);
        break;
    case 1:
        status = filch_queue_put_nowait(&queue, item);
        done = status == 0;
        break;
    case 2:
        status = filch_queue_put_until(&queue, item, soon(me));
        done = status == 0;
        break;
    default:
        status = filch_queue_put(&queue, item);
        done = status == 0;
    }
    flow_back(&scene_queue.flow, MANY - done);
    next[me->number] += (uint32_t)done;
    note(me, status);
    dally(me);
    return status == ESHUTDOWN || status == ECANCELED ? status : 0;
}

/* --- Consumers ----------------------------------------------------------- */

static void
see(uint32_t consumer, void *item)
{
    uintptr_t at = (uintptr_t)item - 1;
    uint32_t producer = (uint32_t)(at / MOST), number = (uint32_t)(at % MOST);
    EQ(0, atomic_fetch_add(&seen[producer][number], 1));
    flow_out(&scene_queue.flow, 1);
    if (keeps_order) {
        CHECK(number >= awaited[consumer][producer]);
        awaited[consumer][producer] = number + 1;
    }
}

static int
get_turn(struct actor *me)
{
    void *items[MANY];
    size_t done = 0;
    int status;
    switch (chance(&me->chance, 6)) {
    case 0:
        status =
            filch_queue_get_many_until(&queue, items, MANY, &done, soon(me));
        break;
    case 1:
        status = filch_queue_get_many(&queue, items, MANY, &done);
        break;
    case 2:
        status = filch_queue_get_nowait(&queue, items);
        done = status == 0;
        break;
    case 3:
        status = filch_queue_get_until(&queue, items, soon(me));
        done = status == 0;
        break;
    default:
        status = filch_queue_get(&queue, items);
        done = status == 0;
    }
    CHECK((status == 0) == (done > 0));
    for (size_t i = 0; i < done; ++i)
        see(me->number, items[i]);
    note(me, status);
    dally(me);
    for (size_t i = 0; i < done; ++i)
        OK(note(me, filch_queue_task_done(&queue)));
    return status == ESHUTDOWN || status == ECANCELED ? status : 0;
}

static int
join_turn(struct actor *me)
{
    int status = note(me, chance(&me->chance, 2)
                              ? filch_queue_join(&queue)
                              : filch_queue_join_until(&queue, soon(me)));
    step_aside(me);
    return status == ECANCELED ? ECANCELED : 0;
}

/* --- The scene ----------------------------------------------------------- */

static void
make_queue(uint64_t *state)
{
    static const size_t sizes[] = {0, 1, 1, 2, 13};
    size_t size = sizes[chance(state, 5)];
    uint32_t kind = chance(state, 4);
    keeps_order = kind > 1;
    atomic_store(&scene_queue.flow.most,
                 (size ? size : (size_t)MOST_PLACES * MOST) +
                     2 * (size_t)MOST_PLACES * MANY);
    if (kind == 0)
        OK(filch_queue_init_lifo(&queue, size));
    else if (kind == 1)
        OK(filch_queue_init_priority(&queue, size, by_number));
    else
        OK(filch_queue_init(&queue, size));
}

static void
queue_open(uint64_t *state)
{
    struct tally *tally = &scene_queue.tally;
    make_queue(state);
    memset(next, 0, sizeof next);
    memset(awaited, 0, sizeof awaited);
    troupe_start(&consumers, tally, get_turn, 1 + chance(state, 4),
                 chance(state, 2));
    troupe_start(&producers, tally, put_turn, 1 + chance(state, 4),
                 chance(state, 2));
    troupe_start(&joiners, tally, join_turn, chance(state, 3),
                 chance(state, 2));
}

/* Takes out what an immediate shutdown has left; consumer 0 has gone. */
static void
drain(void)
{
    void *items[MANY];
    size_t done;
    do {
        OK(filch_queue_drain(&queue, items, MANY, &done));
        for (size_t i = 0; i < done; ++i)
            see(0, items[i]);
    } while (done);
}

static void
all_came_once(void)
{
    for (unsigned p = 0; p < MOST_PLACES; ++p)
        for (unsigned i = 0; i < MOST && (i < next[p] || seen[p][i]); ++i)
            EQ(i < next[p], atomic_exchange(&seen[p][i], 0));
}

static void
queue_close(uint64_t *state)
{
    enum ending ending = chance(state, 3);
    if (ending == GRACEFUL) {
        troupe_end(&producers);
        OK(filch_queue_join(&queue));
    }
    OK(filch_queue_shutdown(&queue, ending == IMMEDIATE));
    if (ending != GRACEFUL)
        troupe_await(&producers);
    troupe_await(&consumers);
    if (ending == IMMEDIATE)
        drain();
    OK(filch_queue_join(&queue));
    troupe_end(&joiners);
    all_came_once();
    flow_is_even(&scene_queue.flow);
    EQ(0, filch_queue_size(&queue));
    FAILS(EINVAL, filch_queue_task_done(&queue));
    OK(filch_queue_destroy(&queue));
}

struct scene scene_queue = {"queue",
                            queue_open,
                            queue_close,
                            {{0}, ULONG_MAX, FILCH_EVENT_INIT},
                            .flow = {.what = "items"}};
