#include "../harness/harness.h"

static filch_condition condition; /* zeroed: over its own lock */
static int order[200], woken;     /* the lock's */
static int waiting;               /* the lock's: those who began to wait */

/* A waiter that says its place in the order of waiting when it goes on. */
static int
wait_and_note(void *arg)
{
    filch_condition *on = arg;
    OK(filch_condition_acquire(on));
    int place = waiting++;
    int status = filch_condition_wait(on);
    CHECK(filch_condition_locked(on));
    if (status == 0)
        order[woken++] = place;
    OK(filch_condition_release(on));
    return status;
}

/* Spawns waiters; returns, holding the lock, when all of them wait. */
static void
spawn_waiters(filch_condition *on, filch_task **tasks, int n)
{
    for (int i = 0; i < n; ++i)
        tasks[i] = spawn(wait_and_note, on);
    OK(filch_condition_acquire(on));
    while (waiting < n) {
        OK(filch_condition_release(on));
        filch_yield();
        OK(filch_condition_acquire(on));
    }
}

/* Holding the lock: lets others have it until so many have been woken. */
static void
until_woken(filch_condition *on, int n)
{
    while (woken < n) {
        OK(filch_condition_release(on));
        let_others_run();
        OK(filch_condition_acquire(on));
    }
}

static void
join_all(filch_task **tasks, int n)
{
    for (int i = 0; i < n; ++i)
        EQ(0, join(tasks[i]));
}

/* --- The lock ------------------------------------------------------------ */

TEST(condition_works_over_its_own_lock_however_it_is_made)
{
    filch_condition made, initialised = FILCH_CONDITION_INIT;
    memset(&made, 0xff, sizeof made);
    OK(filch_condition_init(&made, NULL));
    filch_condition *all[] = {&made, &initialised, &condition};
    for (int i = 0; i < 3; ++i) {
        CHECK(!filch_condition_locked(all[i]));
        OK(filch_condition_acquire(all[i]));
        CHECK(filch_condition_locked(all[i]));
        FAILS(ETIMEDOUT, filch_condition_acquire_until(all[i], past()));
        FAILS(ETIMEDOUT, filch_condition_wait_until(all[i], past()));
        CHECK(filch_condition_locked(all[i]));
        OK(filch_condition_release(all[i]));
        CHECK(!filch_condition_locked(all[i]));
        OK(filch_condition_destroy(all[i]));
    }
}

TEST(condition_shares_the_lock_that_it_was_made_over)
{
    filch_lock lock = FILCH_LOCK_INIT;
    filch_condition one, two;
    OK(filch_condition_init(&one, &lock));
    OK(filch_condition_init(&two, &lock));
    OK(filch_condition_acquire(&one));
    CHECK(filch_lock_locked(&lock));
    CHECK(filch_condition_locked(&two));
    OK(filch_condition_destroy(&one)); /* the lock is not its own */
    OK(filch_lock_release(&lock));
    OK(filch_condition_destroy(&two));
}

TEST(condition_misused_while_nobody_holds_its_lock_is_EPERM)
{
    FAILS(EPERM, filch_condition_wait(&condition));
    FAILS(EPERM, filch_condition_wait_until(&condition, past()));
    FAILS(EPERM, filch_condition_notify(&condition, 1));
    FAILS(EPERM, filch_condition_notify_all(&condition));
    FAILS(EPERM, filch_condition_release(&condition));
    CHECK(!filch_condition_locked(&condition));
}

static bool
never(void *arg)
{
    (void)arg;
    return false;
}

static int
misuse_cancelled(void *arg)
{
    (void)arg;
    OK(filch_cancel(filch_current()));
    FAILS(EPERM, filch_condition_wait(&condition));
    FAILS(EPERM, filch_condition_wait_for(&condition, never, NULL));
    return 0;
}

/* Whatever else it returned would say that the lock is held. */
TASK_TEST(condition_misused_is_EPERM_also_where_a_cancel_is_pending)
{
    EQ(0, join(spawn(misuse_cancelled, NULL)));
}

