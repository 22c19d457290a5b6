/* Groups whose ends, failures, cancels and waits meet in all orders. */
#include "../harness/harness.h"

enum { ROUNDS = UNDER_SANITIZER ? 300 : 2000 };

static atomic_int alive;

/* --- The end of a group's memory ----------------------------------------- */

static int
yield_for_a_while(void *arg)
{
    for (intptr_t n = (intptr_t)arg; n > 0; --n)
        filch_yield();
    return 0;
}

static int
wait_and_free(void *group)
{
    int status = filch_group_wait(group);
    memset(group, 0xa5, sizeof(filch_group));
    free(group);
    return status;
}

TASK_TEST(group_may_be_freed_by_who_was_let_go_on_by_its_last_task)
{
    for (int i = 0; i < ROUNDS; ++i) {
        filch_group *group = calloc(1, sizeof *group);
        for (intptr_t k = 0; k < 4; ++k)
            OK(filch_group_spawn(group, yield_for_a_while, (void *)(k % 2)));
        OK(wait_and_free(group));
    }
}

static int
sleep_long(void *arg)
{
    (void)arg;
    return filch_sleep(FILCH_SEC(3600));
}

TASK_TEST(group_may_be_freed_while_the_cancel_that_ended_it_still_returns)
{
    for (int i = 0; i < ROUNDS; ++i) {
        filch_group *group = calloc(1, sizeof *group);
        for (int k = 0; k < 3; ++k)
            OK(filch_group_spawn(group, sleep_long, NULL));
        filch_task *waiter = spawn(wait_and_free, group);
        for (int k = i % 4; k > 0; --k)
            filch_yield();
        OK(filch_group_cancel(group));
        EQ(0, join(waiter));
    }
}

static int
fail(void *arg)
{
    return (int)(intptr_t)arg;
}

TASK_TEST(group_may_be_freed_while_those_that_failed_in_it_still_end)
{
    for (int i = 0; i < ROUNDS; ++i) {
        filch_group *group = calloc(1, sizeof *group);
        OK(filch_group_spawn(group, sleep_long, NULL));
        for (intptr_t k = 0; k < 3; ++k) {
            int error = filch_group_spawn(group, fail, (void *)EIO);
            CHECK(error == 0 || (k > 0 && error == ECANCELED));
        }
        EQ(EIO, wait_and_free(group));
    }
}

static int
wait_free_and_set(void *arg)
{
    filch_group *group = arg;
    while (filch_group_wait_until(group, filch_after(FILCH_US(30))) ==
           ETIMEDOUT)
        ;
    free(group);
    return 0;
}

static void *
cancel_in_thread(void *arg)
{
    OK(filch_group_cancel(arg));
    return NULL;
}

TASK_TEST(group_may_be_freed_by_an_impatient_waiter_whom_a_thread_let_go_on)
{
    for (int i = 0; i < ROUNDS / 10; ++i) {
        filch_group *group = calloc(1, sizeof *group);
        for (int k = 0; k < 3; ++k)
            OK(filch_group_spawn(group, sleep_long, NULL));
        pthread_t thread = thread_start(cancel_in_thread, group);
        EQ(0, join(spawn(wait_free_and_set, group)));
        thread_join(thread);
    }
}

/* --- A task that ends just as it is cancelled ---------------------------- */

TASK_TEST(group_cancel_meets_tasks_that_just_begin_and_end)
{
    filch_group group = FILCH_GROUP_INIT;
    uint64_t state = test_seed();
    for (int i = 0; i < ROUNDS; ++i) {
        for (int k = 0; k < 6; ++k) {
            void *yields = (void *)(intptr_t)chance(&state, 3);
            OK(filch_group_spawn(&group, yield_for_a_while, yields));
        }
        yield_for_a_while((void *)(intptr_t)chance(&state, 4));
        OK(filch_group_cancel(&group));
        OK(filch_group_wait(&group));
        OK(filch_group_destroy(&group));
    }
}

