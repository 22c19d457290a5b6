#include "../harness/harness.h"

static filch_event event; /* zeroed: not set, nobody waits */
static int order[3000];
static atomic_int woken;

static int
wait_for_event(void *arg)
{
    (void)arg;
    return filch_event_wait(&event);
}

/* --- The flag ------------------------------------------------------------ */

TEST(event_starts_not_set)
{
    filch_event made, initialised = FILCH_EVENT_INIT;
    memset(&made, 0xff, sizeof made);
    OK(filch_event_init(&made));
    CHECK(!filch_event_is_set(&made));
    CHECK(!filch_event_is_set(&initialised));
    CHECK(!filch_event_is_set(&event));
    FAILS(ETIMEDOUT, filch_event_wait_until(&made, past()));
    FAILS(ETIMEDOUT, filch_event_wait_until(&initialised, past()));
    FAILS(ETIMEDOUT, filch_event_wait_until(&event, past()));
}

TEST(event_is_set_from_set_until_clear)
{
    filch_event_set(&event);
    CHECK(filch_event_is_set(&event));
    filch_event_set(&event);
    CHECK(filch_event_is_set(&event));
    filch_event_clear(&event);
    CHECK(!filch_event_is_set(&event));
    filch_event_clear(&event);
    CHECK(!filch_event_is_set(&event));
}

TEST(event_wait_returns_at_once_where_it_is_set_as_often_as_one_likes)
{
    filch_event_set(&event);
    OK(filch_event_wait(&event));
    OK(filch_event_wait(&event));
    CHECK(filch_event_is_set(&event));
}

TEST(event_destroy_gives_the_memory_back)
{
    filch_event_set(&event);
    OK(filch_event_destroy(&event));
}

/* --- Waking -------------------------------------------------------------- */

TASK_TEST(event_set_wakes_all_who_wait)
{
    enum { TASKS = 200 };
    filch_task *tasks[TASKS];
    for (int i = 0; i < TASKS; ++i)
        tasks[i] = spawn(wait_for_event, NULL);
    filch_yield(); /* some wait, others come later: all must go on */
    filch_event_set(&event);
    for (int i = 0; i < TASKS; ++i)
        EQ(0, join(tasks[i]));
}

static int
note_when_woken(void *arg)
{
    int status = filch_event_wait(&event);
    order[atomic_fetch_add(&woken, 1)] = (int)(intptr_t)arg;
    return status;
}

ONE_WORKER_TEST(event_wakes_in_the_order_in_which_they_began_to_wait)
{
    enum { TASKS = 100 };
    filch_task *tasks[TASKS];
    for (intptr_t i = 0; i < TASKS; ++i)
        tasks[i] = park(note_when_woken, (void *)i);
    filch_event_set(&event);
    for (int i = 0; i < TASKS; ++i)
        EQ(0, join(tasks[i]));
    for (int i = 0; i < TASKS; ++i)
        EQ(i, order[i]);
}

static filch_semaphore ping, pong;

static int
echo(void *arg)
{
    int status;
    while ((status = filch_semaphore_acquire(&ping)) == 0)
        OK(filch_semaphore_release(&pong, 1));
    return arg ? 0 : status;
}

/* A task that is woken has the next turn at once, but not more than 16 times in a
 * row: the setter stands at each place of that count. */
ONE_WORKER_TEST(event_wakes_in_that_order_however_often_its_setter_was_woken)
{
    filch_task *tasks[3];
    OK(filch_semaphore_init(&ping, 0));
    OK(filch_semaphore_init(&pong, 0));
    filch_task *other = spawn(echo, NULL);
    for (int times = 0; times < 40; ++times) {
        for (intptr_t i = 0; i < 3; ++i)
            tasks[i] = park(note_when_woken, (void *)i);
        for (int i = 0; i < times; ++i) {
            OK(filch_semaphore_release(&ping, 1));
            OK(filch_semaphore_acquire(&pong));
        }
        atomic_store(&woken, 0);
        filch_event_set(&event);
        for (int i = 0; i < 3; ++i)
            EQ(0, join(tasks[i]));
        for (int i = 0; i < 3; ++i)
            EQ(i, order[i]);
        filch_event_clear(&event);
    }
    OK(filch_cancel(other));
    EQ(ECANCELED, join(other));
}

