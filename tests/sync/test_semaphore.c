#include "../harness/harness.h"

static filch_semaphore semaphore; /* zeroed: no permits, no bound */
static int order[100];
static atomic_int taken;

static int
acquire(void *arg)
{
    int status = filch_semaphore_acquire(&semaphore);
    if (status == 0)
        order[atomic_fetch_add(&taken, 1)] = (int)(intptr_t)arg;
    return status;
}

/* --- Permits ------------------------------------------------------------- */

TEST(semaphore_has_the_permits_that_it_was_made_with)
{
    filch_semaphore made, initialised = FILCH_SEMAPHORE_INIT(3);
    memset(&made, 0xff, sizeof made);
    OK(filch_semaphore_init(&made, 3));
    OK(filch_semaphore_init_bounded(&semaphore, 3));
    filch_semaphore *all[] = {&made, &initialised, &semaphore};
    for (int i = 0; i < 3; ++i) {
        for (size_t left = 3; left > 0; --left) {
            EQ(left, filch_semaphore_value(all[i]));
            OK(filch_semaphore_acquire(all[i]));
        }
        EQ(0, filch_semaphore_value(all[i]));
        FAILS(ETIMEDOUT, filch_semaphore_acquire_until(all[i], past()));
        OK(filch_semaphore_destroy(all[i]));
    }
}

TEST(semaphore_try_acquire_takes_a_permit_or_is_EAGAIN)
{
    OK(filch_semaphore_init(&semaphore, 1));
    OK(filch_semaphore_try_acquire(&semaphore));
    FAILS(EAGAIN, filch_semaphore_try_acquire(&semaphore));
    OK(filch_semaphore_release(&semaphore, 1));
    OK(filch_semaphore_try_acquire(&semaphore));
}

TEST(semaphore_release_gives_n_permits)
{
    OK(filch_semaphore_release(&semaphore, 5));
    EQ(5, filch_semaphore_value(&semaphore));
    OK(filch_semaphore_release(&semaphore, 0));
    EQ(5, filch_semaphore_value(&semaphore));
}

TEST(semaphore_that_is_bounded_gives_EOVERFLOW_past_its_bound_and_no_permit)
{
    OK(filch_semaphore_init_bounded(&semaphore, 3));
    FAILS(EOVERFLOW, filch_semaphore_release(&semaphore, 1));
    OK(filch_semaphore_acquire(&semaphore));
    OK(filch_semaphore_acquire(&semaphore));
    FAILS(EOVERFLOW, filch_semaphore_release(&semaphore, 3));
    FAILS(EOVERFLOW, filch_semaphore_release(&semaphore, SIZE_MAX));
    EQ(1, filch_semaphore_value(&semaphore));
    OK(filch_semaphore_release(&semaphore, 2));
    EQ(3, filch_semaphore_value(&semaphore));
}

TEST(semaphore_without_a_bound_gives_EOVERFLOW_past_a_size_t_and_no_permit)
{
    OK(filch_semaphore_init(&semaphore, 2));
    FAILS(EOVERFLOW, filch_semaphore_release(&semaphore, SIZE_MAX - 1));
    EQ(2, filch_semaphore_value(&semaphore));
    OK(filch_semaphore_release(&semaphore, SIZE_MAX / 4));
    EQ(2 + SIZE_MAX / 4, filch_semaphore_value(&semaphore));
}

/* --- Waiting ------------------------------------------------------------- */

TEST(semaphore_serves_those_who_wait_in_the_order_of_their_coming)
{
    enum { TASKS = 30 };
    struct crew crew;
    filch_task *tasks[TASKS];
    crew_start(&crew);
    for (intptr_t i = 0; i < TASKS; ++i)
        tasks[i] = crew_park(&crew, acquire, (void *)i);
    for (int i = 0; i < TASKS; ++i) {
        OK(filch_semaphore_release(&semaphore, 1));
        EQ(0, join(tasks[i]));
        EQ(i, order[i]);
        EQ(i + 1, atomic_load(&taken));
    }
    crew_stop(&crew);
}

TEST(semaphore_gives_permits_first_to_those_who_wait_and_keeps_the_rest)
{
    struct crew crew;
    filch_task *tasks[4];
    crew_start(&crew);
    OK(filch_semaphore_init_bounded(&semaphore, 4));
    for (int i = 0; i < 4; ++i)
        OK(filch_semaphore_acquire(&semaphore));
    for (intptr_t i = 0; i < 4; ++i)
        tasks[i] = crew_park(&crew, acquire, (void *)i);
    OK(filch_semaphore_release(&semaphore, 2));
    EQ(0, filch_semaphore_value(&semaphore));
    EQ(0, join(tasks[0]));
    EQ(0, join(tasks[1]));
    EQ(2, atomic_load(&taken));
    CHECK(!filch_task_done(tasks[2]) && !filch_task_done(tasks[3]));
    /* The bound is on what can be had, not on what is handed out; but no
     * more than it is given at once. */
    FAILS(EOVERFLOW, filch_semaphore_release(&semaphore, 5));
    CHECK(!filch_task_done(tasks[2]) && !filch_task_done(tasks[3]));
    EQ(0, filch_semaphore_value(&semaphore));
    OK(filch_semaphore_release(&semaphore, 4));
    EQ(2, filch_semaphore_value(&semaphore));
    EQ(0, join(tasks[2]));
    EQ(0, join(tasks[3]));
    crew_stop(&crew);
}

