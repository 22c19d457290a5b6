/*
 * The watch: the one idle worker that looks for work, and what it does once it
 * has found some; see the head of idle.c.
 */
#include "sched/idle.h"

#include "sched/chaos.h"
#include "sched/seeded.h"

#ifndef LOOKS_SPINNING
#define LOOKS_SPINNING 16
#endif
#ifndef LOOKS_MOST
#define LOOKS_MOST 64 /* after a nap, where pauses are short */
#endif
#define PAUSES 64 /* between two looks, some 1.5 us */
#define NAP_FIRST FILCH_US(50)
#define WORTH_EACH 250 /* ns a task: what it costs two CPUs to move one */
#define WORTH_IT fl_patience(FILCH_US(12)) /* and to interrupt one for it */
#define VAIN_MOST 6 /* so the first nap is 400 us at most, or FL_NAP_LAST */
#define VAIN_FOR FILCH_MS(10) /* without a steal, and it is forgotten */

/* So soon another, if it was woken, has not done anything that was worth it. */
#define BRIEF fl_patience(FILCH_US(50))

/* ---- looking ---- */

/* Whom it has woken just now is awake, but not to run its timers. */
static void
run_due_timers(fl_worker *worker, const fl_worker *woken)
{
    filch_runtime *runtime = worker->runtime;
    filch_time now = fl_os_now();
    for (unsigned i = 0; i < runtime->count; i++) {
        const fl_worker *owner = &runtime->workers[i];
        filch_time grace = owner == woken ? 0 : fl_grace(worker, owner);
        if (fl_timers_earliest(owner->timers) <= now - grace) {
            fl_timers_run(worker, owner->timers);
        }
    }
}

/* Whether timers are due; it leaves the watch for nothing less. */
static bool
are_timers_due(const fl_worker *watch)
{
    const filch_runtime *runtime = watch->runtime;
    filch_time now = fl_os_now();
    for (unsigned i = 0; i < runtime->count; i++) {
        const fl_worker *owner = &runtime->workers[i];
        filch_time then = now - fl_grace(watch, owner);
        if (fl_timers_earliest(owner->timers) <= then &&
            fl_timers_any_due(owner->timers, then)) {
            return true;
        }
    }
    return false;
}

/* Whether there is something to do: *work, stolen from *victim, if not NULL, or
 * with *work NULL timers that are due. */
static bool
look(fl_worker *worker, fl_work **work, fl_worker **victim)
{
    worker->looks_for = 0;
    if (fl_inject_count(&worker->runtime->inject) &&
        (*work = fl_find_injected(worker))) {
        return true;
    }
    if (are_timers_due(worker)) {
        return true;
    }
    *work = fl_steal(worker, victim);
    return *work != NULL;
}

void
fl_begin_theft(fl_worker *worker, uint32_t n)
{
    struct fl_theft *theft = &worker->theft;
    theft->n = n;
    theft->at = fl_os_now();
    theft->switches = fl_load_relaxed(&worker->stats.switches);
    theft->first = 0;
    theft->begins = true;
}

/* Whether it tells by how long that took: not if it is a tree, of which all else
 * that came up since may be a part. */
void
fl_weigh_theft(fl_worker *worker)
{
    struct fl_theft *theft = &worker->theft;
    theft->begins = false;
    if (theft->switches == fl_load_relaxed(&worker->stats.switches)) {
        theft->first = fl_os_now() - theft->at;
    }
}

/* Whether what it has stolen was done sooner than stolen. The thief may have been kept
 * busy since by whoever waited for that, and came along: then how long the first of it
 * has run says more, if that is known. */
static bool
was_vain(const struct fl_theft *theft)
{
    filch_time n = theft->n, took = fl_os_now() - theft->at;
    if (theft->first && n * theft->first < took) {
        took = n * theft->first;
    }
    return took < n * WORTH_EACH || took < WORTH_IT;
}

/* How long to leave others alone before it looks at them: not at all, unless
 * what it stole was not worth it, again and again. */
static filch_time
first_nap(fl_worker *worker)
{
    struct fl_theft *theft = &worker->theft;
    if (theft->n) {
        bool most = theft->vain == VAIN_MOST;
        theft->vain = !was_vain(theft) ? 0 : theft->vain + !most;
        theft->n = 0;
    } else if (theft->vain && fl_os_now() - theft->at > VAIN_FOR) {
        theft->vain = 0;
    }
    filch_time nap = WORTH_IT << theft->vain >> 1;
    return !theft->vain ? 0 : nap < FL_NAP_LAST ? nap : FL_NAP_LAST;
}

void
fl_stole_in_vain(fl_worker *worker)
{
    if (worker->theft.n == 0) { /* else it stole others, too */
        fl_begin_theft(worker, VAIN_FOR / WORTH_EACH);
        worker->theft.begins = false;
    }
}

