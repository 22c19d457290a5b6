#include "../harness/harness.h"

static filch_barrier barrier;

static int
come(void *arg)
{
    return filch_barrier_wait(&barrier, arg);
}

/* --- Meeting ------------------------------------------------------------- */

TEST(barrier_of_no_parties_is_EINVAL)
{
    filch_barrier none = FILCH_BARRIER_INIT(0);
    size_t index = 7;
    FAILS(EINVAL, filch_barrier_init(&barrier, 0));
    FAILS(EINVAL, filch_barrier_wait(&none, &index));
    EQ(7, index);
}

TEST(barrier_of_one_party_never_waits)
{
    filch_barrier one = FILCH_BARRIER_INIT(1);
    size_t index = 99;
    OK(filch_barrier_wait(&one, &index));
    EQ(0, index);
    OK(filch_barrier_wait(&one, NULL));
    OK(filch_barrier_destroy(&one));
}

TEST(barrier_lets_nobody_go_before_all_have_come)
{
    struct crew crew;
    filch_task *tasks[3];
    crew_start(&crew);
    OK(filch_barrier_init(&barrier, 4));
    for (int i = 0; i < 3; ++i) {
        tasks[i] = crew_park(&crew, come, NULL);
        for (int k = 0; k <= i; ++k)
            CHECK(!filch_task_done(tasks[k]));
    }
    OK(filch_barrier_wait(&barrier, NULL));
    for (int i = 0; i < 3; ++i)
        EQ(0, join(tasks[i]));
    OK(filch_barrier_destroy(&barrier));
    crew_stop(&crew);
}

enum { PARTIES = 7, ROUNDS = 100 };
static atomic_int arrivals[ROUNDS], indices[ROUNDS];

static int
meet_often(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; ++i) {
        size_t index;
        atomic_fetch_add(&arrivals[i], 1);
        OK(filch_barrier_wait(&barrier, &index));
        CHECK(index < PARTIES);
        EQ(PARTIES, atomic_load(&arrivals[i]));
        EQ(0, atomic_fetch_or(&indices[i], 1 << index) & (1 << index));
    }
    return 0;
}

TASK_TEST(barrier_meets_again_and_again_and_tells_the_parties_apart)
{
    filch_task *tasks[PARTIES];
    OK(filch_barrier_init(&barrier, PARTIES));
    for (int i = 0; i < PARTIES; ++i)
        tasks[i] = spawn(meet_often, NULL);
    for (int i = 0; i < PARTIES; ++i)
        EQ(0, join(tasks[i]));
    for (int i = 0; i < ROUNDS; ++i)
        EQ((1 << PARTIES) - 1, atomic_load(&indices[i]));
    OK(filch_barrier_destroy(&barrier));
}

static void *
meet_in_thread(void *arg)
{
    meet_often(arg);
    return NULL;
}

TASK_TEST(barrier_joins_tasks_and_plain_threads)
{
    pthread_t threads[PARTIES / 2];
    filch_task *tasks[PARTIES - PARTIES / 2];
    OK(filch_barrier_init(&barrier, PARTIES));
    for (int i = 0; i < PARTIES / 2; ++i)
        threads[i] = thread_start(meet_in_thread, NULL);
    for (int i = 0; i < PARTIES - PARTIES / 2; ++i)
        tasks[i] = spawn(meet_often, NULL);
    for (int i = 0; i < PARTIES - PARTIES / 2; ++i)
        EQ(0, join(tasks[i]));
    for (int i = 0; i < PARTIES / 2; ++i)
        thread_join(threads[i]);
    OK(filch_barrier_destroy(&barrier));
}

/* --- Not coming after all ------------------------------------------------ */

ONE_WORKER_TEST(barrier_does_not_count_who_was_cancelled_or_timed_out)
{
    OK(filch_barrier_init(&barrier, 2));
    filch_task *cancelled = park(come, NULL);
    OK(filch_cancel(cancelled));
    EQ(ECANCELED, join(cancelled));
    FAILS(ETIMEDOUT,
          filch_barrier_wait_until(&barrier, NULL, filch_after(FILCH_MS(1))));
    FAILS(ETIMEDOUT, filch_barrier_wait_until(&barrier, NULL, past()));
    filch_task *task = park(come, NULL);
    CHECK(!filch_task_done(task)); /* it is the first to come */
    OK(filch_barrier_wait(&barrier, NULL));
    EQ(0, join(task));
    OK(filch_barrier_destroy(&barrier));
}

/* --- Breaking ------------------------------------------------------------ */

TEST(barrier_abort_gives_EPIPE_to_who_waits_and_to_who_comes_before_a_reset)
{
    struct crew crew;
    filch_task *tasks[2];
    crew_start(&crew);
    OK(filch_barrier_init(&barrier, 3));
    for (int i = 0; i < 2; ++i)
        tasks[i] = crew_park(&crew, come, NULL);
    OK(filch_barrier_abort(&barrier));
    for (int i = 0; i < 2; ++i)
        EQ(EPIPE, join(tasks[i]));
    FAILS(EPIPE, filch_barrier_wait(&barrier, NULL));
    FAILS(EPIPE, filch_barrier_wait_until(&barrier, NULL, past()));
    OK(filch_barrier_reset(&barrier));
    for (int i = 0; i < 2; ++i)
        tasks[i] = crew_park(&crew, come, NULL);
    OK(filch_barrier_wait(&barrier, NULL));
    for (int i = 0; i < 2; ++i)
        EQ(0, join(tasks[i]));
    OK(filch_barrier_destroy(&barrier));
    crew_stop(&crew);
}

