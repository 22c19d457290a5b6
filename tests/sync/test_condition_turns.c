/*
 * Two who notify each other, and wait in turns: each has the lock from the one
 * that waits, who goes on with it straight away where nobody comes before.
 */
#include "../harness/harness.h"

static filch_condition condition;
static int turn;           /* the lock's: whose it is */
static bool over;          /* the lock's */
static int inside;         /* the lock's: who has it */
static atomic_ulong turns; /* that were taken */

/* What is to be the same after a wait as before. */
static int
wait_for_turn(int self)
{
    set_errno(1000 + self);
    EQ(1, inside--);
    int status = filch_condition_wait(&condition);
    EQ(0, inside++);
    EQ(1000 + self, get_errno());
    CHECK(filch_condition_locked(&condition));
    return status;
}

/* Takes turns until it is over, or it is cancelled, which ends it. */
static int
play(void *arg)
{
    int self = (int)(intptr_t)arg, status = 0;
    OK(filch_condition_acquire(&condition));
    EQ(0, inside++);
    while (!over) {
        while (status == 0 && turn != self && !over)
            status = wait_for_turn(self);
        over |= status != 0;
        turn = !self;
        atomic_fetch_add(&turns, 1);
        OK(filch_condition_notify(&condition, 1));
    }
    EQ(1, inside--);
    OK(filch_condition_release(&condition));
    return status;
}

static int
play_shielded(void *arg)
{
    filch_shield_begin();
    int status = play(arg);
    filch_shield_end();
    return status;
}

static void *
play_in_thread(void *arg)
{
    EQ(0, play(arg));
    return arg;
}

static int
end_it(void *arg)
{
    (void)arg;
    OK(filch_condition_acquire(&condition));
    over = true;
    OK(filch_condition_notify_all(&condition));
    OK(filch_condition_release(&condition));
    return 0;
}

#define UNTIL_TURNS(n)                                                         \
    UNTIL(atomic_load(&turns) > (UNDER_SANITIZER ? (n) / 10 : (n)))

/* --- Who else is to run ---------------------------------------------------- */

static filch_task *players[2];

static void
begin(filch_fn one, filch_fn other)
{
    players[0] = spawn(one, (void *)0);
    players[1] = spawn(other, (void *)1);
}

static void
expect(int one, int other)
{
    EQ(one, join(players[0]));
    EQ(other, join(players[1]));
}

TASK_TEST(condition_turns_keep_no_task_waiting_that_yields)
{
    begin(play, play);
    UNTIL_TURNS(1000);
    end_it(NULL);
    expect(0, 0);
}

ONE_WORKER_TEST(condition_turns_keep_who_yields_waiting_for_some_of_them_only)
{
    unsigned long before = 0, most = 0;
    begin(play, play);
    for (int i = 0; i < 1000; ++i) {
        before = atomic_load(&turns);
        filch_yield();
        unsigned long took = atomic_load(&turns) - before;
        most = took > most ? took : most;
    }
    end_it(NULL);
    expect(0, 0);
    CHECK(most > 0 && most < 30);
}

TASK_TEST(condition_turns_keep_no_task_waiting_that_has_not_begun)
{
    filch_task *last;
    begin(play, play);
    UNTIL_TURNS(1000);
    last = spawn(end_it, NULL);
    expect(0, 0);
    EQ(0, join(last));
}

TASK_TEST(condition_turns_keep_no_task_waiting_that_sleeps)
{
    begin(play, play);
    OK(filch_sleep(FILCH_MS(1)));
    end_it(NULL);
    expect(0, 0);
}

/* --- Who takes turns ------------------------------------------------------- */

TASK_TEST(condition_turns_are_taken_by_the_shielded_as_well)
{
    begin(play_shielded, play_shielded);
    UNTIL_TURNS(1000);
    OK(filch_cancel(players[0]));
    OK(filch_cancel(players[1]));
    UNTIL_TURNS(2000);
    end_it(NULL);
    expect(0, 0);
}

TASK_TEST(condition_turns_are_taken_by_a_task_and_a_plain_thread)
{
    filch_task *task = spawn(play, (void *)0);
    pthread_t thread = thread_start(play_in_thread, (void *)1);
    UNTIL_TURNS(300);
    end_it(NULL);
    EQ(0, join(task));
    thread_join(thread);
}

TEST(condition_turns_are_taken_by_tasks_of_two_runtimes)
{
    struct crew crew;
    crew_start(&crew);
    players[0] = crew_park(&crew, play, (void *)0);
    players[1] = crew_park(&crew, play, (void *)1);
    UNTIL_TURNS(300);
    end_it(NULL);
    expect(0, 0);
    crew_stop(&crew);
}

TASK_TEST(condition_turns_of_one_who_is_cancelled_are_the_others)
{
    for (int i = 0; i < (UNDER_SANITIZER ? 50 : 500); ++i) {
        over = false;
        turn = 0;
        atomic_store(&turns, 0);
        begin(play, play);
        UNTIL(atomic_load(&turns) > (unsigned)i % 50);
        OK(filch_cancel(players[i % 2]));
        int expected[2] = {i % 2 ? 0 : ECANCELED, i % 2 ? ECANCELED : 0};
        expect(expected[0], expected[1]);
    }
}
