#include "../harness/harness.h"

static filch_lock lock, fair = FILCH_LOCK_FAIR_INIT;
static int order[100], taken;
static long counter; /* plain: the lock must keep it right */

/* --- Holding ------------------------------------------------------------- */

TEST(lock_starts_free)
{
    filch_lock made, made_fair, initialised = FILCH_LOCK_INIT;
    memset(&made, 0xff, sizeof made);
    memset(&made_fair, 0xff, sizeof made_fair);
    OK(filch_lock_init(&made));
    OK(filch_lock_init_fair(&made_fair));
    filch_lock *locks[] = {&made, &made_fair, &initialised, &lock, &fair};
    for (int i = 0; i < 5; ++i) {
        CHECK(!filch_lock_locked(locks[i]));
        OK(filch_lock_acquire(locks[i]));
        CHECK(filch_lock_locked(locks[i]));
        OK(filch_lock_release(locks[i]));
        CHECK(!filch_lock_locked(locks[i]));
        OK(filch_lock_destroy(locks[i]));
    }
}

TEST(lock_try_acquire_is_EBUSY_while_somebody_holds_it)
{
    OK(filch_lock_try_acquire(&lock));
    FAILS(EBUSY, filch_lock_try_acquire(&lock));
    OK(filch_lock_release(&lock));
    OK(filch_lock_try_acquire(&lock));
}

TEST(lock_try_acquire_never_fails_without_cause)
{
    for (int i = 0; i < 100000; ++i) {
        OK(filch_lock_try_acquire(i % 2 ? &lock : &fair));
        OK(filch_lock_release(i % 2 ? &lock : &fair));
    }
}

TEST(lock_release_of_a_lock_that_nobody_holds_is_EPERM)
{
    FAILS(EPERM, filch_lock_release(&lock));
    FAILS(EPERM, filch_lock_release(&fair));
    OK(filch_lock_acquire(&lock));
    OK(filch_lock_release(&lock));
    FAILS(EPERM, filch_lock_release(&lock));
    CHECK(!filch_lock_locked(&lock));
}

TEST(lock_destroy_is_EBUSY_while_somebody_holds_it)
{
    OK(filch_lock_acquire(&lock));
    FAILS(EBUSY, filch_lock_destroy(&lock));
    OK(filch_lock_release(&lock));
    OK(filch_lock_destroy(&lock));
}

static int
add_often(void *arg)
{
    filch_lock *guard = arg;
    for (int i = 0; i < 500; ++i) {
        OK(filch_lock_acquire(guard));
        long before = counter;
        if (i % 50 == 0)
            filch_yield(); /* with the lock held */
        counter = before + 1;
        OK(filch_lock_release(guard));
    }
    return 0;
}

static void
add_with(filch_lock *guard)
{
    enum { TASKS = 20 };
    filch_task *tasks[TASKS];
    for (int i = 0; i < TASKS; ++i)
        tasks[i] = spawn(add_often, guard);
    for (int i = 0; i < TASKS; ++i)
        EQ(0, join(tasks[i]));
    EQ(500 * TASKS, counter);
}

TASK_TEST(lock_is_held_by_one_at_a_time)
{
    add_with(&lock);
}

TASK_TEST(lock_that_is_fair_is_held_by_one_at_a_time)
{
    add_with(&fair);
}

static int
release_in_task(void *arg)
{
    return filch_lock_release(arg);
}

static void
release_in_callback(void *arg)
{
    OK(filch_lock_release(arg));
}

static void *
release_in_thread(void *arg)
{
    OK(filch_lock_release(arg));
    return NULL;
}

TASK_TEST(lock_has_no_owner_and_may_be_released_by_anybody)
{
    OK(filch_lock_acquire(&lock));
    EQ(0, join(spawn(release_in_task, &lock)));
    OK(filch_lock_acquire(&lock));
    OK(filch_call_soon(release_in_callback, &lock));
    OK(filch_lock_acquire(&lock));
    pthread_t thread = thread_start(release_in_thread, &lock);
    OK(filch_lock_acquire(&lock));
    thread_join(thread);
}

/* --- Order --------------------------------------------------------------- */

static int
take_and_note(void *arg)
{
    OK(filch_lock_acquire(&fair));
    order[taken++] = (int)(intptr_t)arg;
    return filch_lock_release(&fair);
}

TEST(lock_that_is_fair_goes_to_those_who_wait_in_the_order_of_their_coming)
{
    enum { TASKS = 40 };
    struct crew crew;
    filch_task *tasks[TASKS];
    crew_start(&crew);
    OK(filch_lock_acquire(&fair));
    for (intptr_t i = 0; i < TASKS; ++i)
        tasks[i] = crew_park(&crew, take_and_note, (void *)i);
    OK(filch_lock_release(&fair));
    for (int i = 0; i < TASKS; ++i)
        EQ(0, join(tasks[i]));
    for (int i = 0; i < TASKS; ++i)
        EQ(i, order[i]);
    crew_stop(&crew);
}