/* --- Everything ---------------------------------------------------------- */

struct household {
    filch_group group;
    atomic_bool failed;
};

/* What a task of a household does: waits, spawns, fails, cancels. */
static int
live(void *arg)
{
    static atomic_ulong births;
    struct household *household = arg;
    uint64_t state = test_seed() + atomic_fetch_add(&births, 1) * 977;
    int status = 0;
    atomic_fetch_add(&alive, 1);
    for (unsigned i = chance(&state, 4); i > 0 && !status; --i) {
        switch (chance(&state, 12)) {
        case 0:
        case 1:
        case 2:
            status = filch_group_spawn(&household->group, live, household);
            break;
        case 3:
            status = chance(&state, 8) ? 0 : EIO;
            break;
        case 4:
            if (chance(&state, 8) == 0)
                OK(filch_group_cancel(&household->group));
            break;
        case 5:
            OK(filch_cancel(filch_current()));
            break;
        case 6:
            FAILS(EDEADLK, filch_group_wait(&household->group));
            break;
        case 7:
            filch_yield();
            break;
        default:
            status = filch_sleep(FILCH_US(chance(&state, 100)));
        }
    }
    if (status && status != ECANCELED)
        atomic_store(&household->failed, true);
    atomic_fetch_sub(&alive, 1);
    return status;
}

/* Waits for its household until all are gone, however impatiently. */
static int
head_a_household(void *arg)
{
    uint64_t state = test_seed() + (uintptr_t)arg * 31;
    struct household *household = calloc(1, sizeof *household);
    int status, spawned = 0;
    for (unsigned i = chance(&state, 10); i > 0; --i)
        if (filch_group_spawn(&household->group, live, household) == 0)
            ++spawned;
    do {
        filch_time patience = FILCH_US(chance(&state, 300));
        status =
            filch_group_wait_until(&household->group, filch_after(patience));
        if (status == ETIMEDOUT && chance(&state, 10) == 0)
            OK(filch_group_cancel(&household->group));
    } while (status == ETIMEDOUT);
    OK(filch_group_destroy(&household->group));
    EQ(atomic_load(&household->failed), status == EIO);
    CHECK(status == 0 || status == EIO || status == ECANCELED);
    free(household);
    return 0;
}

TASK_TEST(groups_survive_all_that_their_tasks_and_others_do_to_them)
{
    enum { HEADS = 8 };
    filch_group outer = FILCH_GROUP_INIT;
    uint64_t state = test_seed();
    for (int i = 0; i < ROUNDS / 10; ++i) {
        for (intptr_t k = 0; k < HEADS; ++k)
            OK(filch_group_spawn(&outer, head_a_household,
                                 (void *)(i * HEADS + k)));
        if (chance(&state, 2)) {
            OK(filch_sleep(FILCH_US(chance(&state, 400))));
            OK(filch_group_cancel(&outer));
        }
        OK(filch_group_wait(&outer));
        EQ(0, atomic_load(&alive));
    }
    OK(filch_group_destroy(&outer));
}

static int
wait_for_group(void *arg)
{
    return filch_group_wait(arg);
}

TASK_TEST(group_wait_that_is_cancelled_at_any_moment_awaits_the_end)
{
    uint64_t state = test_seed();
    for (int i = 0; i < ROUNDS / 4; ++i) {
        struct household household = {.failed = false};
        for (int k = 0; k < 4; ++k) {
            int error = filch_group_spawn(&household.group, live, &household);
            CHECK(error == 0 || error == ECANCELED);
        }
        filch_task *waiter = spawn(wait_for_group, &household.group);
        if (chance(&state, 2))
            OK(filch_sleep(FILCH_US(chance(&state, 50))));
        OK(filch_cancel(waiter));
        int status = join(waiter);
        EQ(0, atomic_load(&alive));
        OK(filch_group_destroy(&household.group));
        CHECK(status == 0 || status == ECANCELED || status == EIO);
        EQ(atomic_load(&household.failed), status == EIO);
    }
}
