/* How long it takes from being ready to running, beside all kinds of others. */
#include "../kit/latency.h"

#include "../kit/spin.h"
#include "crew.h"
#include "groups.h"
#include <stdatomic.h>
#include <stdint.h>

static atomic_bool stop;

/* What is put is the time of it. */
static void *
now_as_item(void)
{
    return (void *)(uintptr_t)filch_now();
}

static void
add_since(void *then)
{
    latency_add(filch_now() - (filch_time)(uintptr_t)then);
}

/* --- Bursts --------------------------------------------------------------- */

enum { BURST = 64 };

static filch_queue wakes[BURST];
static filch_queue seen;

/* Runs when it is woken, until it is given NULL. */
static int
be_woken(void *arg)
{
    filch_queue *wake = arg;
    void *item;

    while (filch_queue_get(wake, &item) == 0 && item) {
        add_since(item);
        REQUIRE(filch_queue_put(&seen, NULL) == 0);
    }
    return 0;
}

/* Wakes all at once; the workers have fallen asleep before. */
static void
burst(void)
{
    void *item;

    REQUIRE(filch_sleep(FILCH_US(200)) == 0);
    for (int i = 0; i < BURST; ++i)
        REQUIRE(filch_queue_put(&wakes[i], now_as_item()) == 0);
    for (int i = 0; i < BURST; ++i)
        REQUIRE(filch_queue_get(&seen, &item) == 0);
}

static void
bursts(size_t n, size_t value)
{
    static struct crew crew;

    (void)value;
    latencies_begin();
    REQUIRE(filch_queue_init(&seen, BURST) == 0);
    for (int i = 0; i < BURST; ++i) {
        REQUIRE(filch_queue_init(&wakes[i], 1) == 0);
        crew_add(&crew, be_woken, &wakes[i]);
    }
    watch_start();
    for (size_t i = 0; i < n / BURST; ++i)
        burst();
    watch_stop(n / BURST * BURST);
    for (int i = 0; i < BURST; ++i)
        REQUIRE(filch_queue_put(&wakes[i], NULL) == 0);
    crew_join(&crew);
    latencies_end();
    for (int i = 0; i < BURST; ++i)
        REQUIRE(filch_queue_destroy(&wakes[i]) == 0);
    REQUIRE(filch_queue_destroy(&seen) == 0);
}

/* --- One long task among many short ones ---------------------------------- */

static int
be_short(void *arg)
{
    add_since(arg);
    spin(2000);
    return 0;
}

static int
be_long(void *arg)
{
    (void)arg;
    spin(10000000);
    return 0;
}

static void
long_among_short(size_t n, size_t value)
{
    static struct crew crew;

    (void)value;
    latencies_begin();
    watch_start();
    for (size_t i = 0; i < n; ++i) {
        if (i == n / 2)
            crew_add(&crew, be_long, NULL);
        crew_add(&crew, be_short, now_as_item());
    }
    crew_join(&crew);
    watch_stop(n);
    latencies_end();
}

/* --- A producer that outruns its consumers -------------------------------- */

static filch_queue work;

static int
consume_slowly(void *arg)
{
    void *item;

    (void)arg;
    while (filch_queue_get(&work, &item) == 0) {
        add_since(item);
        spin(500);
    }
    return 0;
}

static void
outrun(size_t n, size_t slots)
{
    static struct crew crew;

    latencies_begin();
    REQUIRE(filch_queue_init(&work, slots) == 0);
    watch_start();
    for (int i = 0; i < 4; ++i)
        crew_add(&crew, consume_slowly, NULL);
    for (size_t i = 0; i < n; ++i)
        REQUIRE(filch_queue_put(&work, now_as_item()) == 0);
    REQUIRE(filch_queue_shutdown(&work, false) == 0);
    crew_join(&crew);
    watch_stop(n);
    latencies_end();
    REQUIRE(filch_queue_destroy(&work) == 0);
}

/* --- Beside a pair that never pauses -------------------------------------- */

static filch_queue there, back;

static int
ask(void *arg)
{
    void *item;

    (void)arg;
    while (!stop) {
        REQUIRE(filch_queue_put(&there, &stop) == 0);
        REQUIRE(filch_queue_get(&back, &item) == 0);
    }
    return filch_queue_shutdown(&there, false);
}

static int
answer(void *arg)
{
    void *item;

    (void)arg;
    while (filch_queue_get(&there, &item) == 0)
        REQUIRE(filch_queue_put(&back, item) == 0);
    return 0;
}

static filch_event third_ran;

static int
be_third(void *arg)
{
    add_since(arg);
    filch_event_set(&third_ran);
    return 0;
}

/* Not joined: who joins a task that has not begun runs it at once. */
static void
run_third(void)
{
    REQUIRE(filch_spawn(NULL, be_third, now_as_item()) == 0);
    REQUIRE(filch_event_wait(&third_ran) == 0);
    filch_event_clear(&third_ran);
}

static void
third(size_t n, size_t value)
{
    static struct crew pair;

    (void)value;
    stop = false;
    latencies_begin();
    REQUIRE(filch_event_init(&third_ran) == 0);
    REQUIRE(filch_queue_init(&there, 1) == 0);
    REQUIRE(filch_queue_init(&back, 1) == 0);
    crew_add(&pair, ask, NULL);
    crew_add(&pair, answer, NULL);
    watch_start();
    for (size_t i = 0; i < n; ++i)
        run_third();
    watch_stop(n);
    stop = true;
    crew_join(&pair);
    latencies_end();
    REQUIRE(filch_queue_destroy(&there) == 0);
    REQUIRE(filch_queue_destroy(&back) == 0);
}

/* --- Beside a deque that never empties ------------------------------------ */

enum { CHAINS = 16, PERIOD = 100 };

static atomic_size_t steps, chains;

/* Each spawns the next before it ends; one in so many wakes the waiter. */
static int
step(void *arg)
{
    if (atomic_fetch_add(&steps, 1) % PERIOD == 0)
        (void)filch_queue_put_nowait(&work, now_as_item());
    spin(500);
    if (!stop)
        REQUIRE(filch_spawn(NULL, step, arg) == 0);
    else
        atomic_fetch_sub(&chains, 1);
    return 0;
}

static void
beside_deque(size_t n, size_t value)
{
    void *item;

    (void)value;
    stop = false;
    steps = 0;
    chains = CHAINS;
    latencies_begin();
    REQUIRE(filch_queue_init(&work, 1) == 0);
    for (int i = 0; i < CHAINS; ++i)
        REQUIRE(filch_spawn(NULL, step, NULL) == 0);
    watch_start();
    for (size_t i = 0; i < n; ++i) {
        REQUIRE(filch_queue_get(&work, &item) == 0);
        add_since(item);
    }
    watch_stop(n);
    stop = true;
    while (chains > 0)
        REQUIRE(filch_sleep(FILCH_MS(1)) == 0);
    latencies_end();
    REQUIRE(filch_queue_destroy(&work) == 0);
}

const struct workload latency_workloads[] = {
    {"latency", 12800, BURST, bursts, 1},
    {"long-short", 5000, 1, long_among_short, 1},
    {"outrun", 200000, 64, outrun, 1},
    {"third", 2000, 1, third, 1},
    {"beside-deque", 1000, 1, beside_deque, 1},
    {.name = NULL},
};
