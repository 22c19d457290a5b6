/*
 * A runtime that comes and goes, whose tasks use what others use besides: a
 * semaphore and a queue. When it is stopped they are in the midst of it, and
 * are cancelled; nothing of what they held is lost.
 */
#include "kit.h"

#include <time.h>

enum { PERMITS = 2, VISITORS = 6 };

static filch_semaphore semaphore;
static filch_queue queue;
static struct troupe residents;
static atomic_uint inside;
static atomic_ulong put, got;
static pthread_t landlord;

/* Passes through the semaphore, and an item through the queue. */
static int
pass(int (*counted)(struct actor *, int), struct actor *me, uint64_t *state)
{
    int status = counted(me, filch_semaphore_acquire(&semaphore));
    if (status)
        return status;
    flow_in(&scene_visit.flow, 1);
    CHECK(atomic_fetch_add(&inside, 1) < PERMITS);
    if (chance(state, 4) == 0)
        filch_yield();
    atomic_fetch_sub(&inside, 1);
    flow_out(&scene_visit.flow, 1);
    OK(counted(me, filch_semaphore_release(&semaphore, 1)));
    status = counted(me, filch_queue_put(&queue, &queue));
    if (status)
        return status;
    atomic_fetch_add(&put, 1);
    void *item;
    status = counted(me, filch_queue_get(&queue, &item));
    atomic_fetch_add(&got, status == 0);
    return status;
}

static int
resident_turn(struct actor *me)
{
    return pass(note, me, &me->chance);
}

/* --- Visitors ------------------------------------------------------------ */

static int
not_counted(struct actor *nobody, int status)
{
    (void)nobody;
    return status;
}

static int
visit(void *arg)
{
    uint64_t state = test_seed() + (uintptr_t)arg;
    int status;
    do {
        status = pass(not_counted, NULL, &state);
    } while (status == 0);
    return status;
}

/* One visit of a runtime; one of its tasks may end of itself before. */
static void
receive(uint64_t *state)
{
    filch_config config = {.workers = 1 + chance(state, 3), .name = "visitor"};
    filch_task *tasks[VISITORS];
    filch_runtime *runtime;
    OK(filch_start(&runtime, &config));
    for (unsigned i = 0; i < VISITORS; ++i)
        OK(filch_submit(runtime, &tasks[i], visit,
                        (void *)(uintptr_t)chance(state, 1 << 30)));
    nanosleep(&(struct timespec){0, 1000 * chance(state, 2000)}, NULL);
    OK(filch_cancel(tasks[0]));
    OK(filch_stop(runtime));
    for (unsigned i = 0; i < VISITORS; ++i)
        EQ(ECANCELED, join(tasks[i]));
}

static void *
receive_visitors(void *arg)
{
    uint64_t state = test_seed() + 4711;
    (void)arg;
    while (!atomic_load(&residents.over))
        receive(&state);
    return NULL;
}

/* --- The scene ----------------------------------------------------------- */

static void
visit_open(uint64_t *state)
{
    OK(filch_semaphore_init(&semaphore, PERMITS));
    OK(filch_queue_init(&queue, 0));
    atomic_store(&put, 0);
    atomic_store(&got, 0);
    troupe_start(&residents, &scene_visit.tally, resident_turn,
                 2 + chance(state, 4), chance(state, 2));
    landlord = thread_start(receive_visitors, NULL);
}

static void
visit_close(uint64_t *state)
{
    (void)state;
    atomic_store(&residents.over, true);
    while (pthread_tryjoin_np(landlord, NULL) == EBUSY)
        OK(filch_sleep(FILCH_US(50)));
    troupe_await(&residents);
    EQ(0, atomic_load(&inside));
    flow_is_even(&scene_visit.flow);
    EQ(PERMITS, filch_semaphore_value(&semaphore));
    EQ(atomic_load(&put) - atomic_load(&got), filch_queue_size(&queue));
    OK(filch_semaphore_destroy(&semaphore));
    OK(filch_queue_destroy(&queue));
}

struct scene scene_visit = {"visitors",
                            visit_open,
                            visit_close,
                            {{0}, ULONG_MAX, FILCH_EVENT_INIT},
                            .flow = {.what = "permits", .most = PERMITS}};