TEST(condition_wait_for_while_nobody_holds_its_lock_is_EPERM)
{
    FAILS(EPERM, filch_condition_wait_for(&condition, never, NULL));
    FAILS(EPERM,
          filch_condition_wait_for_until(&condition, never, NULL, past()));
}

static atomic_bool back;

static int
wait_until_cancelled(void *arg)
{
    filch_condition *own = arg;
    OK(filch_condition_acquire(own));
    FAILS(ECANCELED, filch_condition_wait(own));
    atomic_store(&back, true);
    for (volatile int i = 0; i < 2000; ++i)
        ;
    atomic_store(&back, false);
    return filch_condition_release(own);
}

/* At any moment: it waits, or wants its lock back, or has it, or has done. */
TASK_TEST(condition_is_not_destroyed_under_who_gave_up_and_wants_its_lock_back)
{
    for (int i = 0; i < (UNDER_SANITIZER ? 300 : 3000); ++i) {
        filch_condition *own = calloc(1, sizeof *own);
        CHECK(own != NULL);
        OK(filch_condition_init(own, NULL));
        filch_task *task = spawn(wait_until_cancelled, own);
        UNTIL(filch_condition_destroy(own) && !filch_condition_locked(own));
        OK(filch_cancel(task));
        UNTIL(filch_condition_destroy(own) == 0);
        CHECK(!atomic_load(&back));
        EQ(0, join(task));
        free(own);
    }
}

TASK_TEST(condition_destroy_is_EBUSY_while_someone_waits_or_holds_its_own_lock)
{
    filch_task *task;
    spawn_waiters(&condition, &task, 1);
    OK(filch_condition_release(&condition));
    FAILS(EBUSY, filch_condition_destroy(&condition));
    OK(filch_condition_acquire(&condition));
    OK(filch_condition_notify(&condition, 1));
    OK(filch_condition_release(&condition));
    EQ(0, join(task));
    OK(filch_condition_acquire(&condition));
    FAILS(EBUSY, filch_condition_destroy(&condition));
    OK(filch_condition_release(&condition));
    OK(filch_condition_destroy(&condition));
}

/* --- Waiting and notifying ----------------------------------------------- */

TASK_TEST(condition_wait_gives_the_lock_back_and_holds_it_when_it_returns)
{
    filch_task *task;
    spawn_waiters(&condition, &task, 1); /* it has the lock: so it was free */
    OK(filch_condition_notify(&condition, 1));
    for (int i = 0; i < 100; ++i)
        let_others_run();
    EQ(0, woken); /* the waiter cannot go on while the lock is held */
    OK(filch_condition_release(&condition));
    EQ(0, join(task));
    EQ(1, woken);
}

TASK_TEST(condition_notify_wakes_the_first_n_in_the_order_in_which_they_waited)
{
    enum { TASKS = 30 };
    filch_task *tasks[TASKS];
    int total = 0;
    spawn_waiters(&condition, tasks, TASKS);
    for (int n = 1; total < TASKS; ++n) {
        OK(filch_condition_notify(&condition, (size_t)n));
        total = total + n < TASKS ? total + n : TASKS;
        until_woken(&condition, total);
        for (int i = 0; i < 20; ++i) { /* nobody more comes */
            OK(filch_condition_release(&condition));
            let_others_run();
            OK(filch_condition_acquire(&condition));
        }
        EQ(total, woken);
    }
    OK(filch_condition_release(&condition));
    join_all(tasks, TASKS);
    for (int i = 0; i < TASKS; ++i)
        EQ(i, order[i]);
}

TASK_TEST(condition_notify_all_wakes_all_in_the_order_in_which_they_waited)
{
    enum { TASKS = 100 };
    filch_task *tasks[TASKS];
    spawn_waiters(&condition, tasks, TASKS);
    OK(filch_condition_notify_all(&condition));
    OK(filch_condition_release(&condition));
    join_all(tasks, TASKS);
    for (int i = 0; i < TASKS; ++i)
        EQ(i, order[i]);
}

