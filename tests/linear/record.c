#include "record.h"

#include <unistd.h>

enum { TASKS = MOST_TASKS };

/* Each counts for itself and writes to its own part. */
struct actor {
    unsigned number;
    unsigned n;
    struct op ops[MOST_EACH];
    struct turn turn;
    atomic_bool here; /* it waits for the next history */
    uint64_t chance;
    filch_task *task;
};

static struct actor actors[TASKS + 1]; /* the last is the test itself */
static const struct subject *subject;
static _Alignas(64) atomic_uint moment;
static _Alignas(64) atomic_uint round_;   /* which history is recorded */
static _Alignas(64) atomic_uint finished; /* who is through with it */

/* --- Calls --------------------------------------------------------------- */

/* Mostly so short that it matters. */
static filch_time
some_deadline(uint64_t *state)
{
    switch (chance(state, 4)) {
    case 0:
        return past();
    case 1:
        return filch_after(FILCH_US(50));
    default:
        return filch_after(chance(state, 10000));
    }
}

static void
perform(struct actor *me, struct op *op)
{
    filch_time deadline = op->timed ? some_deadline(&me->chance) : FILCH_NEVER;
    op->task = (uint8_t)me->number;
    op->begin = (uint16_t)atomic_fetch_add(&moment, 1);
    if (op->verb == CANCEL)
        op->status = (uint8_t)filch_cancel(actors[op->argument].task);
    else
        subject->perform(op, deadline);
    op->end = (uint16_t)atomic_fetch_add(&moment, 1);
}

/* The others may come to it meanwhile, on this worker and elsewhere. */
static void
dally(struct actor *me)
{
    uint32_t how = chance(&me->chance, 8);
    if (how == 0)
        filch_yield();
    else if (how < 4)
        for (uint32_t i = chance(&me->chance, 200); i > 0; --i)
            __asm__ volatile("" ::: "memory");
}

/* What the task holds after the call. */
static void
keep_account(struct turn *turn, const struct op *op)
{
    if (subject->takes && op->verb == subject->takes && op->status == 0)
        turn->holding = true;
    if (op->verb == subject->lets_go)
        turn->holding = false;
}

static void
do_something(struct actor *me)
{
    struct op op = {0};
    struct turn *turn = &me->turn;
    turn->number = (uint8_t)(me->number * MOST_EACH + me->n + 1);
    if (!turn->last && chance(&me->chance, 16) == 0) {
        op.verb = CANCEL;
        op.argument = (uint8_t)chance(&me->chance, TASKS);
    } else if (turn->last && turn->holding) {
        op.verb = (uint8_t)subject->lets_go;
    } else {
        subject->choose(&op, turn, &me->chance);
        op.timed = suspends(&op) && chance(&me->chance, 3) == 0;
    }
    perform(me, &op);
    keep_account(turn, &op);
    me->ops[me->n++] = op;
}

/* --- Tasks --------------------------------------------------------------- */

/* Whether there is another history for it. A cancel that comes when the next
 * one has begun is a part of that. */
static bool
await_round(struct actor *me, unsigned last)
{
    atomic_store(&me->here, true);
    while (atomic_load(&round_) == last) {
        if (filch_cancelled() && atomic_load(&round_) == last)
            return false;
        filch_yield();
    }
    return true;
}

/* Takes part in one history after the other, until it is cancelled. */
static int
act(void *arg)
{
    struct actor *me = arg;
    for (unsigned last = atomic_load(&round_); await_round(me, last); ++last) {
        unsigned n = 2 + chance(&me->chance, MOST_EACH - 2);
        while (me->n < n) {
            me->turn.last = me->n + 1 == n;
            do_something(me);
            dally(me);
        }
        atomic_fetch_add(&finished, 1);
    }
    return 0;
}

static void
gather(void)
{
    for (unsigned i = 0; i < TASKS; ++i)
        while (!atomic_load(&actors[i].here))
            filch_yield();
    for (unsigned i = 0; i <= TASKS; ++i) {
        actors[i].n = 0;
        actors[i].turn.holding = false;
        atomic_store(&actors[i].here, false);
    }
}

