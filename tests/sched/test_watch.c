/* What a watch leaves behind that is mostly back at once, and then is not. */
#include "../harness/harness.h"
#include <unistd.h>

enum { ROUNDS = UNDER_SANITIZER ? 20 : 100, NAPS = 10 };

/* The watch leaves for a timer, and is back at once: it learns to wake nobody. */
static void
be_brief(void)
{
    for (int i = 0; i < NAPS; ++i)
        OK(filch_sleep(FILCH_US(100)));
}

static void
compute_until_set(atomic_bool *flag)
{
    while (!atomic_load(flag))
        sched_yield();
}

static int
set_flag(void *arg)
{
    atomic_store((atomic_bool *)arg, true);
    return 0;
}

static void
set_in_callback(void *arg)
{
    set_flag(arg);
}

static void
need_another_worker(void)
{
    if (test_workers() == 1)
        skip("one worker: nobody else is there");
}

TASK_TEST(what_a_task_spawns_that_then_computes_is_taken_by_another_worker)
{
    need_another_worker();
    for (int i = 0; i < ROUNDS; ++i) {
        atomic_bool begun = false;
        be_brief();
        filch_task *task = spawn(set_flag, &begun);
        compute_until_set(&begun);
        EQ(0, join(task));
    }
}

TASK_TEST(timer_that_a_task_arms_that_then_computes_goes_off)
{
    need_another_worker();
    for (int i = 0; i < ROUNDS; ++i) {
        atomic_bool gone_off = false;
        be_brief();
        OK(filch_call_later(NULL, FILCH_US(20 * i), set_in_callback,
                            &gone_off));
        compute_until_set(&gone_off);
    }
}

static atomic_bool stop;

static int
be_brief_until_told(void *arg)
{
    while (!atomic_load(&stop))
        be_brief();
    return arg != NULL;
}

static int
compute_until_next(void *arg)
{
    atomic_bool *flags = arg;
    atomic_store(&flags[0], true);
    compute_until_set(&flags[1]);
    return 0;
}

/* The second is submitted when a worker has the first, and is busy with it. */
TEST(what_a_thread_submits_is_taken_while_a_task_computes)
{
    filch_runtime *runtime;
    filch_config config = {.workers = test_workers()};
    need_another_worker();
    OK(filch_start(&runtime, &config));
    filch_task *naps, *first, *second;
    OK(filch_submit(runtime, &naps, be_brief_until_told, NULL));
    for (int i = 0; i < ROUNDS; ++i) {
        atomic_bool flags[2] = {false, false};
        OK(filch_submit(runtime, &first, compute_until_next, flags));
        compute_until_set(&flags[0]);
        OK(filch_submit(runtime, &second, set_flag, &flags[1]));
        EQ(0, join(second));
        EQ(0, join(first));
    }
    atomic_store(&stop, true);
    EQ(0, join(naps));
    OK(filch_stop(runtime));
}

/* --- What comes and goes between two looks --------------------------------- */

struct slicer {
    filch_semaphore go;
    pid_t thread; /* that ran its last slice */
};

static filch_semaphore done;
static filch_time slice;
static bool over;

static int
run_slices(void *arg)
{
    struct slicer *self = arg;
    for (;;) {
        OK(filch_semaphore_acquire(&self->go));
        if (over)
            return 0;
        self->thread = gettid();
        compute_until(filch_after(slice));
        OK(filch_semaphore_release(&done, 1));
    }
}

/* Both are woken here, so the second waits until the first is through with its
 * slice: much shorter than a nap, and longer, at last, than what waits is left alone,
 * which is the longer the more a theft costs. */
TASK_TEST(what_waits_for_shorter_than_a_nap_is_taken_at_last)
{
    static struct slicer slicers[2];
    filch_task *tasks[2];
    bool apart = false;
    need_another_worker();
    OK(filch_semaphore_init(&done, 0));
    for (int i = 0; i < 2; ++i) {
        OK(filch_semaphore_init(&slicers[i].go, 0));
        tasks[i] = park(run_slices, &slicers[i]);
    }
    compute_until(filch_after(FILCH_MS(5))); /* the watch takes naps by then */
    for (int round = 0; round < 8000 && !apart; ++round) {
        slice = FILCH_US(30) << round / 2000;
        OK(filch_semaphore_release(&slicers[0].go, 1));
        OK(filch_semaphore_release(&slicers[1].go, 1));
        OK(filch_semaphore_acquire(&done));
        OK(filch_semaphore_acquire(&done));
        apart = slicers[0].thread != slicers[1].thread;
    }
    over = true;
    for (int i = 0; i < 2; ++i) {
        OK(filch_semaphore_release(&slicers[i].go, 1));
        EQ(0, join(tasks[i]));
    }
    CHECK(apart);
}
