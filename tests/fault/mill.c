#include "mill.h"

#include "inject.h"

enum { SLOTS = 4, PERMITS = 2 };

static struct mill mill;
static filch_lock lock;
static filch_condition condition;
static filch_queue queue;
static filch_semaphore semaphore;
static filch_event event;
static filch_barrier barrier;

/* Accounts. Under the lock: */
static long locked, signs;
/* In atomics: */
static atomic_long locks, items_put, items_got, begun, ended, armed, fired,
    signs_put, signs_taken;

static void
begin(const struct mill *given)
{
    mill = *given;
    OK(filch_lock_init(&lock));
    OK(filch_condition_init(&condition, &lock));
    OK(filch_queue_init(&queue, SLOTS));
    OK(filch_semaphore_init_bounded(&semaphore, PERMITS));
    OK(filch_event_init(&event));
    OK(filch_barrier_init(&barrier, 2));
}

static void
settle_accounts(void)
{
    EQ(atomic_load(&locks), locked);
    EQ(atomic_load(&signs_put) - atomic_load(&signs_taken), signs);
    EQ(atomic_load(&items_put) - atomic_load(&items_got),
       filch_queue_size(&queue));
    EQ(PERMITS, filch_semaphore_value(&semaphore));
    EQ(atomic_load(&begun), atomic_load(&ended));
    EQ(atomic_load(&armed), atomic_load(&fired));
    CHECK(!filch_lock_locked(&lock));
    OK(filch_queue_destroy(&queue)); /* and so on: nobody waits */
    OK(filch_lock_destroy(&lock));
    OK(filch_condition_destroy(&condition));
    OK(filch_semaphore_destroy(&semaphore));
    OK(filch_event_destroy(&event));
    OK(filch_barrier_destroy(&barrier));
}

/* Whether a call has done it; else it did nothing, for a good reason. */
static bool
did(int error, int reason)
{
    bool is_short = error == ENOMEM || error == EAGAIN;
    CHECK(error == 0 || error == reason || (is_short && mill.short_of_memory));
    return error == 0;
}

/* What must not fail, and does for a while. */
static void
insist(int (*call)(void *arg), void *arg)
{
    while (!did(call(arg), ENOMEM))
        sched_yield();
}

static filch_time
soon(uint64_t *dice)
{
    return filch_after(FILCH_US(chance(dice, 200)));
}

/* --- What is done, one of these in each round ---------------------------- */

static void
lock_it(uint64_t *dice)
{
    if (!did(filch_lock_acquire_until(&lock, soon(dice)), ETIMEDOUT))
        return;
    ++locked;
    atomic_fetch_add(&locks, 1);
    if (chance(dice, 4) == 0)
        let_others_run();
    OK(filch_lock_release(&lock));
}

static void
put(uint64_t *dice)
{
    if (did(filch_queue_put_until(&queue, &queue, soon(dice)), ETIMEDOUT))
        atomic_fetch_add(&items_put, 1);
}

static void
get(uint64_t *dice)
{
    void *item = NULL;
    if (!did(filch_queue_get_until(&queue, &item, soon(dice)), ETIMEDOUT))
        return;
    CHECK(item == &queue);
    OK(filch_queue_task_done(&queue));
    atomic_fetch_add(&items_got, 1);
}

static void
take_permit(uint64_t *dice)
{
    if (!did(filch_semaphore_acquire_until(&semaphore, soon(dice)), ETIMEDOUT))
        return;
    let_others_run();
    OK(filch_semaphore_release(&semaphore, 1));
}

static bool
is_sign_up(void *arg)
{
    (void)arg;
    return signs > 0;
}

static int
acquire(void *arg)
{
    (void)arg;
    return filch_condition_acquire(&condition);
}

static void
await_sign(uint64_t *dice)
{
    insist(acquire, NULL);
    if (did(filch_condition_wait_for_until(&condition, is_sign_up, NULL,
                                           soon(dice)),
            ETIMEDOUT)) {
        --signs;
        atomic_fetch_add(&signs_taken, 1);
    }
    OK(filch_condition_release(&condition));
}

static void
put_sign_up(uint64_t *dice)
{
    (void)dice;
    insist(acquire, NULL);
    ++signs;
    atomic_fetch_add(&signs_put, 1);
    OK(filch_condition_notify(&condition, 1));
    OK(filch_condition_release(&condition));
}

static void
await_event(uint64_t *dice)
{
    did(filch_event_wait_until(&event, soon(dice)), ETIMEDOUT);
    filch_event_clear(&event);
}

static void
set_event(uint64_t *dice)
{
    (void)dice;
    filch_event_set(&event);
}

static void
meet(uint64_t *dice)
{
    int error = filch_barrier_wait_until(&barrier, NULL, soon(dice));
    did(error == EPIPE ? ETIMEDOUT : error, ETIMEDOUT);
    if (error)
        OK(filch_barrier_reset(&barrier));
}

static void
sleep_some(uint64_t *dice)
{
    filch_time when = soon(dice);
    if (did(filch_sleep_until(when), 0))
        CHECK(filch_now() >= when);
}

/* --- The same for tasks alone -------------------------------------------- */

static int
child(void *arg)
{
    atomic_fetch_add(&ended, 1);
    if ((intptr_t)arg % 2)
        filch_yield();
    return (int)(intptr_t)arg;
}

