/*
 * A task that has not begun is entered by who joins it. The joiner waits then
 * as in any other join: others may cancel it at any moment.
 */
#include "../harness/harness.h"
#include <malloc.h>
#include <unistd.h>

#define ROUNDS (UNDER_SANITIZER ? 1500 : 15000)

static uint64_t seed;

static int
compute(void *arg)
{
    volatile int left = (int)(intptr_t)arg;
    while (left-- > 0)
        ;
    return 7;
}

static int
yield_once(void *arg)
{
    (void)arg;
    filch_yield();
    return 7;
}

struct joiner {
    atomic_int begun;
    atomic_bool set;   /* before `event` is */
    filch_event event; /* for the wait that comes next */
    int length;
};

/* Joins; a join that was cancelled has left the handle, and the task is joined
 * again. The wait after that is a wait of its own. */
static int
join_one(void *arg)
{
    struct joiner *me = arg;
    filch_task *child;
    int status = 0;
    OK(filch_spawn(&child, me->length ? compute : yield_once,
                   (void *)(intptr_t)me->length));
    atomic_store(&me->begun, 1);
    int error = filch_join(child, &status);
    CHECK(error == 0 || error == ECANCELED);
    filch_shield_begin();
    OK(filch_event_wait(&me->event));
    CHECK(atomic_load(&me->set));
    if (error)
        OK(filch_join(child, &status));
    filch_shield_end();
    EQ(7, status);
    return error;
}

static void *
cancel_soon(void *arg)
{
    filch_task *task = arg;
    uint64_t mine = (uint64_t)(uintptr_t)arg ^ seed;
    for (volatile uint32_t i = chance(&mine, 3000); i > 0; i--)
        ;
    OK(filch_cancel(task));
    return NULL;
}

static void
one_round(bool by_a_thread)
{
    struct joiner joiner = {.event = FILCH_EVENT_INIT};
    filch_task *task;
    joiner.length = (int)chance(&seed, 4) * 400;
    OK(filch_spawn(&task, join_one, &joiner));
    if (by_a_thread) {
        thread_join(thread_start(cancel_soon, task));
    } else {
        filch_yield();
        OK(filch_cancel(task));
    }
    UNTIL(atomic_load(&joiner.begun));
    compute((void *)(intptr_t)chance(&seed, 1000));
    atomic_store(&joiner.set, true);
    filch_event_set(&joiner.event);
    int status = -1;
    OK(filch_join(task, &status));
    CHECK(status == 0 || status == ECANCELED);
}

TASK_TEST(join_of_an_entered_task_can_be_cancelled_by_tasks_at_any_moment)
{
    seed = test_seed();
    for (int i = 0; i < ROUNDS; i++)
        one_round(false);
}

TASK_TEST(join_of_an_entered_task_can_be_cancelled_by_threads_at_any_moment)
{
    seed = test_seed();
    for (int i = 0; i < ROUNDS / 10; i++)
        one_round(true);
}

/* --- A joiner that ends ---------------------------------------------------- */

static atomic_bool inside, over, at_once;
static _Atomic(filch_task *) victim;

static int
compute_inside(void *length)
{
    atomic_store(&inside, true);
    return compute(length);
}

/* One in eight has a stack of its own. */
static int
join_or_leave(void *length)
{
    filch_task *child;
    filch_task_options own = {.stack_size = 256 << 10}, any = {0};
    bool apart = (intptr_t)length % 8 == 0;
    int status = 0;
    OK(filch_spawn_with(&child, compute_inside, length, apart ? &own : &any));
    int error = filch_join(child, &status);
    if (error) {
        EQ(ECANCELED, error);
        filch_task_release(child);
        return error;
    }
    EQ(7, status);
    return 0;
}

/* At once, if that is soon. */
static void
await(atomic_bool *flag)
{
    for (int i = 0; i < 5000 && !atomic_load(flag); i++)
        ;
    UNTIL(atomic_load(flag));
}

static int
cancel_all(void *arg)
{
    (void)arg;
    while (!atomic_load(&over)) {
        filch_task *task = atomic_exchange(&victim, NULL);
        if (task) {
            if (!atomic_load(&at_once))
                await(&inside);
            OK(filch_cancel(task));
            filch_task_release(task);
        }
        filch_yield();
    }
    return 0;
}

/* A joiner is cancelled about when the task that it has entered ends, or in some
 * rounds when it enters it. If the cancel is faster the joiner ends, too, and others
 * have its descriptor. */
TASK_TEST(joiner_that_was_cancelled_may_end_at_once)
{
    seed = test_seed();
    filch_task *canceller = spawn(cancel_all, NULL), *task;
    intptr_t edge = 5000;
    for (int i = 0; i < ROUNDS / 3; i++) {
        int status;
        intptr_t length = edge + (intptr_t)chance(&seed, 4000);
        atomic_store(&inside, false);
        atomic_store(&at_once, chance(&seed, 4) == 0);
        OK(filch_spawn(&task, join_or_leave, (void *)length));
        atomic_store(&victim, filch_task_hold(task));
        OK(filch_join(task, &status));
        CHECK(status == 0 || status == ECANCELED);
        UNTIL(!atomic_load(&victim));
        /* to where about half of them are faster */
        edge += atomic_load(&at_once) ? 0 : status ? -400 : 400;
        edge = edge < 0 ? 0 : edge > 100000 ? 5000 : edge;
    }
    atomic_store(&over, true);
    EQ(0, join(canceller));
}

