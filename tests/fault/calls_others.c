/* Timers, and what asks for nothing. */
#include "calls.h"
#include "noted.h"

static filch_timer timer;
static atomic_int called;
static FILE *nowhere;

static void
begin(void)
{
    atomic_store(&called, 0);
    OK(filch_timer_init(&timer));
}

static void
count(void *arg)
{
    (void)arg;
    atomic_fetch_add(&called, 1);
}

static void
was_not_called(void)
{
    EQ(0, atomic_load(&called));
}

static void
is_called_once(void)
{
    UNTIL(atomic_load(&called));
    EQ(1, atomic_load(&called));
}

static int
call_call_soon(void)
{
    return filch_call_soon(count, NULL);
}

static int
call_call_later(void)
{
    return filch_call_later(NULL, 0, count, NULL);
}

static int
call_call_at(void)
{
    return filch_call_at(NULL, filch_now(), count, NULL);
}

static int
call_timers(void)
{
    OK(filch_timer_init(&timer));
    OK(filch_call_later(&timer, FILCH_SEC(1000000), count, NULL));
    FAILS(EBUSY, filch_call_at(&timer, filch_now(), count, NULL));
    CHECK(filch_timer_cancel(&timer));
    OK(filch_call_at(&timer, filch_after(FILCH_SEC(1000000)), count, NULL));
    OK(filch_timer_cancel_wait(&timer));
    OK(filch_timer_cancel_wait_until(&timer, FILCH_NEVER));
    return 0;
}

/* Its callback runs on another runtime's worker, until it is told to end. */
static filch_runtime *elsewhere;
static atomic_bool runs, may_end;

static void
run_for_long(void *arg)
{
    (void)arg;
    atomic_store(&runs, true);
    while (!atomic_load(&may_end))
        sched_yield();
    atomic_fetch_add(&called, 1);
}

static int
let_end(void *arg)
{
    atomic_store(&may_end, true);
    return arg != NULL;
}

static int
arm(void *arg)
{
    OK(filch_call_later(&timer, 0, run_for_long, NULL));
    return arg != NULL;
}

static void
begin_elsewhere(void)
{
    filch_config config = {.workers = 1};
    filch_task *task;
    begin();
    atomic_store(&runs, false);
    atomic_store(&may_end, false);
    OK(filch_start(&elsewhere, &config));
    OK(filch_submit(elsewhere, &task, arm, NULL));
    EQ(0, join(task));
    UNTIL(atomic_load(&runs));
    OK(filch_spawn(NULL, let_end, NULL)); /* when the caller waits */
}

static int
call_cancel_wait(void)
{
    return filch_timer_cancel_wait(&timer);
}

static int
call_cancel_wait_until(void)
{
    return filch_timer_cancel_wait_until(&timer, filch_after(FILCH_SEC(3600)));
}

static void
has_ended(void)
{
    EQ(1, atomic_load(&called));
    OK(filch_stop(elsewhere));
}

/* --- Events, locks, conditions ------------------------------------------- */

static int
call_event(void)
{
    filch_event event;
    OK(filch_event_init(&event));
    filch_event_set(&event);
    CHECK(filch_event_is_set(&event));
    OK(filch_event_wait(&event));
    filch_event_clear(&event);
    OK(filch_event_destroy(&event));
    return 0;
}

static int
call_lock(void)
{
    filch_lock lock;
    OK(filch_lock_init(&lock));
    OK(filch_lock_try_acquire(&lock));
    CHECK(filch_lock_locked(&lock));
    OK(filch_lock_release(&lock));
    OK(filch_lock_init_fair(&lock));
    filch_lock *held = filch_with_lock_begin_(&lock);
    FAILS(EBUSY, filch_lock_destroy(&lock));
    filch_with_lock_end_(&held);
    OK(filch_lock_destroy(&lock));
    return 0;
}