static filch_event may_release;

static int
hold_until_told(void *arg)
{
    OK(filch_lock_acquire(arg));
    OK(filch_event_wait(&may_release));
    return filch_lock_release(arg);
}

TEST(lock_that_is_fair_cannot_be_taken_ahead_of_those_who_wait)
{
    struct crew crew;
    filch_task *task;
    crew_start(&crew);
    OK(filch_lock_acquire(&fair));
    task = crew_park(&crew, hold_until_told, &fair);
    OK(filch_lock_release(&fair));
    FAILS(EBUSY, filch_lock_try_acquire(&fair)); /* it was handed over */
    FAILS(ETIMEDOUT, filch_lock_acquire_until(&fair, past()));
    filch_event_set(&may_release);
    EQ(0, join(task));
    OK(filch_lock_try_acquire(&fair));
    crew_stop(&crew);
}

TEST(lock_destroy_is_EBUSY_while_somebody_waits)
{
    struct crew crew;
    filch_task *task;
    crew_start(&crew);
    OK(filch_lock_acquire(&lock));
    task = crew_park(&crew, hold_until_told, &lock);
    FAILS(EBUSY, filch_lock_destroy(&lock));
    filch_event_set(&may_release);
    OK(filch_lock_release(&lock));
    EQ(0, join(task));
    OK(filch_lock_destroy(&lock));
    crew_stop(&crew);
}

static atomic_bool got_it;

static int
take_once(void *arg)
{
    OK(filch_lock_acquire(arg));
    atomic_store(&got_it, true);
    return filch_lock_release(arg);
}

/* The greedy one is a plain thread, and another worker's task is passed
 * over. */
TEST(lock_is_handed_to_a_waiter_that_a_greedy_thread_passed_over_for_1_ms)
{
    struct crew crew;
    filch_task *task;
    crew_start(&crew);
    OK(filch_lock_acquire(&lock));
    task = crew_park(&crew, take_once, &lock);
    while (!atomic_load(&got_it)) {
        OK(filch_lock_release(&lock));
        OK(filch_lock_acquire(&lock));
    }
    OK(filch_lock_release(&lock));
    EQ(0, join(task));
    crew_stop(&crew);
}

/* The greedy task suspends nowhere else: the hand-over itself must stop it. */
ONE_WORKER_TEST(lock_is_handed_to_a_waiter_that_a_greedy_task_passed_over)
{
    OK(filch_lock_acquire(&lock));
    filch_task *task = park(take_once, &lock);
    while (!atomic_load(&got_it)) {
        OK(filch_lock_release(&lock));
        OK(filch_lock_acquire(&lock));
    }
    OK(filch_lock_release(&lock));
    EQ(0, join(task));
}

/* --- The end of a lock --------------------------------------------------- */

static int
take_and_free(void *arg)
{
    filch_lock *mine = arg;
    int status = filch_lock_acquire(mine);
    free(mine);
    return status;
}

TASK_TEST(lock_may_be_freed_by_whom_release_let_go_on)
{
    for (int i = 0; i < (UNDER_SANITIZER ? 1000 : 5000); ++i) {
        filch_lock *one = calloc(1, sizeof *one);
        OK(i % 2 ? filch_lock_init(one) : filch_lock_init_fair(one));
        OK(filch_lock_acquire(one));
        filch_task *task = spawn(take_and_free, one);
        if (i % 3)
            filch_yield();
        OK(filch_lock_release(one));
        EQ(0, join(task));
    }
}

/* --- Quick sections, then long ones -------------------------------------- */

static int
take_and_tell(void *arg)
{
    OK(filch_lock_acquire(&lock));
    atomic_store((atomic_bool *)arg, true);
    return filch_lock_release(&lock);
}

/* Passes over one who waits for the lock, with so many sections of no length,
 * and then some of that one: how many those were. */
static unsigned
pass_over(unsigned quick, filch_time length, unsigned most)
{
    atomic_bool served = false;
    unsigned passes = 0;
    OK(filch_lock_acquire(&lock));
    filch_task *task = park(take_and_tell, &served);
    OK(filch_lock_release(&lock));
    for (; !atomic_load(&served) && passes < quick + most; ++passes) {
        OK(filch_lock_acquire(&lock));
        if (passes >= quick)
            compute_until(filch_after(length));
        OK(filch_lock_release(&lock));
    }
    EQ(0, join(task));
    return passes > quick ? passes - quick : 0;
}

/* Who holds it for some ns may look at the clock seldom; not so who holds it
 * for long, even if that comes after many short ones. */