/* --- Who else is there --------------------------------------------------- */

static int
join_too(void *arg)
{
    int status;
    filch_task *task = arg;
    OK(filch_join(task, &status));
    return status;
}

static int
wait_for_release(void *arg)
{
    OK(filch_event_wait(arg));
    return 7;
}

static void
set(void *event)
{
    filch_event_set(event);
}

TASK_TEST(join_of_an_entered_task_may_have_company)
{
    filch_event event = FILCH_EVENT_INIT;
    filch_task *child, *others[8];
    int status;
    OK(filch_spawn(&child, wait_for_release, &event));
    for (int i = 0; i < 8; i++)
        others[i] = spawn(join_too, filch_task_hold(child));
    OK(filch_call_soon(set, &event));
    OK(filch_join(child, &status));
    EQ(7, status);
    for (int i = 0; i < 8; i++)
        EQ(7, join(others[i]));
}

/* Uses half a megabyte of its stack, and waits there, if there is an event. */
static int
go_deep(void *event)
{
    char volatile room[512 << 10];
    for (size_t at = sizeof room; at > 0; at -= 1024)
        room[at - 1] = 3;
    if (event)
        OK(filch_event_wait(event));
    return room[1023] + room[sizeof room - 1] + 1;
}

TASK_TEST(join_enters_a_task_that_has_a_stack_of_its_own)
{
    filch_task_options options = {.stack_size = 1 << 20};
    for (int i = 0; i < 50; i++) {
        filch_event event = FILCH_EVENT_INIT;
        filch_task *task;
        OK(filch_spawn_with(&task, go_deep, NULL, &options));
        EQ(7, join(task));
        OK(filch_spawn_with(&task, go_deep, &event, &options));
        OK(filch_call_soon(set, &event));
        EQ(7, join(task));
    }
}

/* Two on one worker, of whom one is cancelled before it comes to wait. */
struct pair {
    filch_event event;
    filch_task *child;
};

static int
join_second(void *arg)
{
    struct pair *pair = arg;
    OK(filch_event_wait(&pair->event));
    return join(pair->child);
}

static int
join_in_vain(void *arg)
{
    struct pair *pair = arg;
    filch_task *child;
    OK(filch_spawn(&child, yield_once, NULL));
    pair->child = filch_task_hold(child);
    filch_event_set(&pair->event);
    OK(filch_cancel(filch_current()));
    EQ(ECANCELED, filch_join(child, NULL));
    filch_task_release(child);
    return 0;
}

TASK_TEST(join_that_is_cancelled_already_leaves_the_task_to_another)
{
    for (int i = 0; i < 100; i++) {
        struct pair pair = {.event = FILCH_EVENT_INIT};
        filch_task *second = spawn(join_second, &pair);
        filch_yield();
        EQ(0, join(spawn(join_in_vain, &pair)));
        EQ(7, join(second));
    }
}

/* --- What is left of it --------------------------------------------------- */

static int
end_shielded(void *arg)
{
    (void)arg;
    filch_shield_begin();
    return 7;
}

static int
wait_in_vain(void *event)
{
    return filch_event_wait_until(event, filch_after(FILCH_SEC(20)));
}

/* Those that come later have the descriptors. */
TASK_TEST(shield_of_an_entered_task_ends_with_it)
{
    filch_event never = FILCH_EVENT_INIT;
    for (int i = 0; i < 100; i++)
        EQ(7, join(spawn(end_shielded, NULL)));
    for (int i = 0; i < 100; i++) {
        filch_task *task = spawn(wait_in_vain, &never);
        filch_yield();
        OK(filch_cancel(task));
        EQ(ECANCELED, join(task));
    }
}

/* In bytes: the address space that is in use. */
static size_t
mapped(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%zu", &pages) == 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Whoever else has a handle: the stack on which the joiner left is idle again. */
TASK_TEST(join_of_an_entered_task_keeps_no_stack)
{
    if (UNDER_SANITIZER)
        skip("the sanitizer's own mappings grow");
    mallopt(M_ARENA_MAX, 1); /* malloc's for other threads take 64 MiB each */
    size_t before = 0;
    for (int i = 0; i < 6000; i++) {
        filch_task *task = spawn(compute, (void *)10);
        filch_task_hold(task);
        EQ(7, join(task));
        filch_task_release(task);
        if (i == 1000)
            before = mapped();
    }
    CHECK(mapped() < before + (128 << 20));
}

/* The joiner starves neither what is ready nor a timer. */
static void
note(void *flag)
{
    atomic_store((atomic_bool *)flag, true);
}

static int
yield_until(void *flag)
{
    UNTIL(atomic_load((atomic_bool *)flag));
    return 0;
}

TASK_TEST(join_again_and_again_starves_nobody)
{
    atomic_bool timed = false;
    filch_task *task = spawn(yield_until, &timed), *child;
    OK(filch_call_later(NULL, FILCH_US(100), note, &timed));
    while (!filch_task_done(task)) {
        OK(filch_spawn(&child, compute, NULL));
        OK(filch_join(child, NULL));
    }
    EQ(0, join(task));
}