/* Most do not fit into what a worker has for those who may run. */
enum { THOUSANDS = UNDER_TSAN ? 1000 : 3000 };
static filch_task *thousands[THOUSANDS];

static void
wake_thousands(void)
{
    for (intptr_t i = 0; i < THOUSANDS; ++i)
        thousands[i] = park(note_when_woken, (void *)i);
    filch_event_set(&event);
}

static void
expect_their_order(void)
{
    for (int i = 0; i < THOUSANDS; ++i)
        EQ(0, join(thousands[i]));
    for (int i = 0; i < THOUSANDS; ++i)
        EQ(i, order[i]);
}

ONE_WORKER_TEST(event_wakes_thousands_in_that_order)
{
    wake_thousands();
    expect_their_order();
}

/* Of a crowd that comes by the common queue one of the last lets another crowd go
 * on, just before, as or after that queue is empty. */
static filch_event first_event;
static int setter;

static int
wait_and_set_if_chosen(void *arg)
{
    OK(filch_event_wait(&first_event));
    if ((intptr_t)arg == setter)
        filch_event_set(&event);
    return 0;
}

ONE_WORKER_TEST(event_wakes_in_that_order_behind_what_others_have_woken)
{
    enum { BEFORE = 600, BEHIND = 1000 };
    filch_task *before[BEFORE], *behind[BEHIND];
    for (setter = BEFORE - 120; setter < BEFORE;
         setter += UNDER_TSAN ? 39 : 3) {
        for (intptr_t i = 0; i < BEHIND; ++i)
            behind[i] = park(note_when_woken, (void *)i);
        for (intptr_t i = 0; i < BEFORE; ++i)
            before[i] = park(wait_and_set_if_chosen, (void *)i);
        atomic_store(&woken, 0);
        filch_event_set(&first_event);
        for (int i = 0; i < BEFORE; ++i)
            EQ(0, join(before[i]));
        for (int i = 0; i < BEHIND; ++i)
            EQ(0, join(behind[i]));
        for (int i = 0; i < BEHIND; ++i)
            EQ(i, order[i]);
        filch_event_clear(&first_event);
        filch_event_clear(&event);
    }
}

static int
nothing(void *arg)
{
    return (int)(intptr_t)arg;
}

ONE_WORKER_TEST(event_wakes_thousands_in_that_order_whoever_else_begins)
{
    wake_thousands();
    for (int i = 0; i < 2000; ++i)
        OK(filch_spawn(NULL, nothing, NULL));
    expect_their_order();
}

ONE_WORKER_TEST(event_forgets_a_waiter_that_was_cancelled_and_wakes_the_rest)
{
    enum { TASKS = 9 };
    filch_task *tasks[TASKS];
    for (int i = 0; i < TASKS; ++i)
        tasks[i] = park(wait_for_event, NULL);
    for (int i = 0; i < TASKS; i += 2) /* the first and the last among them */
        OK(filch_cancel(tasks[i]));
    filch_event_set(&event);
    for (int i = 0; i < TASKS; ++i)
        EQ(i % 2 ? 0 : ECANCELED, join(tasks[i]));
    OK(filch_event_destroy(&event));
}

TEST(event_waiters_go_on_even_if_it_is_cleared_at_once)
{
    enum { TASKS = 20 };
    struct crew crew;
    filch_task *tasks[TASKS];
    crew_start(&crew);
    for (int i = 0; i < TASKS; ++i)
        tasks[i] = crew_park(&crew, wait_for_event, NULL);
    filch_event_set(&event);
    filch_event_clear(&event);
    for (int i = 0; i < TASKS; ++i)
        EQ(0, join(tasks[i]));
    CHECK(!filch_event_is_set(&event));
    crew_stop(&crew);
}

TEST(event_clear_makes_who_waits_from_now_on_wait_for_the_next_set)
{
    struct crew crew;
    filch_task *task;
    crew_start(&crew);
    filch_event_set(&event);
    filch_event_clear(&event);
    task = crew_park(&crew, wait_for_event, NULL);
    CHECK(!filch_task_done(task));
    FAILS(EBUSY, filch_event_destroy(&event));
    filch_event_set(&event);
    EQ(0, join(task));
    crew_stop(&crew);
}