ONE_WORKER_TEST(
    lock_that_was_held_for_moments_is_handed_over_when_held_for_long)
{
    for (unsigned quick = 3000; quick < 3500; quick += 50) {
        pass_over(quick, 0, 0);
        CHECK(pass_over(0, FILCH_US(200), 400) < 40);
        CHECK(pass_over(quick / 10, FILCH_MS(1), 100) < 40);
    }
}

/* Whom it passes over is woken, finds it held, and has waited for a millisecond
 * when it is given back: then no release comes before. */
ONE_WORKER_TEST(
    lock_is_handed_over_to_one_who_found_it_held_when_its_time_is_up)
{
    for (unsigned quick = 3000; quick < 3064; ++quick) {
        atomic_bool served = false;
        OK(filch_lock_acquire(&lock));
        filch_task *task = park(take_and_tell, &served);
        OK(filch_lock_release(&lock));
        for (unsigned i = 0; i < quick; ++i) {
            OK(filch_lock_acquire(&lock));
            OK(filch_lock_release(&lock));
        }
        OK(filch_lock_acquire(&lock));
        filch_yield();
        bool waits = !atomic_load(&served);
        compute_until(filch_after(FILCH_MS(1)));
        OK(filch_lock_release(&lock));
        EQ(waits, filch_lock_locked(&lock));
        EQ(0, join(task));
    }
}

static unsigned sections; /* before the last in line was served */
static atomic_bool served;

static int
take_thrice(void *arg)
{
    for (int i = 0; i < 3; ++i) {
        OK(filch_lock_acquire(arg));
        sections += !atomic_load(&served);
        compute_until(filch_after(FILCH_US(200)));
        OK(filch_lock_release(arg));
    }
    return 0;
}

/* Each of those before it is woken, takes the lock, and passes over the others
 * for less than a millisecond: the last has waited longer. */
ONE_WORKER_TEST(lock_is_handed_over_though_others_who_waited_had_it_meanwhile)
{
    enum { BEFORE = 16 };
    filch_task *tasks[BEFORE];
    OK(filch_lock_acquire(&lock));
    for (int i = 0; i < BEFORE; ++i)
        tasks[i] = park(take_thrice, &lock);
    filch_task *last = park(take_and_tell, &served);
    OK(filch_lock_release(&lock));
    EQ(0, join(last));
    for (int i = 0; i < BEFORE; ++i)
        EQ(0, join(tasks[i]));
    CHECK(sections < 2 * BEFORE); /* not thrice */
}

/* --- Under stress -------------------------------------------------------- */

static int
add_impatiently(void *arg)
{
    filch_lock *guard = (uintptr_t)arg % 2 ? &fair : &lock;
    uint64_t state = test_seed() + (uintptr_t)arg;
    long mine = 0;
    int status = 0;
    while (status != ECANCELED && mine < 300) {
        filch_time patience = FILCH_US(chance(&state, 50));
        status = chance(&state, 2)
                     ? filch_lock_acquire(guard)
                     : filch_lock_acquire_until(guard, filch_after(patience));
        if (status)
            continue;
        ++mine;
        if (chance(&state, 20) == 0)
            filch_yield();
        OK(filch_lock_release(guard));
    }
    return status == ECANCELED ? ECANCELED : 0;
}

TASK_TEST(lock_is_free_in_the_end_whoever_was_cancelled_or_timed_out)
{
    enum { TASKS = 40 };
    filch_task *tasks[TASKS];
    uint64_t state = test_seed();
    for (intptr_t i = 0; i < TASKS; ++i)
        tasks[i] = spawn(add_impatiently, (void *)i);
    for (int i = 0; i < TASKS / 2; ++i) {
        OK(filch_sleep(FILCH_US(chance(&state, 200))));
        OK(filch_cancel(tasks[chance(&state, TASKS)]));
    }
    for (int i = 0; i < TASKS; ++i) {
        int status = join(tasks[i]);
        CHECK(status == 0 || status == ECANCELED);
    }
    OK(filch_lock_destroy(&lock));
    OK(filch_lock_destroy(&fair));
}

static int
take_and_release(void *arg)
{
    (void)arg;
    for (int i = 0; i < 1000; ++i) {
        OK(filch_lock_acquire(&lock));
        filch_yield();
        filch_lock_release(&lock); /* EPERM if somebody else has done so */
    }
    return 0;
}

static int
release_only(void *arg)
{
    (void)arg;
    for (int i = 0; i < 1000; ++i) {
        filch_lock_release(&lock);
        filch_yield();
    }
    return 0;
}

TASK_TEST(lock_survives_releases_by_who_does_not_hold_it)
{
    filch_task *tasks[8];
    for (int i = 0; i < 8; ++i)
        tasks[i] = spawn(i < 5 ? take_and_release : release_only, NULL);
    for (int i = 0; i < 8; ++i)
        EQ(0, join(tasks[i]));
    CHECK(!filch_lock_locked(&lock));
    OK(filch_lock_destroy(&lock));
}
