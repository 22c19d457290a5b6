/* A worker's timers. */
#include "../harness/harness.h"
#include "sched/worker.h"

#define TIMERS 500

static fl_timers *timers;
static fl_stack stack;
static filch_runtime runtime;
static fl_worker worker = {.runtime = &runtime, .stack = &stack};

static filch_timer armed[TIMERS];
static filch_time deadlines[TIMERS]; /* the model: FILCH_NEVER is not armed */
static uint64_t orders[TIMERS], next_order;
static int gone_off[TIMERS], n_gone_off;

static void
make(void)
{
    OK(fl_timers_get(&timers));
    worker.timers = timers;
    for (int i = 0; i < TIMERS; i++)
        deadlines[i] = FILCH_NEVER;
}

static void
note(void *arg)
{
    gone_off[n_gone_off++] = (int)(intptr_t)arg;
}

static void
arm(int i, filch_time deadline)
{
    OK(fl_timer_arm(&worker, &armed[i], deadline, FL_TIMER_CALLBACK, note,
                    (void *)(intptr_t)i));
    deadlines[i] = deadline;
    orders[i] = next_order++;
}

/* The armed timer that is first in the model, -1 if there is none. */
static int
first(void)
{
    int best = -1;
    for (int i = 0; i < TIMERS; i++)
        if (deadlines[i] != FILCH_NEVER &&
            (best < 0 || deadlines[i] < deadlines[best] ||
             (deadlines[i] == deadlines[best] && orders[i] < orders[best])))
            best = i;
    return best;
}

/* Lets all go off, and compares with the model. */
static void
all_go_off_in_order(void)
{
    n_gone_off = 0;
    while (fl_timers_run(&worker, timers))
        ;
    for (int i = 0; i < n_gone_off; i++) {
        EQ(first(), gone_off[i]);
        deadlines[gone_off[i]] = FILCH_NEVER;
    }
    EQ(-1, first());
    EQ(FILCH_NEVER, fl_timers_earliest(timers));
}

TEST(timers_are_none_at_first)
{
    make();
    EQ(FILCH_NEVER, fl_timers_earliest(timers));
    CHECK(!fl_timers_run(&worker, timers));
    CHECK(!fl_timer_disarm(&armed[0]));
}

TEST(timers_are_due_only_at_their_deadline_and_each_look_knows_it_better)
{
    make();
    filch_time deadline = FILCH_SEC(3000), last = 0, look;
    arm(0, deadline);
    for (int looks = 0; (look = fl_timers_earliest(timers)) < deadline;
         looks++) {
        CHECK(look > last && looks < 8);
        CHECK(!fl_timers_any_due(timers, look));
        last = look;
    }
    EQ(deadline, look);
    CHECK(!fl_timers_any_due(timers, deadline - 1));
    CHECK(fl_timers_any_due(timers, deadline));
    CHECK(fl_timer_disarm(&armed[0]));
}

TEST(timers_go_off_by_deadline_then_in_the_order_of_arming)
{
    static const filch_time of[] = {5, 3, 9, 3, 1, 5, 9, 1, 7, 3};
    make();
    for (int i = 0; i < 10; i++)
        arm(i, of[i]);
    EQ(1, fl_timers_earliest(timers));
    all_go_off_in_order();
    EQ(10, n_gone_off);
}

TEST(timers_that_are_not_due_stay)
{
    make();
    filch_time late = filch_after(FILCH_SEC(1000));
    arm(0, late);
    arm(1, 1);
    n_gone_off = 0;
    CHECK(fl_timers_run(&worker, timers));
    EQ(1, n_gone_off);
    CHECK(fl_timers_earliest(timers) > filch_now());
    CHECK(fl_timers_earliest(timers) <= late);
    CHECK(fl_timer_disarm(&armed[0]));
    CHECK(!fl_timer_disarm(&armed[0]));
    EQ(FILCH_NEVER, fl_timers_earliest(timers));
}

/* All but those before that one, so that they are in one slot of the wheel. */
static void
arm_far_away(int from)
{
    filch_time due = filch_after(FILCH_SEC(1000));
    make();
    worker.polled = filch_now();
    for (int i = from; i < TIMERS; i++)
        arm(i, due + i);
}

static void
disarm_far_away(int from)
{
    for (int i = from; i < TIMERS; i++)
        CHECK(fl_timer_disarm(&armed[i]));
}

/* Now and then, by their worker, some at a time, until none of them is left. */
TEST(timers_that_are_due_soon_are_moved_on_before_that)
{
    arm_far_away(0);
    filch_time early = fl_timers_early(timers);
    CHECK(early > filch_now() && early < fl_timers_earliest(timers));
    int tended = 0;
    for (; fl_timers_early(timers) == early && tended < TIMERS; tended++)
        CHECK(!fl_timers_tend(&worker, early, true));
    CHECK(tended > 1 && tended < TIMERS);
    CHECK(fl_timers_early(timers) > early);
    disarm_far_away(0);
}

/* Also where there always is one that is due, whether it may go off or not. */
TEST(timers_are_moved_on_though_others_are_due)
{
    arm_far_away(1);
    filch_time early = fl_timers_early(timers);
    n_gone_off = 0;
    arm(0, filch_now());
    CHECK(!fl_timers_tend(&worker, early, false));
    EQ(0, n_gone_off);
    CHECK(fl_timers_tend(&worker, early, true));
    EQ(1, n_gone_off);
    for (int tended = 0; fl_timers_early(timers) <= early; tended++) {
        CHECK(tended < TIMERS / 64);
        arm(0, filch_now());
        CHECK(fl_timers_tend(&worker, early, true));
    }
    disarm_far_away(1);
}

