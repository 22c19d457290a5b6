#include "kit.h"

#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static filch_runtime *homes[MOST_RUNTIMES];
static unsigned n_homes;
static atomic_ulong progress; /* for the watch */
static atomic_uint births;

/* --- Counting ------------------------------------------------------------ */

void
tally_await(struct tally *tally, uint64_t n)
{
    unsigned long now = atomic_load(&tally->counts[OPERATIONS]);
    filch_event_clear(&tally->reached);
    atomic_store(&tally->goal, now + n);
    if (atomic_load(&tally->counts[OPERATIONS]) < now + n)
        OK(filch_event_wait(&tally->reached));
    atomic_store(&tally->goal, ULONG_MAX);
}

/* An actor counts for itself first, so that actors do not meet there. */
static void
hand_in(struct actor *me)
{
    struct tally *tally = me->troupe->tally;
    unsigned long before = 0;
    for (int i = COUNTS - 1; i >= 0; --i) {
        before = atomic_fetch_add(&tally->counts[i], me->counts[i]);
        atomic_fetch_add(&progress, me->counts[i]);
    }
    if (before + me->counts[OPERATIONS] >= atomic_load(&tally->goal))
        filch_event_set(&tally->reached);
    memset(me->counts, 0, sizeof me->counts);
}

int
note(struct actor *me, int status)
{
    ++me->counts[OPERATIONS];
    if (status == ECANCELED)
        ++me->counts[CANCELS];
    else if (status == ETIMEDOUT)
        ++me->counts[TIMEOUTS];
    else if (status != 0)
        ++me->counts[REFUSALS];
    return status;
}

/* --- Cancelling ---------------------------------------------------------- */

/* Who takes the handle out of the place cancels its task, and gives it back. */
static void
cancel_actor(void *arg)
{
    struct actor *actor = arg;
    filch_task *victim = atomic_exchange(&actor->victim, NULL);
    if (victim) {
        OK(filch_cancel(victim));
        filch_task_release(victim);
    }
}

void
troupe_cancel(struct troupe *troupe, unsigned number)
{
    cancel_actor(&troupe->actors[number]);
}

static void
cancel_anybody(struct troupe *troupe, uint64_t *state)
{
    if (troupe->tasks)
        troupe_cancel(troupe, chance(state, troupe->tasks));
}

/* What actors do to each other, and to themselves. */
static void
torment(struct actor *me)
{
    uint32_t what = chance(&me->chance, 64);
    if (what < 3)
        cancel_anybody(me->troupe, &me->chance);
    else if (what == 3 && !me->is_thread)
        OK(filch_call_later(NULL, FILCH_US(chance(&me->chance, 30)),
                            cancel_actor, me));
}

static void
pause_thread(long ns)
{
    nanosleep(&(struct timespec){0, ns}, NULL);
}

static void *
torment_in_thread(void *arg)
{
    struct troupe *troupe = arg;
    uint64_t state = test_seed() + atomic_fetch_add(&births, 1);
    while (!atomic_load(&troupe->over)) {
        cancel_anybody(troupe, &state);
        pause_thread(1000 * chance(&state, 60));
    }
    return NULL;
}

/* --- Actors -------------------------------------------------------------- */

/* A life of an actor: some turns. */
static int
live(void *arg)
{
    struct actor *me = arg;
    int status = 0;
    for (uint32_t n = 1 + chance(&me->chance, 60);
         n > 0 && !status && !atomic_load(&me->troupe->over); --n) {
        status = me->troupe->turn(me);
        torment(me);
    }
    hand_in(me);
    me->left = status && status != ECANCELED;
    return 0;
}

static void *
live_in_thread(void *arg)
{
    struct actor *me = arg;
    while (!atomic_load(&me->troupe->over) && !me->left)
        live(me);
    atomic_store(&me->gone, true);
    return NULL;
}

/* Fills a place for tasks, as long as one of them comes back. */
static int
fill_place(void *arg)
{
    struct actor *me = arg;
    while (!atomic_load(&me->troupe->over) && !me->left) {
        filch_task *task = spawn(live, me);
        atomic_store(&me->victim, filch_task_hold(task));
        EQ(0, join(task));
        filch_task_release(atomic_exchange(&me->victim, NULL));
    }
    atomic_store(&me->gone, true);
    return 0;
}

/* --- Troupes ------------------------------------------------------------- */

void
troupes_live_in(filch_runtime **runtimes, unsigned n)
{
    for (unsigned i = 0; i < n; ++i)
        homes[i] = runtimes[i];
    n_homes = n;
}

static void
start_actor(struct actor *me)
{
    if (me->is_thread)
        me->thread = thread_start(live_in_thread, me);
    else if (n_homes)
        OK(filch_submit(homes[me->number % n_homes], &me->agent, fill_place,
                        me));
    else
        me->agent = spawn(fill_place, me);
}

