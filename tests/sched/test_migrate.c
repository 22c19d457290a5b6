/*
 * Tasks that go on on another worker after nearly every wait: neither errno nor
 * any thread-local of the library may be that of the thread they were on, also
 * where the compiler sees all of it at once (-O3, and when linking).
 *
 * Carriers poll for wanderers that wait, each on a worker of its own, and let
 * them go on. Who was woken runs on its waker's worker.
 */
#include "../harness/harness.h"

#include "sched/worker.h"

enum { WANDERERS = 8, MIGRATIONS = 2000, WAYS = 4 };

/* Rounds of each wanderer, at least and at most: where the threads of the
 * workers share a CPU, they meet only when they lose it. */
enum { FEW_ROUNDS = 200, MANY_ROUNDS = 20000 };

struct wanderer {
    filch_event event;
    filch_semaphore semaphore;
    filch_queue queue;
    filch_lock lock;
    filch_task *task;
    unsigned way; /* how it waits now */
};

static struct wanderer wanderers[WANDERERS];
static filch_queue offers; /* wanderers that wait, or will at once */
static atomic_uint migrations, left;

/* --- Ways to wait, and to let go on -------------------------------------- */

static void
wait_somehow(struct wanderer *me)
{
    void *item;
    switch (me->way) {
    case 0:
        OK(filch_event_wait(&me->event));
        filch_event_clear(&me->event);
        break;
    case 1:
        OK(filch_semaphore_acquire(&me->semaphore));
        break;
    case 2:
        OK(filch_queue_get(&me->queue, &item));
        break;
    default:
        OK(filch_lock_acquire(&me->lock)); /* which a carrier releases */
    }
}

static void
let_go_on(struct wanderer *one)
{
    switch (one->way) {
    case 0:
        filch_event_set(&one->event);
        break;
    case 1:
        OK(filch_semaphore_release(&one->semaphore, 1));
        break;
    case 2:
        OK(filch_queue_put_nowait(&one->queue, one));
        break;
    default:
        OK(filch_lock_release(&one->lock));
    }
}

/* --- Who is where -------------------------------------------------------- */

/* A program's own way to errno: through a function that is not inlined. */
__attribute__((noinline)) static int *
errno_here(void)
{
    int *here = &errno;
    __asm__ volatile("" : "+r"(here) : : "memory");
    return here;
}

/* The library agrees with the thread about where the caller is. */
static int *
check_place(const struct wanderer *me)
{
    int *here = errno_here();
    CHECK(fl_me()->worker->errno_at == here);
    CHECK(filch_current() == me->task);
    return here;
}

static bool
enough(int round)
{
    bool moved = test_workers() == 1 || atomic_load(&migrations) >= MIGRATIONS;
    return round >= (moved ? FEW_ROUNDS : MANY_ROUNDS);
}

static int
wander(void *arg)
{
    struct wanderer *me = arg;
    int mine = 1000 + (int)(me - wanderers);
    me->task = filch_current();
    for (int round = 0; !enough(round); ++round) {
        int *before = check_place(me);
        *errno_here() = mine;
        me->way = (unsigned)round % WAYS;
        OK(filch_queue_put_nowait(&offers, me));
        wait_somehow(me);
        EQ(mine, *errno_here());
        if (check_place(me) != before)
            atomic_fetch_add(&migrations, 1);
    }
    atomic_fetch_sub(&left, 1);
    return 0;
}

static int
carry(void *arg)
{
    void *one;
    while (atomic_load(&left)) {
        if (!filch_queue_get_nowait(&offers, &one))
            let_go_on(one);
        *errno_here() = 1;
        filch_yield();
        EQ(1, *errno_here());
    }
    return arg != NULL;
}

TASK_TEST(tasks_that_change_their_worker_all_the_time_keep_errno_and_themselves)
{
    filch_task *tasks[WANDERERS], *carriers[64];
    OK(filch_queue_init(&offers, 0));
    atomic_store(&left, WANDERERS);
    for (int i = 0; i < WANDERERS; ++i) {
        OK(filch_queue_init(&wanderers[i].queue, 0));
        OK(filch_lock_acquire(&wanderers[i].lock));
        tasks[i] = spawn(wander, &wanderers[i]);
    }
    for (unsigned i = 0; i < test_workers(); ++i)
        carriers[i] = spawn(carry, NULL);
    for (int i = 0; i < WANDERERS; ++i)
        EQ(0, join(tasks[i]));
    for (unsigned i = 0; i < test_workers(); ++i)
        EQ(0, join(carriers[i]));
}