TEST(timers_do_as_a_sorted_list_does_for_any_sequence_of_calls)
{
    uint64_t seed = test_seed();
    make();
    for (int step = 0; step < 30000; step++) {
        int i = (int)chance(&seed, TIMERS);
        if (deadlines[i] == FILCH_NEVER) {
            arm(i, chance(&seed, 100) + 1);
        } else if (chance(&seed, 4)) {
            FAILS(EBUSY, fl_timer_arm(&worker, &armed[i], 1, FL_TIMER_CALLBACK,
                                      note, NULL));
            CHECK(fl_timer_disarm(&armed[i]));
            deadlines[i] = FILCH_NEVER;
        }
        if (step % 16 == 0) {
            int best = first();
            EQ(best < 0 ? FILCH_NEVER : deadlines[best],
               fl_timers_earliest(timers));
        }
        if (step % 1000 == 999)
            all_go_off_in_order();
    }
    all_go_off_in_order();
}

/* --- Callbacks ----------------------------------------------------------- */

static void
arm_again(void *arg)
{
    filch_timer *timer = arg;
    CHECK(fl_timer_runner(timer) == timers);
    CHECK(!fl_timer_disarm(timer));
    if (++n_gone_off < 5)
        OK(fl_timer_arm(&worker, timer, n_gone_off, FL_TIMER_CALLBACK,
                        arm_again, timer));
}

TEST(timer_may_be_armed_again_by_its_callback)
{
    make();
    OK(fl_timer_arm(&worker, &armed[0], 1, FL_TIMER_CALLBACK, arm_again,
                    &armed[0]));
    while (fl_timers_run(&worker, timers))
        ;
    EQ(5, n_gone_off);
    CHECK(!fl_timer_runner(&armed[0]));
}

static void
forget_it(void *arg)
{
    memset(arg, 0xff, sizeof(filch_timer));
    n_gone_off++;
}

TEST(timer_is_not_touched_once_its_callback_has_begun)
{
    make();
    for (int i = 0; i < 3; i++)
        OK(fl_timer_arm(&worker, &armed[i], 1, FL_TIMER_CALLBACK, forget_it,
                        &armed[i]));
    fl_timers_run(&worker, timers);
    EQ(3, n_gone_off);
    filch_timer touched;
    memset(&touched, 0xff, sizeof touched);
    for (int i = 0; i < 3; i++)
        CHECK(!memcmp(&touched, &armed[i], sizeof touched));
}

TEST(timers_begin_no_callback_once_the_runtime_closes)
{
    make();
    arm(0, 1);
    runtime.closing = 1;
    fl_timers_run(&worker, timers);
    EQ(0, n_gone_off);
    CHECK(!fl_timer_runner(&armed[0]));
}

TEST(timers_put_disarms_what_is_armed)
{
    make();
    for (int i = 0; i < TIMERS; i++)
        arm(i, i + 1);
    fl_timers_put(timers);
    for (int i = 0; i < TIMERS; i++)
        CHECK(!fl_timer_disarm(&armed[i]));
    make(); /* the same ones are used again */
    EQ(FILCH_NEVER, fl_timers_earliest(timers));
    arm(0, 1);
    all_go_off_in_order();
    EQ(1, n_gone_off);
}

/* --- Timeouts ------------------------------------------------------------ */

static void
note_outcome(void *fiber)
{
    EQ(FL_TIMED_OUT, ((fl_fiber *)fiber)->waiter.phase & FL_PHASE);
    n_gone_off++;
}

TEST(timeout_decides_a_wait_unless_somebody_was_faster)
{
    static const struct {
        uint32_t before, after;
    } cases[] = {{FL_CONTESTED, FL_TIMED_OUT},
                 {FL_SHELTERED, FL_TIMED_OUT},
                 {FL_CONTESTED + FL_ONE_WAIT, FL_TIMED_OUT + FL_ONE_WAIT},
                 {FL_GRANTED, FL_GRANTED},
                 {FL_CANCELLED, FL_CANCELLED},
                 {FL_RUNNING, FL_RUNNING}};
    make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fl_fiber fiber = {.waiter.phase = cases[i].before};
        n_gone_off = 0;
        OK(fl_timer_arm(&worker, &armed[0], 1, FL_TIMEOUT, note_outcome,
                        &fiber));
        fl_timers_run(&worker, timers);
        EQ(cases[i].after, fiber.waiter.phase);
        EQ(cases[i].before != cases[i].after, n_gone_off);
        CHECK(!fl_timer_disarm(&armed[0]));
    }
}

/* --- Threads ------------------------------------------------------------- */

static atomic_int disarmed, called;

static void
count_call(void *arg)
{
    (void)arg;
    atomic_fetch_add(&called, 1);
}

static void *
disarm_all(void *arg)
{
    filch_timer *mine = arg;
    for (int i = 0; i < TIMERS; i++)
        if (fl_timer_disarm(&mine[i]))
            atomic_fetch_add(&disarmed, 1);
    return NULL;
}

TEST(timer_is_either_disarmed_or_called)
{
    make();
    for (int round = 0; round < 100; round++) {
        atomic_store(&disarmed, 0);
        atomic_store(&called, 0);
        for (int i = 0; i < TIMERS; i++)
            OK(fl_timer_arm(&worker, &armed[i], TIMERS - i, FL_TIMER_CALLBACK,
                            count_call, NULL));
        pthread_t thread = thread_start(disarm_all, armed);
        fl_timers_run(&worker, timers);
        thread_join(thread);
        EQ(TIMERS, atomic_load(&called) + atomic_load(&disarmed));
    }
}