/* What the watch has done since its last nap. */
struct vigil {
    unsigned looks, spins; /* that it took; that it takes at least */
    filch_time napped;     /* how long that nap was, or the first is to be */
    filch_time until;      /* when it can tell, as of the first look; or 0 */
};

/* Whether what it has seen needs to be seen once more before it naps again: else it
 * would never know that from what comes and goes between two naps, if those are
 * much longer; as the longest are wherever a steal costs the most. */
static bool
cannot_tell(const fl_worker *worker, struct vigil *vigil)
{
    filch_time now = fl_os_now();
    if (vigil->until == 0) {
        bool pays = worker->looks_for <= vigil->napped / 4;
        vigil->until = pays ? now + worker->looks_for : now;
    }
    return now < vigil->until && vigil->looks < LOOKS_MOST;
}

static bool
stays_awake(const fl_worker *worker, struct vigil *vigil)
{
    vigil->looks++;
    return (vigil->looks <= vigil->spins || cannot_tell(worker, vigil)) &&
           !fl_chaos_chance(8);
}

/* Until there is something to do, as look says; false when relieved or to
 * quit. */
static bool
keep_watch(fl_worker *worker, fl_work **work, fl_worker **victim)
{
    filch_time first = first_nap(worker), length = first ? first : NAP_FIRST;
    struct vigil vigil = {.spins = worker->unhurried ? 0 : LOOKS_SPINNING,
                          .napped = length};
    *work = NULL;
    if (first && !fl_nap(worker, first)) {
        return false;
    }
    while (!fl_quits(worker)) {
        fl_chaos_assert(fl_load_seq_cst(&worker->runtime->watch) ==
                        (void *)worker);
        if (look(worker, work, victim)) {
            return true;
        }
        if (stays_awake(worker, &vigil)) {
            for (int i = 0; i < PAUSES; i++) {
                fl_pause();
            }
            continue;
        }
        if (!fl_nap(worker, length)) {
            return false;
        }
        vigil = (struct vigil){.napped = length};
        length = length < FL_NAP_LAST / 2 ? length * 2 : FL_NAP_LAST;
    }
    return false;
}

/* ---- idle ---- */

/* It is idle: the watch, or a sleeper (false). */
static bool
take_watch(fl_worker *worker)
{
    if (worker->left_at) {
        worker->brief = fl_os_now() - worker->left_at < BRIEF;
        worker->left_at = 0;
        if (worker->brief) {
            fl_store_relaxed(&worker->stands_in, 1u);
        } else {
            worker->unhurried = false;
        }
    }
    return fl_take_watch(worker);
}

/* What the watch does, once it has something to do. */
static fl_work *
leave_watch(fl_worker *worker, fl_work *work, fl_worker *victim)
{
    fl_chaos();
    fl_worker *woken = fl_hand_over_watch(worker, !victim && worker->brief);
    worker->left_at = victim ? 0 : fl_os_now();
    worker->unhurried = !work;
    if (!work) {
        /* not as the watch: a callback may take its time */
        run_due_timers(worker, woken);
        return fl_find(worker);
    }
    fl_call_helper(worker, victim);
    return work;
}

static fl_work *
help(fl_worker *worker, fl_worker *victim)
{
    fl_work *work = fl_steal_from(worker, victim);
    if (work) {
        fl_call_helper(worker, victim);
    }
    return work;
}

/* What is in its deque although it has found none there: a thief whose fence
 * has failed gives back what it had claimed. What is empty when no thief is there
 * stays so, since nobody else pushes. */
static fl_work *
find_given_back(fl_worker *worker)
{
    fl_deque *deque = &worker->deque;
    fl_work *work = NULL;
    bool any = true;
    while (any && !work) {
        any = fl_deque_has_any(deque);
        work = any ? fl_deque_pop(deque) : NULL;
    }
    return work;
}

fl_work *
fl_idle(fl_worker *worker)
{
    if (worker->runtime->seeded) {
        return fl_seeded_idle(worker);
    }
    worker->idled = true;
    worker->ready.streak = worker->ready.streak_from; /* nobody has waited */
    fl_work *work = find_given_back(worker);
    bool watching = !work && take_watch(worker);
    while (!work) {
        fl_worker *victim = watching ? NULL : fl_sleep_until_called(worker);
        if (fl_quits(worker)) {
            return NULL;
        }
        if (victim) {
            work = help(worker, victim);
        } else {
            watching = keep_watch(worker, &work, &victim);
            if (!watching) {
                continue;
            }
            work = leave_watch(worker, work, victim);
        }
        work = work ? work : find_given_back(worker);
        watching = !work && take_watch(worker);
    }
    return work;
}