void
troupe_start(struct troupe *troupe, struct tally *tally, turn turn,
             unsigned tasks, unsigned threads)
{
    troupe->turn = turn;
    troupe->tally = tally;
    troupe->tasks = tasks;
    troupe->threads = threads;
    atomic_store(&troupe->over, false);
    for (unsigned i = 0; i < tasks + threads; ++i) {
        struct actor *me = &troupe->actors[i];
        me->troupe = troupe;
        me->number = i;
        me->is_thread = i >= tasks;
        me->left = false;
        atomic_store(&me->gone, false);
        me->chance = test_seed() + 977 * atomic_fetch_add(&births, 1);
    }
    for (unsigned i = 0; i < tasks + threads; ++i)
        start_actor(&troupe->actors[i]);
    troupe->tormentor = thread_start(torment_in_thread, troupe);
}

bool
troupe_is_gone(struct troupe *troupe)
{
    for (unsigned i = 0; i < troupe->tasks + troupe->threads; ++i)
        if (!atomic_load(&troupe->actors[i].gone))
            return false;
    return true;
}

/* A plain thread's end is awaited without holding up a worker. */
static void
await_thread(pthread_t thread)
{
    while (pthread_tryjoin_np(thread, NULL) == EBUSY)
        OK(filch_sleep(FILCH_US(20)));
}

void
troupe_await(struct troupe *troupe)
{
    for (unsigned i = 0; i < troupe->tasks; ++i)
        EQ(0, join(troupe->actors[i].agent));
    for (unsigned i = 0; i < troupe->threads; ++i)
        await_thread(troupe->actors[troupe->tasks + i].thread);
    atomic_store(&troupe->over, true);
    await_thread(troupe->tormentor);
}

void
troupe_end(struct troupe *troupe)
{
    atomic_store(&troupe->over, true);
    troupe_await(troupe);
}

/* --- For turns ----------------------------------------------------------- */

filch_time
soon(struct actor *me)
{
    uint32_t us = chance(&me->chance, 50);
    return us == 0 ? past() : filch_after(FILCH_US(us));
}

void
dally(struct actor *me)
{
    uint32_t how = chance(&me->chance, 32);
    if (how == 0)
        filch_sleep(FILCH_US(chance(&me->chance, 40)));
    else if (how < 8)
        step_aside(me);
}

void
step_aside(struct actor *me)
{
    if (me->is_thread)
        sched_yield();
    else
        filch_yield();
}

/* --- Scenes -------------------------------------------------------------- */

void
scene_play(struct scene *scene, uint64_t operations)
{
    uint64_t state = test_seed();
    uint32_t most = operations > 1000000 ? 50000 : 8000;
    atomic_ulong *made = &scene->tally.counts[OPERATIONS];
    uint64_t end = atomic_load(made) + operations;
    while (atomic_load(made) < end) {
        scene->open(&state);
        tally_await(&scene->tally, 100 + chance(&state, most));
        scene->close(&state);
    }
}

/* --- The watch ----------------------------------------------------------- */

/* Seconds. Linux 6.18 has let a process wait for CPUs for 34 s, where another
 * session's threads, and its own, yield often (docs/VERIFICATION.md). */
enum { PATIENCE = 120 };

static atomic_bool watching;
static pthread_t watcher;

/* Whether each thread runs, what it has run so far and where it sleeps, twice;
 * and where it stands, if there is a debugger. */
static void
show_threads(void)
{
    static const char script[] =
        "for again in 1 2; do sleep 1; for t in /proc/%d/task/*; do "
        "echo $(cut -d' ' -f1-3,14,15 $t/stat) of $(cat $t/schedstat) ns, "
        "at $(cat $t/wchan); done; done >&2 2>/dev/null; "
        "timeout 60 gdb -nx -batch -ex 'thread apply all backtrace 20' -p %d "
        ">&2 2>/dev/null";
    char command[sizeof script + 20];
    int self = (int)getpid();
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    snprintf(command, sizeof command, script, self, self);
    if (system(command))
        dprintf(STDERR_FILENO, "no debugger to say where they stand\n");
}

static void *
watch(void *arg)
{
    unsigned long seen = ULONG_MAX;
    for (int ticks = 0; atomic_load(&watching); ++ticks) {
        unsigned long now = atomic_load(&progress);
        if (now != seen)
            ticks = 0;
        seen = now;
        if (ticks >= PATIENCE * 20) {
            dprintf(STDERR_FILENO, "nothing goes on any more: (seed %llu)\n",
                    (unsigned long long)test_seed());
            filch_dump(stderr);
            show_threads();
            abort();
        }
        pause_thread(50000000);
    }
    return arg;
}

void
watch_begin(void)
{
    atomic_store(&watching, true);
    watcher = thread_start(watch, NULL);
}

void
watch_end(void)
{
    atomic_store(&watching, false);
    thread_join(watcher);
}