TEST(barrier_reset_gives_EPIPE_to_who_waits_and_makes_it_as_new)
{
    struct crew crew;
    filch_task *tasks[2];
    crew_start(&crew);
    OK(filch_barrier_init(&barrier, 3));
    for (int i = 0; i < 2; ++i)
        tasks[i] = crew_park(&crew, come, NULL);
    OK(filch_barrier_reset(&barrier));
    for (int i = 0; i < 2; ++i)
        EQ(EPIPE, join(tasks[i]));
    for (int i = 0; i < 2; ++i)
        tasks[i] = crew_park(&crew, come, NULL);
    CHECK(!filch_task_done(tasks[0]) && !filch_task_done(tasks[1]));
    OK(filch_barrier_wait(&barrier, NULL));
    for (int i = 0; i < 2; ++i)
        EQ(0, join(tasks[i]));
    OK(filch_barrier_destroy(&barrier));
    crew_stop(&crew);
}

static void
abort_in_callback(void *arg)
{
    OK(filch_barrier_abort(&barrier));
    filch_event_set(arg);
}

TASK_TEST(barrier_may_be_aborted_in_a_callback)
{
    static filch_event returned;
    OK(filch_barrier_init(&barrier, 2));
    OK(filch_call_soon(abort_in_callback, &returned));
    FAILS(EPIPE, filch_barrier_wait(&barrier, NULL));
    OK(filch_event_wait(&returned));
    OK(filch_barrier_destroy(&barrier));
}

TEST(barrier_destroy_is_EBUSY_while_someone_waits)
{
    struct crew crew;
    filch_task *task;
    crew_start(&crew);
    OK(filch_barrier_init(&barrier, 2));
    task = crew_park(&crew, come, NULL);
    FAILS(EBUSY, filch_barrier_destroy(&barrier));
    OK(filch_barrier_wait(&barrier, NULL));
    EQ(0, join(task));
    OK(filch_barrier_destroy(&barrier));
    crew_stop(&crew);
}

/* --- Giving up just then -------------------------------------------------- */

static size_t indexes[3];

static int
come_as(void *arg)
{
    size_t self = (size_t)(uintptr_t)arg;
    return filch_barrier_wait(&barrier, &indexes[self]);
}

ONE_WORKER_TEST(barrier_does_not_count_who_was_cancelled_and_has_not_run_yet)
{
    OK(filch_barrier_init(&barrier, 3));
    filch_task *stays = park(come_as, (void *)0);
    filch_task *leaves = park(come_as, (void *)1);
    OK(filch_cancel(leaves));
    filch_task *third = park(come_as, (void *)2); /* the second that counts */
    EQ(ECANCELED, join(leaves));
    CHECK(!filch_task_done(stays) && !filch_task_done(third));
    OK(filch_barrier_wait(&barrier, &indexes[1]));
    EQ(0, join(stays));
    EQ(0, join(third));
    CHECK(indexes[0] != indexes[1] && indexes[1] != indexes[2] &&
          indexes[0] != indexes[2]);
    OK(filch_barrier_destroy(&barrier));
}

ONE_WORKER_TEST(barrier_abort_makes_no_success_of_a_cancel)
{
    OK(filch_barrier_init(&barrier, 2));
    filch_task *task = park(come_as, (void *)0);
    OK(filch_cancel(task));
    OK(filch_barrier_abort(&barrier));
    EQ(ECANCELED, join(task));
    OK(filch_barrier_destroy(&barrier));
}

/* --- Stress -------------------------------------------------------------- */

static atomic_int met;

/* Comes until it has met the others so often, however often it gave up. */
static int
meet_impatiently(void *arg)
{
    uint64_t state = test_seed() + (uintptr_t)arg;
    for (int meetings = 0; meetings < 50;) {
        filch_time patience = FILCH_US(chance(&state, 1000));
        int status =
            filch_barrier_wait_until(&barrier, NULL, filch_after(patience));
        CHECK(status == 0 || status == ETIMEDOUT);
        if (status == 0) {
            atomic_fetch_add(&met, 1);
            ++meetings;
        }
    }
    return 0;
}

TASK_TEST(barrier_meets_with_everybody_however_often_they_give_up)
{
    filch_task *tasks[4];
    OK(filch_barrier_init(&barrier, 4));
    for (intptr_t i = 0; i < 4; ++i)
        tasks[i] = spawn(meet_impatiently, (void *)i);
    for (int i = 0; i < 4; ++i)
        EQ(0, join(tasks[i]));
    EQ(200, atomic_load(&met));
    OK(filch_barrier_destroy(&barrier));
}
