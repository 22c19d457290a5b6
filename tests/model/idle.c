/*
 * Who sleeps, and who keeps watch: two workers, and a stranger who submits,
 * waits until what it submitted has run, and ends the run. Nothing is left
 * lying while both workers sleep, and everybody is woken at the end.
 *
 * Five plays: what is submitted just runs; the first of it keeps its worker
 * busy until the second has run, which comes meanwhile; it arms a timer and
 * keeps its worker busy until that has gone off, as the other worker must
 * see; it pushes to its own deque and keeps its worker busy until that was
 * stolen; and it just runs, but there are always idle stacks to be given back,
 * once nothing runs. In all but the last two no nap ever ends, so that none hides
 * a lost wakeup, and in the last of them no more than one. At first each may have
 * been away briefly when it last had the watch, or be to sleep no longer than a
 * nap.
 */
#include "world.h"

#define MODEL_THREADS 3
#define FIBERS 2
#define DEADLINE                                                               \
    FILCH_US(30) /* even with FL_GRACE before the first nap's end, and in the
                                 first tick, so that the timers say just that */

#define TIDIES_AFTER                                                           \
    FILCH_MS(100) /* the first nap that is for that ends then */

enum { JUST_RUN, AWAIT_NEXT, ARM_TIMER, BE_STOLEN, TIDY_UP, PLAYS };

static filch_runtime runtime;
static fl_worker workers[2];
static struct fl_look looks[2];
static fl_timers heaps[2];
static fl_fiber fibers[FIBERS + 1];
static filch_timer timer;
static fl_atomic32 ran, went_off;
static unsigned play, times[FIBERS + 1];

bool
fl_stack_surplus(void)
{
    return play == TIDY_UP;
}

bool
fl_stack_trim(void)
{
    model_yield();
    return true;
}

static void
make_worker(unsigned i)
{
    fl_worker *worker = &workers[i];
    *worker =
        (fl_worker){.runtime = &runtime, .index = i, .brief = model_choose(2)};
    fl_store_relaxed(&worker->stands_in, model_choose(2));
    heaps[i] = (fl_timers){.earliest = (uint64_t)FILCH_NEVER,
                           .early = (uint64_t)FILCH_NEVER};
    looks[i] = (struct fl_look){0};
    worker->timers = &heaps[i];
    worker->loop.kind = FL_LOOP;
    worker->loop.worker = worker;
    worker->stack = (fl_stack *)(void *)worker; /* only named */
    model_assert(fl_deque_init(&worker->deque) == 0);
    callers[i] = &worker->loop;
}

void
model_before(void)
{
    play = model_choose(PLAYS);
    model_only_deadline = play == BE_STOLEN ? 0
                          : play == TIDY_UP ? model_now + TIDIES_AFTER
                                            : DEADLINE;
    model_or_deadline = DEADLINE + FL_GRACE; /* where its worker is awake */
    model_tick = play == BE_STOLEN ? FILCH_US(10) : 0;
    fl_fence_asymmetric = true;
    runtime = (filch_runtime){.count = 2,
                              .workers = workers,
                              .looks = looks,
                              .tag = 1,
                              .awake_most = 2};
    make_worker(0);
    make_worker(1);
    play_thread(2);
    for (int i = 0; i < FIBERS + 1; i++) {
        fibers[i] = (fl_fiber){.kind = FL_TASK, .worker = workers};
        times[i] = 0;
    }
    timer = (filch_timer){0};
    fl_store_relaxed(&ran, 0u);
    fl_store_relaxed(&went_off, 0u);
}

static void
signal_one(fl_atomic32 *word)
{
    fl_add_acq_rel(word, 1u);
    fl_os_wake(word, 1);
}

static void
await(fl_atomic32 *word, uint32_t n)
{
    for (uint32_t seen; (seen = fl_load_acquire(word)) < n;) {
        fl_os_wait(word, seen, FILCH_NEVER);
    }
}

static void
go_off(void *arg)
{
    (void)arg;
    signal_one(&went_off);
}

static void
run(fl_worker *worker, unsigned i)
{
    times[i]++; /* nobody else runs it: it would be a race */
    model_assert(fibers[i].sp == &fibers[i]);
    if (i == 0 && play == ARM_TIMER) {
        model_assert(fl_timer_arm(worker, &timer, DEADLINE, FL_TIMER_CALLBACK,
                                  go_off, NULL) == 0);
        fl_timer_armed(worker, DEADLINE);
        await(&went_off, 1);
    } else if (i == 0 && play == BE_STOLEN) {
        fibers[FIBERS].sp = &fibers[FIBERS];
        model_assert(
            fl_deque_push(&worker->deque, fl_work_of(&fibers[FIBERS])) == 0);
        await(&went_off, 1);
    } else if (i == 0 && play == AWAIT_NEXT) {
        await(&went_off, 1);
    } else if (i == FIBERS || play == AWAIT_NEXT) {
        signal_one(&went_off);
    }
    signal_one(&ran);
}

static void
work(fl_worker *worker)
{
    for (;;) {
        fl_work *next = fl_find(worker);
        next = next ? next : fl_idle(worker);
        if (!next) {
            break;
        }
        run(worker, (unsigned)(fl_work_fiber(next) - fibers));
    }
}

/* As often as not it waits until both workers sleep, or one, and one tidies up. */
static void
let_them_sleep(void)
{
    unsigned n = play == TIDY_UP ? 1 : 2;
    if (model_choose(2)) {
        while (model_sleepers() < n) {
            model_yield();
        }
    }
}

/* The second comes when somebody has the first, or one worker might get both. */
static void
let_it_be_taken(void)
{
    while (play == AWAIT_NEXT && fl_inject_count(&runtime.inject) > 0) {
        model_yield();
    }
}

static void
be_strange(void)
{
    for (int i = 0; i < FIBERS; i++) {
        let_them_sleep();
        let_it_be_taken();
        fibers[i].sp = &fibers[i];
        fl_inject_push(&runtime.inject, &fibers[i], &fibers[i], 1);
        fl_wake_watch(&runtime);
        if (play != AWAIT_NEXT && model_choose(2)) {
            await(&ran, i == 0 && play == BE_STOLEN ? 2 : (uint32_t)i + 1);
        }
    }
    await(&ran, play == BE_STOLEN ? FIBERS + 1 : FIBERS);
    let_them_sleep();
    fl_exchange_seq_cst(&runtime.quit, 1u);
    fl_wake_all(&runtime);
}

void
model_thread(unsigned thread)
{
    if (thread < 2) {
        work(&workers[thread]);
    } else {
        be_strange();
    }
}

void
model_after(void)
{
    for (unsigned i = 0; i < FIBERS + (play == BE_STOLEN); i++) {
        model_assert(times[i] == 1);
    }
}