/* Where all wait for each other: somebody is cancelled. */
static void
help(void)
{
    struct actor *me = &actors[TASKS];
    unsigned victim = chance(&me->chance, TASKS);
    for (unsigned i = 0; i < me->n; ++i)
        if (me->ops[i].argument == victim)
            return;
    struct op op = {.verb = CANCEL, .argument = (uint8_t)victim};
    perform(me, &op);
    me->ops[me->n++] = op;
}

static void
await_all(void)
{
    filch_time patience = filch_after(FILCH_US(60));
    while (atomic_load(&finished) < TASKS) {
        filch_yield();
        if (filch_now() > patience) {
            help();
            patience = filch_after(FILCH_US(20));
        }
    }
    atomic_store(&finished, 0);
}

/* Those who were cancelled make room for others. */
static void
replace_cancelled(void)
{
    for (unsigned i = 0; i < TASKS; ++i) {
        struct actor *actor = &actors[i];
        bool cancelled = false;
        for (unsigned k = 0; k <= TASKS; ++k)
            for (unsigned j = 0; j < actors[k].n; ++j)
                cancelled |= actors[k].ops[j].verb == CANCEL &&
                             actors[k].ops[j].argument == i;
        if (cancelled) {
            EQ(0, join(actor->task));
            atomic_store(&actor->here, false);
            actor->task = spawn(act, actor);
        }
    }
}

/* --- Histories ----------------------------------------------------------- */

static void
collect(struct history *history)
{
    history->n = 0;
    for (unsigned i = 0; i <= TASKS; ++i)
        for (unsigned k = 0; k < actors[i].n; ++k)
            history->ops[history->n++] = actors[i].ops[k];
}

static void
record_one(struct history *history)
{
    gather();
    subject->make(&history->making, &actors[TASKS].chance);
    atomic_store(&moment, 0);
    atomic_fetch_add(&round_, 1);
    await_all();
    collect(history);
    replace_cancelled();
}

static void
count(const struct history *history, struct findings *findings)
{
    ++findings->histories;
    findings->calls += history->n;
    for (unsigned i = 0; i < history->n; ++i) {
        const struct op *op = &history->ops[i];
        findings->cancelled += op->status == ECANCELED;
        findings->timed_out += op->status == ETIMEDOUT;
        findings->overlapping += op->end - op->begin > 1;
    }
}

/* On a terminal, now and then. */
static void
show_progress(unsigned long done, unsigned long all)
{
    if (done % 1000 == 0 && all > 10000 && isatty(STDERR_FILENO))
        dprintf(STDERR_FILENO, "\r%-10s %7u %9lu of %lu ", subject->model->name,
                test_workers(), done, all);
    if (done == all && all > 10000 && isatty(STDERR_FILENO))
        dprintf(STDERR_FILENO, "\r");
}

static bool
judge(const struct history *history, bool shown, struct findings *findings)
{
    enum verdict verdict = check(subject->model, history);
    findings->undecided += verdict == UNDECIDED;
    if (verdict != NOT_LINEARIZABLE)
        return true;
    ++findings->failed;
    if (shown) {
        dprintf(STDERR_FILENO, "not linearizable: %s of ",
                subject->model->name);
        history_show(history);
    }
    return false;
}

static void
dismiss(void)
{
    for (unsigned i = 0; i < TASKS; ++i)
        OK(filch_cancel(actors[i].task));
    for (unsigned i = 0; i < TASKS; ++i)
        EQ(0, join(actors[i].task));
}

void
record(const struct subject *what, unsigned long histories, bool shown,
       struct findings *findings)
{
    struct history history;
    memset(findings, 0, sizeof *findings);
    subject = what;
    atomic_store(&finished, 0);
    for (unsigned i = 0; i <= TASKS; ++i)
        actors[i] =
            (struct actor){.number = i, .chance = test_seed() + 977 * i};
    for (unsigned i = 0; i < TASKS; ++i)
        actors[i].task = spawn(act, &actors[i]);
    do {
        record_one(&history);
        count(&history, findings);
        show_progress(findings->histories, histories);
    } while (judge(&history, shown, findings) &&
             findings->histories < histories);
    dismiss();
}
