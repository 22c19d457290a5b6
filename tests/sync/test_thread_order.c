/*
 * Plain threads that wait are served in the order in which they began to wait,
 * among tasks that wait as well.
 */
#include "../harness/harness.h"
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WAITERS = 12 };

static filch_lock lock, fair = FILCH_LOCK_FAIR_INIT;
static filch_condition condition = FILCH_CONDITION_INIT;
static filch_semaphore semaphore;
static filch_queue queue;
static int order[WAITERS];
static atomic_int served;

static void
note(intptr_t number)
{
    order[atomic_fetch_add(&served, 1)] = (int)number;
}

/* --- A thread of which is known that it waits ---------------------------- */

struct waiter {
    filch_fn body;
    intptr_t number;
    atomic_int tid;
    pthread_t thread;
    filch_task *task; /* or else a thread */
};

static void *
wait_in_thread(void *arg)
{
    struct waiter *waiter = arg;
    atomic_store(&waiter->tid, (int)syscall(SYS_gettid));
    EQ(0, waiter->body((void *)waiter->number));
    return NULL;
}

/* Whether the thread is in the system call by which filch waits. */
static bool
waits(int tid)
{
    char path[64];
    long number = -1;
    unsigned long word, operation = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    FILE *file = fopen(path, "r");
    if (!file)
        skip("this kernel does not say what a thread is at");
    int n = fscanf(file, "%ld %lx %lx", &number, &word, &operation);
    fclose(file);
    return n == 3 && number == SYS_futex &&
           operation == (FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG);
}

static void
begin_to_wait(struct waiter *waiter, struct crew *crew)
{
    if (waiter->number % 3 == 2) {
        waiter->task = crew_park(crew, waiter->body, (void *)waiter->number);
        return;
    }
    waiter->thread = thread_start(wait_in_thread, waiter);
    UNTIL(atomic_load(&waiter->tid) != 0);
    UNTIL(waits(atomic_load(&waiter->tid)));
}

static void
end_of(struct waiter *waiter)
{
    if (waiter->task)
        EQ(0, join(waiter->task));
    else
        thread_join(waiter->thread);
}

/* Has all of them wait, lets go on one after the other, looks at the order. */
static void
are_served_in_order(filch_fn body, void (*let_go)(int served_before))
{
    static struct waiter waiters[WAITERS];
    struct crew crew;
    crew_start(&crew);
    for (int i = 0; i < WAITERS; ++i) {
        waiters[i].body = body;
        waiters[i].number = i;
        begin_to_wait(&waiters[i], &crew);
    }
    EQ(0, atomic_load(&served));
    for (int i = 0; i < WAITERS; ++i) {
        let_go(i);
        UNTIL(atomic_load(&served) > i);
    }
    for (int i = 0; i < WAITERS; ++i)
        end_of(&waiters[i]);
    for (int i = 0; i < WAITERS; ++i)
        EQ(i, order[i]);
    crew_stop(&crew);
}

/* --- Each noun ----------------------------------------------------------- */

static int
acquire_permit(void *arg)
{
    int status = filch_semaphore_acquire(&semaphore);
    note((intptr_t)arg);
    return status;
}

static void
release_permit(int i)
{
    (void)i;
    OK(filch_semaphore_release(&semaphore, 1));
}

TEST(semaphore_serves_plain_threads_that_wait_in_the_order_of_their_coming)
{
    are_served_in_order(acquire_permit, release_permit);
}

static int
get_item(void *arg)
{
    void *item;
    int status = filch_queue_get(&queue, &item);
    EQ((intptr_t)arg, (intptr_t)item);
    note((intptr_t)arg);
    return status;
}

static void
put_number(int i)
{
    OK(filch_queue_put_nowait(&queue, (void *)(intptr_t)i));
}

TEST(queue_serves_plain_threads_that_wait_for_items_in_their_order)
{
    are_served_in_order(get_item, put_number);
    OK(filch_queue_destroy(&queue));
}

static int
put_item(void *arg)
{
    int status = filch_queue_put(&queue, arg);
    note((intptr_t)arg);
    return status;
}

static void
get_number(int i)
{
    void *item; /* of who was served before; at first the one put below */
    OK(filch_queue_get_nowait(&queue, &item));
    EQ(i - 1, (intptr_t)item);
}

TEST(queue_serves_plain_threads_that_wait_for_slots_in_their_order)
{
    OK(filch_queue_init(&queue, 1));
    OK(filch_queue_put(&queue, (void *)(intptr_t)-1));
    are_served_in_order(put_item, get_number);
    OK(filch_queue_destroy(&queue));
}

static int
hold_condition(void *arg)
{
    OK(filch_condition_acquire(&condition));
    int status = filch_condition_wait(&condition);
    note((intptr_t)arg);
    OK(filch_condition_release(&condition));
    return status;
}

static void
notify_one(int i)
{
    (void)i;
    OK(filch_condition_acquire(&condition));
    OK(filch_condition_notify(&condition, 1));
    OK(filch_condition_release(&condition));
}

TEST(condition_notifies_plain_threads_that_wait_in_the_order_of_their_coming)
{
    are_served_in_order(hold_condition, notify_one);
}

static void
notify_all_at_once(int i)
{
    if (i > 0)
        return;
    OK(filch_condition_acquire(&condition));
    OK(filch_condition_notify_all(&condition));
    OK(filch_condition_release(&condition));
}

TEST(condition_gives_plain_threads_its_lock_again_in_the_order_they_waited)
{
    are_served_in_order(hold_condition, notify_all_at_once);
}

static int
hold_fair(void *arg)
{
    int status = filch_lock_acquire(&fair);
    note((intptr_t)arg);
    OK(filch_lock_release(&fair));
    return status;
}

/* Each of them lets the next one go on. */
static void
release_fair_once(int i)
{
    if (i == 0)
        OK(filch_lock_release(&fair));
}

TEST(lock_that_is_fair_serves_plain_threads_in_the_order_of_their_coming)
{
    OK(filch_lock_acquire(&fair));
    are_served_in_order(hold_fair, release_fair_once);
}

static int
hold(void *arg)
{
    int status = filch_lock_acquire(&lock);
    note((intptr_t)arg);
    OK(filch_lock_release(&lock));
    return status;
}

static void
release_once(int i)
{
    if (i == 0)
        OK(filch_lock_release(&lock));
}

TEST(lock_that_nobody_else_wants_serves_those_who_wait_in_their_order)
{
    OK(filch_lock_acquire(&lock));
    are_served_in_order(hold, release_once);
}
