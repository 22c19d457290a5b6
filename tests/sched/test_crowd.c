/* More tasks that may run than a worker's ring holds, which is 1,024, and what
 * comes to them from elsewhere. */
#include "../harness/harness.h"

enum { MOST = 1100 };

static atomic_int turns;
static atomic_bool over;
static atomic_int turns_of[MOST];

static int
yield_until_over(void *arg)
{
    atomic_int *mine = arg;
    while (!atomic_load(&over)) {
        atomic_fetch_add(mine, 1);
        atomic_fetch_add(&turns, 1);
        filch_yield();
    }
    return 0;
}

static int
fewest(int n)
{
    int least = atomic_load(&turns_of[0]);
    for (int i = 1; i < n; ++i) {
        int one = atomic_load(&turns_of[i]);
        least = one < least ? one : least;
    }
    return least;
}

static void
let_each_have(int tasks, int turns_each)
{
    while (fewest(tasks) < turns_each)
        filch_yield();
}

static void
begin(int tasks)
{
    for (int i = 0; i < tasks; ++i)
        OK(filch_spawn(NULL, yield_until_over, &turns_of[i]));
    let_each_have(tasks, 1);
}

/* Those for which there is no room come in one by one, at every 64th turn. */
ONE_WORKER_TEST(more_tasks_yield_than_there_is_room_for_and_all_have_turns)
{
    begin(MOST);
    int before = atomic_load(&turns);
    let_each_have(MOST, 4);
    CHECK(atomic_load(&turns) - before < 40000);
    atomic_store(&over, true);
}

enum { SUBMITS = 20 };
static atomic_int ran_at;

static int
note_turn(void *arg)
{
    atomic_store(&ran_at, atomic_load(&turns));
    return (int)(intptr_t)arg;
}

static void *
submit_one_by_one(void *runtime)
{
    for (int i = 0; i < SUBMITS; ++i) {
        filch_task *task;
        OK(filch_submit(runtime, &task, note_turn, NULL));
        int at = atomic_load(&turns);
        EQ(0, join(task));
        CHECK(atomic_load(&ran_at) - at < 200);
    }
    atomic_store(&over, true);
    return NULL;
}

ONE_WORKER_TEST(submitted_task_does_not_wait_for_all_that_yield)
{
    begin(800);
    pthread_t thread = thread_start(submit_one_by_one, filch_runtime_current());
    while (!atomic_load(&over))
        filch_yield();
    thread_join(thread);
}