TEST(semaphore_try_acquire_does_not_overtake_those_who_wait)
{
    struct crew crew;
    filch_task *task;
    crew_start(&crew);
    task = crew_park(&crew, acquire, NULL);
    OK(filch_semaphore_release(&semaphore, 1));
    FAILS(EAGAIN, filch_semaphore_try_acquire(&semaphore));
    EQ(0, join(task));
    crew_stop(&crew);
}

ONE_WORKER_TEST(semaphore_passes_over_those_cancelled)
{
    filch_task *tasks[4];
    for (intptr_t i = 0; i < 4; ++i)
        tasks[i] = park(acquire, (void *)i);
    OK(filch_cancel(tasks[0]));
    OK(filch_cancel(tasks[2]));
    OK(filch_semaphore_release(&semaphore, 3));
    EQ(ECANCELED, join(tasks[0]));
    EQ(0, join(tasks[1]));
    EQ(ECANCELED, join(tasks[2]));
    EQ(0, join(tasks[3]));
    EQ(1, filch_semaphore_value(&semaphore));
}

TEST(semaphore_destroy_is_EBUSY_while_someone_waits)
{
    struct crew crew;
    filch_task *task;
    crew_start(&crew);
    task = crew_park(&crew, acquire, NULL);
    FAILS(EBUSY, filch_semaphore_destroy(&semaphore));
    OK(filch_semaphore_release(&semaphore, 1));
    EQ(0, join(task));
    OK(filch_semaphore_destroy(&semaphore));
    crew_stop(&crew);
}

static void
release_in_callback(void *arg)
{
    OK(filch_semaphore_release(arg, 1));
}

static void *
release_in_thread(void *arg)
{
    OK(filch_semaphore_release(arg, 1));
    return NULL;
}

TASK_TEST(semaphore_may_be_released_in_a_callback_and_by_a_plain_thread)
{
    OK(filch_call_soon(release_in_callback, &semaphore));
    OK(filch_semaphore_acquire(&semaphore));
    pthread_t thread = thread_start(release_in_thread, &semaphore);
    OK(filch_semaphore_acquire(&semaphore));
    thread_join(thread);
}

/* --- The end, and stress ------------------------------------------------- */

static int
acquire_and_free(void *arg)
{
    int status = filch_semaphore_acquire(arg);
    free(arg);
    return status;
}

TASK_TEST(semaphore_may_be_freed_by_whom_release_let_go_on)
{
    for (int i = 0; i < (UNDER_SANITIZER ? 1000 : 5000); ++i) {
        filch_semaphore *one = calloc(1, sizeof *one);
        filch_task *task = spawn(acquire_and_free, one);
        if (i % 2)
            filch_yield();
        OK(filch_semaphore_release(one, 1));
        EQ(0, join(task));
    }
}

enum { PERMITS = 3 };
static atomic_int inside;

static int
come_and_go(void *arg)
{
    uint64_t state = test_seed() + (uintptr_t)arg;
    int status = 0;
    for (int i = 0; i < 300 && status != ECANCELED; ++i) {
        filch_time patience = FILCH_US(chance(&state, 50));
        status = chance(&state, 2) ? filch_semaphore_acquire(&semaphore)
                                   : filch_semaphore_acquire_until(
                                         &semaphore, filch_after(patience));
        if (status)
            continue;
        CHECK(atomic_fetch_add(&inside, 1) < PERMITS);
        if (chance(&state, 10) == 0)
            filch_yield();
        atomic_fetch_sub(&inside, 1);
        OK(filch_semaphore_release(&semaphore, 1));
    }
    return status == ECANCELED ? ECANCELED : 0;
}

TASK_TEST(semaphore_has_all_its_permits_in_the_end_whoever_gave_up)
{
    enum { TASKS = 30 };
    filch_task *tasks[TASKS];
    uint64_t state = test_seed();
    OK(filch_semaphore_init_bounded(&semaphore, PERMITS));
    for (intptr_t i = 0; i < TASKS; ++i)
        tasks[i] = spawn(come_and_go, (void *)i);
    for (int i = 0; i < TASKS / 2; ++i) {
        OK(filch_sleep(FILCH_US(chance(&state, 200))));
        OK(filch_cancel(tasks[chance(&state, TASKS)]));
    }
    for (int i = 0; i < TASKS; ++i) {
        int status = join(tasks[i]);
        CHECK(status == 0 || status == ECANCELED);
    }
    EQ(PERMITS, filch_semaphore_value(&semaphore));
    OK(filch_semaphore_destroy(&semaphore));
}