/* Counts one begun, if it was. */
static bool
count_begun(int error)
{
    bool is = did(error, 0);
    atomic_fetch_add(&begun, is);
    return is;
}

static int
join_it(void *arg)
{
    int status = 0, error = filch_join(arg, &status);
    CHECK(error || status == 7);
    return error;
}

static void
spawn_some(uint64_t *dice)
{
    filch_task *task, *two[2];
    size_t done = 0;
    if (count_begun(filch_spawn(&task, child, (void *)7)))
        insist(join_it, task);
    if (!count_begun(filch_spawn(&two[0], child, (void *)7)))
        return;
    two[1] = filch_task_hold(two[0]);
    did(filch_wait_until(two, 2, FILCH_ALL_COMPLETED, &done, soon(dice)),
        ETIMEDOUT);
    insist(join_it, two[0]);
    insist(join_it, two[1]);
}

static int
wait_for_group(void *group)
{
    return filch_group_wait(group);
}

static void
spawn_group(uint64_t *dice)
{
    filch_group group = FILCH_GROUP_INIT;
    for (uint32_t n = chance(dice, 4); n > 0; --n)
        count_begun(filch_group_spawn(&group, child, NULL));
    did(filch_group_wait_until(&group, soon(dice)), ETIMEDOUT);
    insist(wait_for_group, &group);
    OK(filch_group_destroy(&group));
}

static void
fork_some(uint64_t *dice)
{
    filch_job jobs[8];
    int n = (int)chance(dice, 8);
    atomic_fetch_add(&begun, n);
    for (int i = 0; i < n; ++i)
        filch_fork(&jobs[i], child, (void *)1);
    while (n-- > 0)
        EQ(1, filch_sync(&jobs[n]));
}

static void
fire(void *arg)
{
    (void)arg;
    atomic_fetch_add(&fired, 1);
}

static int
cancel_wait(void *timer)
{
    return filch_timer_cancel_wait(timer);
}

static void
use_timers(uint64_t *dice)
{
    filch_timer timer = FILCH_TIMER_INIT;
    atomic_fetch_add(&armed, did(filch_call_soon(fire, NULL), 0));
    OK(filch_call_at(&timer, soon(dice), fire, NULL));
    atomic_fetch_add(&armed, 1);
    if (chance(dice, 2))
        sleep_some(dice);
    if (filch_timer_cancel(&timer))
        atomic_fetch_sub(&armed, 1);
    insist(cancel_wait, &timer); /* it is about to be gone */
}

static void (*const doings[])(uint64_t *dice) = {
    lock_it,     put,       get,        take_permit, await_sign,
    put_sign_up, set_event, meet,       await_event, sleep_some,
    spawn_some,  fork_some, use_timers, spawn_group};
enum { FOR_ALL = 10, FOR_TASKS = sizeof doings / sizeof *doings };

/* --- Running ------------------------------------------------------------- */

static int
work(void *arg)
{
    uint64_t dice = test_seed() + 1000 * (uint64_t)(intptr_t)arg;
    for (int i = 0; i < mill.rounds; ++i)
        doings[chance(&dice, FOR_TASKS)](&dice);
    return 0;
}

static void *
work_in_thread(void *arg)
{
    uint64_t dice = test_seed() + 1000 * (uint64_t)(intptr_t)arg;
    for (int i = 0; i < mill.rounds; ++i)
        doings[chance(&dice, FOR_ALL)](&dice);
    return NULL;
}

static int
join_worker(void *task)
{
    int status = -1, error = filch_join(task, &status);
    CHECK(error || status == 0);
    return error;
}

static void
run_tasks(void)
{
    filch_task *tasks[64];
    int n = 0;
    CHECK(mill.tasks <= 64);
    while (n < mill.tasks)
        n += did(filch_spawn(&tasks[n], work, (void *)(intptr_t)n), 0);
    while (n-- > 0)
        insist(join_worker, tasks[n]);
}

int
mill_run(void *arg)
{
    pthread_t thread;
    begin(arg);
    fault_by_chance(mill.short_of_memory ? 10 : ~0u);
    int refused;
    while ((refused = pthread_create(&thread, NULL, work_in_thread,
                                     (void *)1000)) != 0)
        CHECK(refused == EAGAIN);
    run_tasks();
    CHECK(fault_end() > 0 || !mill.short_of_memory);
    thread_join(thread);
    UNTIL(atomic_load(&fired) == atomic_load(&armed));
    settle_accounts();
    return 0;
}

void
mill_run_beside(const struct mill *given)
{
    filch_config config = {.workers = test_workers()};
    pthread_t thread;
    begin(given);
    thread = thread_start(work_in_thread, (void *)1000);
    for (intptr_t i = 0; i < mill.tasks; ++i) {
        filch_runtime *runtime;
        filch_task *task;
        OK(filch_start(&runtime, &config));
        OK(filch_submit(runtime, &task, work, (void *)i));
        EQ(0, join(task));
        UNTIL(atomic_load(&fired) == atomic_load(&armed));
        OK(filch_stop(runtime));
    }
    thread_join(thread);
    settle_accounts();
}

void
skip_where_stacks_may_run_out(void)
{
    if (UNDER_TSAN)
        skip("where stacks run out, the ThreadSanitizer's runtime may die");
}