TEST(event_destroy_is_EBUSY_while_someone_waits)
{
    struct crew crew;
    filch_task *task;
    crew_start(&crew);
    task = crew_park(&crew, wait_for_event, NULL);
    FAILS(EBUSY, filch_event_destroy(&event));
    filch_event_set(&event);
    EQ(0, join(task));
    OK(filch_event_destroy(&event));
    crew_stop(&crew);
}

/* --- Who may set --------------------------------------------------------- */

static void
set_in_callback(void *arg)
{
    filch_event_set(arg);
}

TASK_TEST(event_may_be_set_and_cleared_in_a_callback)
{
    OK(filch_call_later(NULL, FILCH_MS(1), set_in_callback, &event));
    OK(filch_event_wait(&event));
}

static void *
set_in_thread(void *arg)
{
    filch_event_set(arg);
    return NULL;
}

TASK_TEST(event_may_be_set_by_a_plain_thread)
{
    filch_task *task = park(wait_for_event, NULL);
    pthread_t thread = thread_start(set_in_thread, &event);
    EQ(0, join(task));
    thread_join(thread);
}

static atomic_int passed;

static int
pass_both(void *arg)
{
    filch_event *events = arg;
    for (int i = 0; i < 1000; ++i) {
        OK(filch_event_wait(&events[0]));
        filch_event_clear(&events[0]);
        atomic_fetch_add(&passed, 1);
        filch_event_set(&events[1]);
    }
    return 0;
}

TASK_TEST(event_hands_the_turn_to_and_fro)
{
    static filch_event turns[2];
    filch_task *task = spawn(pass_both, turns);
    for (int i = 0; i < 1000; ++i) {
        filch_event_set(&turns[0]);
        OK(filch_event_wait(&turns[1]));
        filch_event_clear(&turns[1]);
        EQ(i + 1, atomic_load(&passed));
    }
    EQ(0, join(task));
}

/* --- The end of an event ------------------------------------------------- */

static int
wait_and_free(void *arg)
{
    filch_event *mine = arg;
    int status = filch_event_wait(mine);
    free(mine);
    return status;
}

/* What the setter touches after the wake, the address sanitizer sees. */
TASK_TEST(event_may_be_freed_by_whom_set_let_go_on)
{
    for (int i = 0; i < (UNDER_SANITIZER ? 1000 : 5000); ++i) {
        filch_event *one = calloc(1, sizeof *one);
        filch_task *task = spawn(wait_and_free, one);
        if (i % 2)
            filch_yield(); /* it waits now, or it does not yet */
        filch_event_set(one);
        EQ(0, join(task));
    }
}

static void *
free_in_thread(void *arg)
{
    EQ(0, wait_and_free(arg));
    return NULL;
}

TASK_TEST(event_may_be_freed_by_a_plain_thread_that_set_let_go_on)
{
    for (int i = 0; i < 100; ++i) {
        filch_event *one = calloc(1, sizeof *one);
        pthread_t thread = thread_start(free_in_thread, one);
        for (int turn = 0; turn < i; ++turn)
            let_others_run();
        filch_event_set(one);
        thread_join(thread);
    }
}

/* --- Under stress -------------------------------------------------------- */

enum { WAITERS = 16, ROUNDS = 200 };
static atomic_int arrived;
static filch_event generations[ROUNDS];

static int
impatient_waiter(void *arg)
{
    uint64_t state = test_seed() + (uintptr_t)arg;
    for (int i = 0; i < ROUNDS; ++i) {
        int status;
        do
            status = filch_event_wait_until(
                &generations[i], filch_after(FILCH_US(chance(&state, 100))));
        while (status == ETIMEDOUT);
        OK(status);
        atomic_fetch_add(&arrived, 1);
    }
    return 0;
}

TASK_TEST(event_wakes_everybody_also_when_deadlines_pass_at_random)
{
    filch_task *tasks[WAITERS];
    for (intptr_t i = 0; i < WAITERS; ++i)
        tasks[i] = spawn(impatient_waiter, (void *)i);
    for (int i = 0; i < ROUNDS; ++i) {
        filch_event_set(&generations[i]);
        if (i % 3)
            UNTIL(atomic_load(&arrived) >= WAITERS * i);
    }
    for (int i = 0; i < WAITERS; ++i)
        EQ(0, join(tasks[i]));
    EQ(WAITERS * ROUNDS, atomic_load(&arrived));
}
