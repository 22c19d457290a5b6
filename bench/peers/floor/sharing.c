/* What tasks share: the queues of a pipeline, and a lock. */
#include "../../kit/spin.h"
#include "floor.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { BREATH = 100 }; /* between two looks at what another thread writes */

/* --- A pipeline: each thread has the stages that follow one another -------- */

enum { STAGES = 8, SLOTS = 64 };

/* Between two stages, of one thread or of two. */
struct ring {
    _Alignas(64) atomic_size_t put;
    _Alignas(64) atomic_size_t got;
    _Alignas(64) void *_Atomic slots[SLOTS];
};

static struct ring rings[STAGES - 1];
static size_t items, arrived;

static inline size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many there are for that stage, which has had so many: it makes the first
 * ones itself. */
static size_t
waiting_for(size_t stage, size_t had)
{
    if (stage == 0)
        return items - had;
    return atomic_load_explicit(&rings[stage - 1].put, memory_order_acquire) -
           had;
}

static size_t
room_behind(size_t stage, size_t had)
{
    if (stage == STAGES - 1)
        return items;
    return SLOTS +
           atomic_load_explicit(&rings[stage].got, memory_order_acquire) - had;
}

/* Has the stage do what it can, until it would have to wait: how many items. One
 * after the other is taken, and put, and may be seen to have been: as by tasks
 * that know of none to come. */
static size_t
pass_on(size_t stage, size_t had)
{
    size_t n = smaller(waiting_for(stage, had), room_behind(stage, had));

    for (size_t i = had; i < had + n; ++i) {
        uintptr_t item = 0;
        if (stage > 0) {
            struct ring *in = &rings[stage - 1];
            item = (uintptr_t)atomic_load_explicit(&in->slots[i % SLOTS],
                                                   memory_order_relaxed);
            atomic_store_explicit(&in->got, i + 1, memory_order_release);
        }
        ++item;
        if (stage == STAGES - 1) {
            arrived += item;
            continue;
        }
        struct ring *out = &rings[stage];
        atomic_store_explicit(&out->slots[i % SLOTS], (void *)item,
                              memory_order_relaxed);
        atomic_store_explicit(&out->put, i + 1, memory_order_release);
    }
    return n;
}

static void
work_at_stages(size_t from, size_t to)
{
    size_t had[STAGES] = {0};

    while (from < to && had[to - 1] < items) {
        size_t moved = 0;
        for (size_t stage = from; stage < to; ++stage) {
            size_t n = pass_on(stage, had[stage]);
            had[stage] += n;
            moved += n;
        }
        if (moved == 0)
            spin(BREATH);
    }
}

static void
pipeline(size_t n, size_t value)
{
    (void)value;
    items = n;
    arrived = 0;
    for (size_t i = 0; i < STAGES - 1; ++i)
        rings[i].put = rings[i].got = 0;
    watch_start();
    together(STAGES, work_at_stages);
    watch_stop(n);
    REQUIRE(arrived == n * STAGES);
}

/* --- A lock: threads have it by turns ------------------------------------- */

enum { TURN = 1000 }; /* some 3 us */

static _Alignas(64) atomic_size_t turn;
static _Alignas(64) atomic_bool locked;
static size_t counter; /* guarded by the lock */

/* As functions of a library would be, not in line: whether it could be. */
static __attribute__((noinline)) bool
acquire(void)
{
    if (atomic_load_explicit(&locked, memory_order_relaxed))
        return false;
    atomic_store_explicit(&locked, true, memory_order_release);
    return true;
}

static __attribute__((noinline)) bool
release(void)
{
    if (!atomic_load_explicit(&locked, memory_order_relaxed))
        return false;
    atomic_store_explicit(&locked, false, memory_order_release);
    return true;
}

static void
count_by_turns(size_t from, size_t to)
{
    size_t each = to - from, own = from / each;
    bool well = true;

    for (size_t left = each; left > 0;) {
        size_t n = smaller(left, TURN);
        while (atomic_load_explicit(&turn, memory_order_acquire) != own)
            spin(BREATH);
        for (size_t i = 0; i < n; ++i) {
            well &= acquire();
            ++counter;
            well &= release();
        }
        left -= n;
        atomic_store_explicit(&turn, (own + 1) % threads_count,
                              memory_order_release);
    }
    REQUIRE(well);
}

static void
contend(size_t n, size_t value)
{
    (void)value;
    turn = 0;
    counter = 0;
    n -= n % threads_count;
    watch_start();
    together(n, count_by_turns);
    watch_stop(n);
    REQUIRE(counter == n);
}

/* --- A lock, with work between two: who finds it held tries again --------- */

static size_t between;

static void
count_between(size_t from, size_t to)
{
    for (size_t i = from; i < to; ++i) {
        while (atomic_exchange_explicit(&locked, true, memory_order_acquire))
            spin(BREATH);
        ++counter;
        atomic_store_explicit(&locked, false, memory_order_release);
        spin(between);
    }
}

/* As many as filch's. */
static void
contend_between(size_t n, size_t ns)
{
    size_t count = n / (1 + ns / 50) / 8 * 8;

    between = ns;
    counter = 0;
    watch_start();
    together(count, count_between);
    watch_stop(count);
    REQUIRE(counter == count);
}

const struct workload sharing_floors[] = {
    {"pipeline", 1000000, 64, pipeline, 1},
    {"lock", 16000000, 8, contend, 1},
    {"lock-work", 4000000, 1000, contend_between, 1},
    {.name = NULL},
};
