/*
 * What let a plain thread go on may be freed by it, even while the call that
 * did is still returning; whoever called it. (Each noun's own test has the
 * same for tasks.) Of several, by the last; nor does one matter that gives up
 * just then.
 */
#include "../harness/harness.h"

enum { ROUNDS = UNDER_SANITIZER ? 200 : 500 };

struct shared {
    atomic_int left; /* who have not gone on yet, of several */
    filch_event event;
    filch_lock lock;
    filch_semaphore semaphore;
    filch_condition condition;
    bool notified; /* condition */
};

static atomic_bool begun;

/* --- Waiting, then freeing ----------------------------------------------- */

static void *
free_after_lock(void *arg)
{
    struct shared *shared = arg;
    atomic_store(&begun, true);
    OK(filch_lock_acquire(&shared->lock));
    free(shared);
    return NULL;
}

static void *
free_after_semaphore(void *arg)
{
    struct shared *shared = arg;
    atomic_store(&begun, true);
    OK(filch_semaphore_acquire(&shared->semaphore));
    free(shared);
    return NULL;
}

static void *
free_after_condition(void *arg)
{
    struct shared *shared = arg;
    OK(filch_condition_acquire(&shared->condition));
    atomic_store(&begun, true);
    while (!shared->notified)
        OK(filch_condition_wait(&shared->condition));
    free(shared);
    return NULL;
}

/* --- Letting go on ------------------------------------------------------- */

static void
release_lock(void *arg)
{
    OK(filch_lock_release(&((struct shared *)arg)->lock));
}

static void
release_semaphore(void *arg)
{
    OK(filch_semaphore_release(&((struct shared *)arg)->semaphore, 1));
}

static void
notify(void *arg)
{
    struct shared *shared = arg;
    OK(filch_lock_acquire(&shared->lock));
    shared->notified = true;
    OK(filch_condition_notify(&shared->condition, 1));
    OK(filch_lock_release(&shared->lock));
}

static int
notify_in_task(void *arg)
{
    notify(arg);
    return 0;
}

static void *
notify_in_thread(void *arg)
{
    notify(arg);
    return NULL;
}

/* --- Rounds -------------------------------------------------------------- */

static struct shared *
make(bool fair)
{
    struct shared *shared = calloc(1, sizeof *shared);
    CHECK(shared != NULL);
    OK(fair ? filch_lock_init_fair(&shared->lock)
            : filch_lock_init(&shared->lock));
    OK(filch_event_init(&shared->event));
    OK(filch_semaphore_init(&shared->semaphore, 0));
    OK(filch_condition_init(&shared->condition, &shared->lock));
    return shared;
}

/* The thread waits by now, or is about to, for one of many whiles. */
static pthread_t
begin(void *(*body)(void *), struct shared *shared, int round)
{
    atomic_store(&begun, false);
    pthread_t thread = thread_start(body, shared);
    UNTIL(atomic_load(&begun));
    for (int turn = 0; turn < round % 5; ++turn)
        sched_yield();
    return thread;
}

static void
free_after(void *(*body)(void *), void (*let_go)(void *), bool held)
{
    for (int i = 0; i < ROUNDS; ++i) {
        struct shared *shared = make(i % 2);
        if (held)
            OK(filch_lock_acquire(&shared->lock));
        pthread_t thread = begin(body, shared, i);
        let_go(shared);
        thread_join(thread);
    }
}

TASK_TEST(lock_may_be_freed_by_a_plain_thread_that_release_let_go_on)
{
    free_after(free_after_lock, release_lock, true);
}

TEST(lock_may_be_freed_by_a_thread_that_another_threads_release_let_go_on)
{
    free_after(free_after_lock, release_lock, true);
}

TASK_TEST(semaphore_may_be_freed_by_a_plain_thread_that_release_let_go_on)
{
    free_after(free_after_semaphore, release_semaphore, false);
}

TEST(semaphore_may_be_freed_by_a_thread_that_another_threads_let_go_on)
{
    free_after(free_after_semaphore, release_semaphore, false);
}

TASK_TEST(condition_may_be_freed_by_a_plain_thread_that_notify_let_go_on)
{
    for (int i = 0; i < ROUNDS; ++i) {
        struct shared *shared = make(i % 2);
        pthread_t thread = begin(free_after_condition, shared, i);
        EQ(0, join(spawn(notify_in_task, shared)));
        thread_join(thread);
    }
}

TEST(condition_may_be_freed_by_a_thread_that_another_threads_let_go_on)
{
    for (int i = 0; i < ROUNDS; ++i) {
        struct shared *shared = make(i % 2);
        pthread_t thread = begin(free_after_condition, shared, i);
        pthread_t notifier = thread_start(notify_in_thread, shared);
        thread_join(notifier);
        thread_join(thread);
    }
}

/* --- Several, tasks and a thread, of whom the last frees ----------------- */

enum { PARTIES = 3 };
static atomic_int parties;

/* Whether this one was the last, and has freed it: nobody else may touch it
 * any more. */
static bool
frees(struct shared *shared)
{
    if (atomic_fetch_sub(&shared->left, 1) > 1)
        return false;
    free(shared);
    return true;
}