TASK_TEST(condition_those_notified_take_a_shared_lock_in_the_order_they_waited)
{
    enum { TASKS = 50 };
    static filch_lock lock = FILCH_LOCK_FAIR_INIT;
    static filch_condition over;
    filch_task *tasks[TASKS];
    OK(filch_condition_init(&over, &lock));
    spawn_waiters(&over, tasks, TASKS);
    for (int i = 0; i < TASKS; ++i) /* one by one, all at once */
        OK(filch_condition_notify(&over, 1));
    OK(filch_lock_release(&lock));
    join_all(tasks, TASKS);
    for (int i = 0; i < TASKS; ++i)
        EQ(i, order[i]);
}

TASK_TEST(condition_notify_of_none_wakes_nobody)
{
    filch_task *task;
    spawn_waiters(&condition, &task, 1);
    OK(filch_condition_notify(&condition, 0));
    OK(filch_condition_release(&condition));
    for (int i = 0; i < 100; ++i)
        let_others_run();
    CHECK(!filch_task_done(task));
    OK(filch_cancel(task));
    EQ(ECANCELED, join(task));
}

TEST(condition_a_notification_that_nobody_waits_for_is_not_kept)
{
    OK(filch_condition_acquire(&condition));
    OK(filch_condition_notify(&condition, 5));
    OK(filch_condition_notify_all(&condition));
    FAILS(ETIMEDOUT,
          filch_condition_wait_until(&condition, filch_after(FILCH_MS(5))));
    OK(filch_condition_release(&condition));
}

TASK_TEST(condition_notify_wakes_only_those_of_that_condition)
{
    static filch_lock lock;
    static filch_condition one, two;
    filch_task *first, *second;
    OK(filch_condition_init(&one, &lock));
    OK(filch_condition_init(&two, &lock));
    spawn_waiters(&one, &first, 1);
    OK(filch_lock_release(&lock));
    waiting = 0; /* nobody else uses it now */
    spawn_waiters(&two, &second, 1);
    OK(filch_condition_notify_all(&two));
    OK(filch_lock_release(&lock));
    EQ(0, join(second));
    CHECK(!filch_task_done(first));
    OK(filch_cancel(first));
    EQ(ECANCELED, join(first));
}

/* --- From other places --------------------------------------------------- */

static void
notify_in_callback(void *arg)
{
    filch_lock *lock = arg;
    OK(filch_lock_try_acquire(lock));
    OK(filch_condition_notify_all(&condition));
    OK(filch_lock_release(lock));
}

ONE_WORKER_TEST(condition_may_be_notified_in_a_callback)
{
    static filch_lock lock;
    filch_task *task;
    OK(filch_condition_init(&condition, &lock));
    spawn_waiters(&condition, &task, 1);
    OK(filch_condition_release(&condition));
    OK(filch_call_soon(notify_in_callback, &lock));
    EQ(0, join(task));
}

static void *
notify_in_thread(void *arg)
{
    (void)arg;
    OK(filch_condition_acquire(&condition));
    OK(filch_condition_notify_all(&condition));
    OK(filch_condition_release(&condition));
    return NULL;
}

TASK_TEST(condition_may_be_notified_by_a_plain_thread)
{
    filch_task *tasks[10];
    spawn_waiters(&condition, tasks, 10);
    OK(filch_condition_release(&condition));
    thread_join(thread_start(notify_in_thread, NULL));
    join_all(tasks, 10);
}

static int
wait_and_free(void *arg)
{
    filch_condition *mine = arg;
    OK(filch_condition_acquire(mine));
    waiting = 1;
    OK(filch_condition_wait(mine));
    OK(filch_condition_release(mine));
    OK(filch_condition_destroy(mine));
    free(mine);
    return 0;
}

TASK_TEST(condition_may_be_freed_by_whom_notify_and_release_let_go_on)
{
    for (int i = 0; i < (UNDER_SANITIZER ? 500 : 3000); ++i) {
        filch_condition *one = calloc(1, sizeof *one);
        filch_task *task = spawn(wait_and_free, one);
        OK(filch_condition_acquire(one));
        for (; !waiting; OK(filch_condition_acquire(one))) {
            OK(filch_condition_release(one));
            filch_yield();
        }
        waiting = 0;
        OK(filch_condition_notify(one, 1));
        OK(filch_condition_release(one));
        EQ(0, join(task));
    }
}