static int
call_condition(void)
{
    filch_condition condition;
    OK(filch_condition_init(&condition, NULL));
    OK(filch_condition_acquire(&condition));
    CHECK(filch_condition_locked(&condition));
    OK(filch_condition_notify(&condition, 1));
    OK(filch_condition_notify_all(&condition));
    OK(filch_condition_release(&condition));
    OK(filch_condition_destroy(&condition));
    return 0;
}

/* --- Semaphores and barriers --------------------------------------------- */

static int
call_semaphore(void)
{
    filch_semaphore semaphore;
    OK(filch_semaphore_init_bounded(&semaphore, 1));
    FAILS(EOVERFLOW, filch_semaphore_release(&semaphore, 1));
    OK(filch_semaphore_init(&semaphore, 0));
    FAILS(EAGAIN, filch_semaphore_try_acquire(&semaphore));
    OK(filch_semaphore_release(&semaphore, 2));
    EQ(2, filch_semaphore_value(&semaphore));
    OK(filch_semaphore_destroy(&semaphore));
    return 0;
}

static int
call_barrier(void)
{
    filch_barrier barrier;
    OK(filch_barrier_init(&barrier, 2));
    OK(filch_barrier_abort(&barrier));
    FAILS(EPIPE, filch_barrier_wait(&barrier, NULL));
    OK(filch_barrier_reset(&barrier));
    OK(filch_barrier_destroy(&barrier));
    return 0;
}

/* --- The rest ------------------------------------------------------------ */

static void
open_nowhere(void)
{
    nowhere = fopen("/dev/null", "w");
    CHECK(nowhere != NULL);
}

static int
call_rest(void)
{
    filch_stats stats;
    OK(filch_stats_read(NULL, &stats, 1, NULL));
    filch_dump(nowhere);
    CHECK(filch_version() != NULL);
    CHECK(filch_now() < filch_after(FILCH_SEC(1)));
    filch_foreign_begin();
    filch_foreign_end();
    return 0;
}

static void
close_nowhere(void)
{
    fclose(nowhere);
}

const struct row rows_of_others[] = {
    {"filch_call_soon", begin, call_call_soon, was_not_called, is_called_once,
     0, 0},
    {"filch_call_later", begin, call_call_later, was_not_called, is_called_once,
     0, 0},
    {"filch_call_at", begin, call_call_at, was_not_called, is_called_once, 0,
     0},
    {"filch_call_later filch_call_at filch_timer_init filch_timer_cancel "
     "filch_timer_cancel_wait filch_timer_cancel_wait_until",
     begin, call_timers, NULL, was_not_called, true, 0},
    {"filch_timer_cancel_wait", begin_elsewhere, call_cancel_wait, NULL,
     has_ended, 0, 0},
    {"filch_timer_cancel_wait_until", begin_elsewhere, call_cancel_wait_until,
     NULL, has_ended, 0, 0},
    {"filch_event_init filch_event_destroy filch_event_is_set filch_event_set "
     "filch_event_clear",
     NULL, call_event, NULL, NULL, true, 0},
    {"filch_lock_init filch_lock_init_fair filch_lock_destroy "
     "filch_lock_try_acquire filch_lock_release filch_lock_locked "
     "filch_with_lock_begin_ filch_with_lock_end_",
     NULL, call_lock, NULL, NULL, true, 0},
    {"filch_condition_init filch_condition_destroy filch_condition_release "
     "filch_condition_locked filch_condition_notify filch_condition_notify_all",
     NULL, call_condition, NULL, NULL, true, 0},
    {"filch_semaphore_init filch_semaphore_init_bounded "
     "filch_semaphore_destroy filch_semaphore_try_acquire "
     "filch_semaphore_release filch_semaphore_value",
     NULL, call_semaphore, NULL, NULL, true, 0},
    {"filch_barrier_init filch_barrier_destroy filch_barrier_abort "
     "filch_barrier_reset",
     NULL, call_barrier, NULL, NULL, true, 0},
    {"filch_stats_read filch_dump filch_version filch_now filch_after "
     "filch_foreign_begin filch_foreign_end",
     open_nowhere, call_rest, NULL, close_nowhere, true, 0},
    {0},
};
