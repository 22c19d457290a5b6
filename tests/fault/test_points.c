/*
 * Every public function while the nth wait of a thread returns without cause,
 * the nth wake comes late, or the nth look at the clock finds that it has
 * jumped, for each n: none of these shows, but that a deadline may have passed.
 */
#include "../harness/calls.h"
#include "calls.h"

static const struct row *const tables[] = {rows_of_tasks, rows_of_queues,
                                           rows_of_others};
enum { TABLES = sizeof tables / sizeof *tables };

static const char *const names[] = {"", "early return", "late wake", "jump"};

static struct turn {
    enum disturbance what;
    unsigned n;
    const struct row *row;
    const struct call *call;
    bool timed;
    bool met; /* it came to the nth */
} turn;

/* --- Functions that do not suspend, and some that do ----------------------- */

static int
call_once(void *arg)
{
    const struct row *row = turn.row;
    if (row->prepare)
        row->prepare();
    disturb_nth(turn.what, turn.n);
    int error = row->call();
    if (error) {
        FAILS(ETIMEDOUT, error);
        CHECK(turn.what == CLOCK_JUMP && strstr(row->name, "_until"));
        if (row->refused)
            row->refused();
        OK(row->call());
    }
    if (row->after)
        row->after();
    turn.met = disturb_over();
    return arg != NULL;
}

static void
call_at_each_point(unsigned workers)
{
    char text[300];
    turn.n = 0;
    do {
        snprintf(text, sizeof text, "%s, %s %u, %u workers", turn.row->name,
                 names[turn.what], turn.n, workers);
        check_context(text);
        run_on(workers, call_once, NULL);
        turn.n = disturb_next(turn.n);
    } while (turn.met);
}

static void
all_calls_at_each_point(enum disturbance what)
{
    turn.what = what;
    for (int t = 0; t < TABLES; ++t)
        for (turn.row = tables[t]; turn.row->name; ++turn.row) {
            call_at_each_point(1);
            if (test_workers() > 1)
                call_at_each_point(test_workers());
        }
}

TEST(call_during_which_one_wait_returns_without_cause_works)
{
    all_calls_at_each_point(EARLY_RETURN);
}

TEST(call_during_which_one_wake_comes_late_works)
{
    all_calls_at_each_point(LATE_WAKE);
}

TEST(call_during_which_the_clock_jumps_works_or_is_ETIMEDOUT)
{
    all_calls_at_each_point(CLOCK_JUMP);
}

/* --- Suspending calls, by a task and by a plain thread --------------------- */

static atomic_uint waits; /* of the plain thread */
static atomic_bool ended;
static atomic_int result;
static _Atomic filch_time deadline;

static int
make_call(void *arg)
{
    atomic_store(&deadline,
                 turn.timed ? filch_after(DISTURB_FAR) : FILCH_NEVER);
    atomic_store(&result,
                 turn.call->run(turn.timed ? atomic_load(&deadline) : PLAIN));
    atomic_store(&ended, true);
    return arg != NULL;
}

static void *
make_call_in_thread(void *arg)
{
    disturb_count_waits(&waits);
    make_call(NULL);
    return arg;
}

/* A thread's call, which sleeps by now, or has ended. */
static pthread_t
park_thread(void)
{
    atomic_store(&waits, 0);
    pthread_t thread = thread_start(make_call_in_thread, NULL);
    UNTIL(atomic_load(&waits) > 0 || atomic_load(&ended));
    return thread;
}

/* What came of it: it may have ended before it was woken. */
static void
judge(bool was_woken)
{
    int error = atomic_load(&result);
    if (error) {
        FAILS(ETIMEDOUT, error);
        CHECK(turn.timed && turn.what == CLOCK_JUMP);
        if (!was_woken)
            UNTOUCHED(turn.call);
    }
}

static void
wake_and_join(filch_task *task, const pthread_t *thread)
{
    if (turn.what == CLOCK_JUMP && !turn.call->kept) {
        /* what wakes it waits for it: it must not give up meanwhile */
        disturb_over();
        UNTIL(atomic_load(&ended) || filch_now() < atomic_load(&deadline));
    }
    bool early = atomic_load(&ended);
    if (!early)
        turn.call->wake();
    UNTIL(atomic_load(&ended)); /* who ends it may be on this worker */
    if (task)
        EQ(0, join(task));
    else
        thread_join(*thread);
    turn.met = disturb_over();
    judge(!early);
}

static void
wait_at_each_point(struct crew *crew, bool by_thread)
{
    turn.n = 0;
    do {
        turn.call->blocked();
        atomic_store(&ended, false);
        disturb_nth(turn.what, turn.n);
        if (by_thread) {
            pthread_t thread = park_thread();
            wake_and_join(NULL, &thread);
        } else {
            wake_and_join(crew_park(crew, make_call, NULL), NULL);
        }
        turn.n = disturb_next(turn.n);
    } while (turn.met);
    CHECK(turn.n > 1 || !by_thread || (turn.what == CLOCK_JUMP && !turn.timed));
}

static void
all_waits_at_each_point(enum disturbance what)
{
    struct crew crew;
    char text[100];
    crew_start(&crew);
    call_told = note_call;
    turn.what = what;
    EACH_CALL(call)
    {
        turn.call = call;
        for (int kind = 0; kind < 4; ++kind) {
            snprintf(text, sizeof text, "%s, %s, kind %d", call->name,
                     names[what], kind);
            check_context(text);
            turn.timed = kind & 1;
            wait_at_each_point(&crew, kind & 2);
        }
    }
    crew_stop(&crew);
}

TASK_TEST(wait_that_returns_without_cause_goes_on)
{
    all_waits_at_each_point(EARLY_RETURN);
}

TASK_TEST(wait_whose_wake_comes_late_ends)
{
    all_waits_at_each_point(LATE_WAKE);
}

TASK_TEST(wait_during_which_the_clock_jumps_ends_or_is_ETIMEDOUT)
{
    all_waits_at_each_point(CLOCK_JUMP);
}