static int
pass_event(void *arg)
{
    struct shared *shared = arg;
    atomic_fetch_add(&parties, 1);
    OK(filch_event_wait(&shared->event));
    return frees(shared), 0;
}

/* The next one is let go on by this one. */
static int
pass_lock(void *arg)
{
    struct shared *shared = arg;
    atomic_fetch_add(&parties, 1);
    OK(filch_lock_acquire(&shared->lock));
    return frees(shared) ? 0 : filch_lock_release(&shared->lock);
}

static int
pass_semaphore(void *arg)
{
    struct shared *shared = arg;
    atomic_fetch_add(&parties, 1);
    OK(filch_semaphore_acquire(&shared->semaphore));
    return frees(shared), 0;
}

static int
pass_condition(void *arg)
{
    struct shared *shared = arg;
    OK(filch_condition_acquire(&shared->condition));
    atomic_fetch_add(&parties, 1);
    while (!shared->notified)
        OK(filch_condition_wait(&shared->condition));
    return frees(shared) ? 0 : filch_condition_release(&shared->condition);
}

static filch_fn thread_passes;

static void *
pass_in_thread(void *arg)
{
    OK(thread_passes(arg));
    return NULL;
}

static void
set_event(void *arg)
{
    filch_event_set(&((struct shared *)arg)->event);
}

static void
release_for_all(void *arg)
{
    OK(filch_semaphore_release(&((struct shared *)arg)->semaphore, PARTIES));
}

static void
notify_all(void *arg)
{
    struct shared *shared = arg;
    OK(filch_condition_acquire(&shared->condition));
    shared->notified = true;
    OK(filch_condition_notify_all(&shared->condition));
    OK(filch_condition_release(&shared->condition));
}

static void
last_frees(filch_fn pass, void (*let_go)(void *), bool held)
{
    thread_passes = pass;
    for (int i = 0; i < ROUNDS; ++i) {
        filch_task *tasks[PARTIES - 1];
        struct shared *shared = make(i % 2);
        atomic_store(&shared->left, PARTIES);
        atomic_store(&parties, 0);
        if (held)
            OK(filch_lock_acquire(&shared->lock));
        pthread_t thread = thread_start(pass_in_thread, shared);
        for (int task = 0; task < PARTIES - 1; ++task)
            tasks[task] = spawn(pass, shared);
        UNTIL(atomic_load(&parties) == PARTIES);
        for (int turn = 0; turn < i % 3; ++turn)
            let_others_run();
        let_go(shared);
        for (int task = 0; task < PARTIES - 1; ++task)
            EQ(0, join(tasks[task]));
        thread_join(thread);
    }
}

TASK_TEST(event_may_be_freed_by_the_last_whom_set_let_go_on)
{
    last_frees(pass_event, set_event, false);
}

TASK_TEST(lock_may_be_freed_by_the_last_whom_one_release_after_the_other_let_go)
{
    last_frees(pass_lock, release_lock, true);
}

TASK_TEST(semaphore_may_be_freed_by_the_last_whom_release_let_go_on)
{
    last_frees(pass_semaphore, release_for_all, false);
}

TASK_TEST(condition_may_be_freed_by_the_last_whom_notify_all_let_go_on)
{
    last_frees(pass_condition, notify_all, false);
}

/* --- One gives up at that moment, and may not look at it any more -------- */

static atomic_bool gives_up;
static filch_time soon;

static int
give_up(void *arg)
{
    struct shared *shared = arg;
    int error = filch_event_wait_until(&shared->event, soon);
    atomic_store(&gives_up, true);
    CHECK(error == 0 || error == ETIMEDOUT || error == ECANCELED);
    return 0;
}

static int
wait_and_free(void *arg)
{
    struct shared *shared = arg;
    OK(filch_event_wait(&shared->event));
    free(shared);
    return 0;
}

static int
cancel_it(void *arg)
{
    OK(filch_cancel(arg));
    return 0;
}

static void
free_beside_one_that_gives_up(bool by_cancel)
{
    for (int i = 0; i < ROUNDS; ++i) {
        struct shared *shared = make(false);
        filch_task *canceller = NULL;
        atomic_store(&gives_up, false);
        soon = by_cancel ? FILCH_NEVER : filch_after(FILCH_US(20 + i % 50));
        filch_task *one = spawn(give_up, shared);
        /* it waits by now, or has given up already */
        UNTIL(filch_event_destroy(&shared->event) || atomic_load(&gives_up));
        filch_task *other = spawn(wait_and_free, shared);
        if (by_cancel)
            canceller = spawn(cancel_it, one);
        else
            compute_until(soon - FILCH_US(2));
        filch_event_set(&shared->event);
        EQ(0, join(one));
        EQ(0, join(other));
        if (canceller)
            EQ(0, join(canceller));
    }
}

TASK_TEST(event_may_be_freed_while_another_waiter_times_out)
{
    free_beside_one_that_gives_up(false);
}

TASK_TEST(event_may_be_freed_while_another_waiter_is_cancelled)
{
    free_beside_one_that_gives_up(true);
}
