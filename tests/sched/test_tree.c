/* Tasks that make tasks: how many are under way at once. */
#include "../harness/harness.h"
#include "sched/worker.h"

/* --- A tree of tasks ------------------------------------------------------ */

static atomic_int under_way, most_under_way;
static bool chores; /* are due at each turn */

/* A timer seems due as well: a join goes to the loop. Only the worker itself looks at
 * poll_mask, of which no sanitizer is told. */
__attribute__((no_sanitize("thread"))) static void
make_chores_due(void)
{
    fl_worker *worker = fl_me()->worker;
    worker->poll_mask = 0;
    fl_store_relaxed(&worker->timers->early, (uint64_t)0);
}

static int
grow_tree(void *arg)
{
    uintptr_t depth = (uintptr_t)arg;
    filch_task *task;
    if (chores)
        make_chores_due();
    if (depth == 0)
        return 0;
    int now = atomic_fetch_add(&under_way, 1) + 1;
    if (now > atomic_load(&most_under_way))
        atomic_store(&most_under_way, now);
    OK(filch_spawn(&task, grow_tree, (void *)(depth - 1)));
    EQ(0, grow_tree((void *)(depth > 1 ? depth - 2 : 0)));
    EQ(0, join(task));
    atomic_fetch_sub(&under_way, 1);
    return 0;
}

/* Some 20 in a row, and a strand of its own for each of its oldest parts that
 * is begun between: if that is done often, they are thousands. */
ONE_WORKER_TEST(tree_of_tasks_has_few_of_them_under_way_at_once)
{
    EQ(0, grow_tree((void *)(uintptr_t)(UNDER_SANITIZER ? 20 : 24)));
    CHECK(in_chaos() || atomic_load(&most_under_way) < 600);
}

/* As where each takes longer than half a millisecond: 80, where 3,300 were. */
ONE_WORKER_TEST(tree_of_slow_tasks_has_few_of_them_under_way_at_once)
{
    chores = true;
    EQ(0, grow_tree((void *)(uintptr_t)20));
    CHECK(in_chaos() || atomic_load(&most_under_way) < 300);
}

static filch_queue there, back;

static int
return_all(void *arg)
{
    void *item;
    while (filch_queue_get(&there, &item) == 0)
        if (filch_queue_put(&back, item))
            break; /* it is shut down */
    return arg != NULL;
}

static int
send_again(void *arg)
{
    void *item;
    OK(filch_queue_put(&there, &there));
    while (filch_queue_get(&back, &item) == 0)
        if (filch_queue_put(&there, item))
            break; /* it is shut down */
    return arg != NULL;
}

/* Where the ring is never empty the oldest parts are begun more often; but not
 * the more, the more there are of them. */
ONE_WORKER_TEST(tree_beside_two_that_wake_each_other_has_few_under_way_at_once)
{
    OK(filch_queue_init(&there, 1));
    OK(filch_queue_init(&back, 1));
    filch_task *one = spawn(return_all, NULL), *other = spawn(send_again, NULL);
    EQ(0, grow_tree((void *)(uintptr_t)20));
    CHECK(in_chaos() || atomic_load(&most_under_way) < 6000); /* of 17,710 */
    filch_queue_shutdown(&there, true);
    filch_queue_shutdown(&back, true);
    EQ(0, join(one));
    EQ(0, join(other));
    OK(filch_queue_destroy(&there));
    OK(filch_queue_destroy(&back));
}

/* --- Tasks that wake each other without end, and spawn -------------------- */

enum { HANDED = UNDER_SANITIZER ? 100000 : 300000 };

static filch_queue handed;
static atomic_int unhandled;

static int
handle(void *arg)
{
    atomic_fetch_sub(&unhandled, 1);
    return arg != NULL;
}

static int
hand_over(void *arg)
{
    for (int i = 0; i < HANDED; ++i)
        OK(filch_queue_put(&handed, arg));
    filch_queue_shutdown(&handed, false);
    return 0;
}

ONE_WORKER_TEST(spawned_tasks_begin_beside_two_that_wake_each_other_without_end)
{
    void *item;
    int most = 0;
    OK(filch_queue_init(&handed, 64));
    filch_task *producer = spawn(hand_over, NULL);
    while (filch_queue_get(&handed, &item) == 0) {
        int now = atomic_fetch_add(&unhandled, 1) + 1;
        most = now > most ? now : most;
        OK(filch_spawn(NULL, handle, NULL));
    }
    EQ(0, join(producer));
    CHECK(in_chaos() || most < HANDED / 4);
    OK(filch_queue_destroy(&handed));
}

/* --- Two that wake each other, with much to do each time ------------------ */

enum { SLOTS = 64 };
static filch_queue bulk;
static filch_time each_takes;
static atomic_int consumed, before_second;

/* Of two consumers, of whom the second was handed an item while the first had
 * the next slot. */
static int
consume(void *arg)
{
    int second = 0;
    void *item;
    while (filch_queue_get(&bulk, &item) == 0) {
        int before = atomic_fetch_add(&consumed, 1);
        if (arg && second++ == 0)
            atomic_store(&before_second, before);
        if (each_takes)
            compute_until(filch_after(each_takes));
    }
    return 0;
}

static void
put_many(int n)
{
    for (int i = 0; i < n; ++i)
        OK(filch_queue_put(&bulk, &bulk));
}

/* How many were consumed before the second came to it; 100 rounds before that
 * the first is alone, if it is so. */
static int
wait_of_second(filch_time takes)
{
    each_takes = takes;
    OK(filch_queue_init(&bulk, SLOTS));
    filch_task *first = spawn(consume, NULL);
    filch_yield();
    if (takes)
        put_many(100 * SLOTS);
    UNTIL(filch_queue_empty(&bulk));
    int alone = atomic_load(&consumed);
    filch_task *second = spawn(consume, &bulk);
    filch_yield();
    put_many(100 * SLOTS);
    OK(filch_queue_shutdown(&bulk, false));
    EQ(0, join(first));
    EQ(0, join(second));
    EQ(takes ? 200 * SLOTS : 100 * SLOTS, atomic_load(&consumed));
    OK(filch_queue_destroy(&bulk));
    return atomic_load(&before_second) - alone;
}

ONE_WORKER_TEST(
    woken_task_waits_for_few_turns_of_two_that_fill_and_drain_a_queue)
{
    int n = wait_of_second(0);
    CHECK(in_chaos() || n <= 10 * SLOTS);
}

ONE_WORKER_TEST(woken_task_waits_for_fewer_such_turns_where_they_are_long)
{
    int n = wait_of_second(FILCH_US(3));
    CHECK(in_chaos() || n <= 4 * SLOTS);
}
