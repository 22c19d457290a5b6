/* Who sleeps, and who keeps watch: as src/sched/idle.c and watch.c. */
#include "world.h"

enum { GLANCES = 64 }; /* that are taken to happen at one instant */

static void begin_look(struct world *world, actor *actor);
static void nap_is_over(struct world *world, actor *actor);
static void begin_nap(struct world *world, actor *actor);

static instant
pass_idle_guard(struct world *world, const worker *worker)
{
    return guard_pass(world, &world->idle_guard, worker->index, ns(10));
}

static void
go_on(struct world *world, worker *worker, void (*act)(struct world *, actor *),
      instant takes)
{
    worker->actor.act = act;
    world_in(world, &worker->actor, takes);
}

/* ---- waking ---- */

/* It sleeps, and runs soon; what that costs who wakes it. */
static instant
wake(struct world *world, worker *worker)
{
    if (!worker->asleep)
        return 0;
    worker->asleep = false;
    ++worker->wakes;
    go_on(world, worker, nap_is_over, ns(world->costs.wakes_after));
    return ns(world->costs.wake);
}

instant
watch_wake(struct world *world)
{
    return world->watch ? wake(world, world->watch) : 0;
}

/* When the first timer of `owner` is the watch's to see to. */
static instant
watched_from(const struct world *world, const worker *watch,
             const worker *owner)
{
    instant first = timers_earliest(&owner->timers);
    bool left = owner != watch && first < NEVER && !owner->asleep;
    return left ? first + ns(world->protocol.grace) : first;
}

/* ---- the watch and the sleepers ---- */

static void
add_sleeper(struct world *world, worker *worker)
{
    worker->sleeper = world->sleepers;
    world->sleepers = worker;
    ++world->sleeping;
}

static worker *
take_sleeper(struct world *world)
{
    worker *next = world->sleepers;
    if (next) {
        world->sleepers = next->sleeper;
        --world->sleeping;
    }
    return next;
}

static void
sleep_until_called(struct world *world, worker *worker)
{
    worker_turns_to(world, worker, ASLEEP);
    worker->asleep = true;
    world_at(world, &worker->actor, NEVER);
}

/* How long to leave others alone before it looks at them. */
static instant
first_nap(struct world *world, worker *worker)
{
    instant takes = world->clock - worker->stole_at;
    if (worker->stole) {
        bool vain =
            takes < ns((double)worker->stole * world->protocol.worth_each) ||
            takes < ns(world->protocol.worth_it);
        worker->stole = 0;
        worker->vain = vain ? worker->vain + 1 : 0;
        if (worker->vain > world->protocol.vain_most)
            worker->vain = world->protocol.vain_most;
    }
    return worker->vain ? ns(world->protocol.worth_it) << (worker->vain - 1)
                        : 0;
}

static void
keep_watch(struct world *world, worker *worker, instant takes)
{
    instant first = first_nap(world, worker);
    worker->looks = 0;
    worker->looks_until = 0;
    worker->napped = first;
    worker->length = first ? first : ns(world->protocol.nap_first);
    world->watch_until = 0;
    go_on(world, worker, first ? begin_nap : begin_look, takes);
}

void
worker_idles(struct world *world, actor *actor)
{
    worker *self = (worker *)actor, *watch = world->watch;
    instant takes = pass_idle_guard(world, self);
    worker_turns_to(world, self, WATCHING);
    if (watch && !watch->asleep) {
        add_sleeper(world, self);
        sleep_until_called(world, self);
        return;
    }
    if (watch)
        add_sleeper(world, watch);
    world->watch = self;
    keep_watch(world, self, takes);
}

/* Where there is more to take, a sleeper is woken to do it. */
static instant
wake_helper(struct world *world, worker *self, worker *victim)
{
    if (!world->protocol.help)
        return 0;
    if (!victim || deque_size(&victim->deque) < deque_size(&self->deque))
        victim = self;
    if (deque_size(&victim->deque) < world->protocol.help)
        return 0;
    worker *helper = take_sleeper(world);
    if (!helper)
        return 0;
    helper->victim = victim;
    return wake(world, helper);
}

static void
run_found(struct world *world, actor *actor)
{
    worker *self = (worker *)actor;
    worker_turns_to(world, self, SCHEDULING);
    worker_runs(world, self, self->found, 0);
}

/* Who was woken to take from there does so. */
static void
help(struct world *world, worker *self, worker *victim)
{
    instant takes = ns(2 * world->costs.line);
    instant busy = victim->deque.guard.free_at - world->clock;
    if (world->protocol.help_waits && deque_size(&victim->deque) && busy > 0) {
        self->victim = victim;
        worker_turns_to(world, self, WATCHING);
        go_on(world, self, nap_is_over, busy + ns(world->costs.contend / 2));
        return;
    }
    self->found = steal_half(world, self, victim, &takes);
    worker_turns_to(world, self, WAKING);
    if (!self->found) {
        go_on(world, self, worker_idles, takes);
        return;
    }
    takes += wake_helper(world, self, victim);
    go_on(world, self, run_found, takes);
}

/* The watch, or a sleeper, has woken. */
static void
nap_is_over(struct world *world, actor *actor)
{
    worker *self = (worker *)actor, *victim = self->victim;
    self->victim = NULL;
    if (world->watch == self) {
        worker_turns_to(world, self, WATCHING);
        self->asleep = false;
        world->watch_until = 0;
        go_on(world, self, begin_look, pass_idle_guard(world, self));
    } else if (victim) {
        help(world, self, victim);
    } else {
        sleep_until_called(world, self);
    }
}

static instant
hand_over_watch(struct world *world, worker *self)
{
    instant takes = pass_idle_guard(world, self);
    worker *next = take_sleeper(world);
    world->watch = next;
    if (!next)
        return takes;
    next->looks = 0;
    next->looks_until = 0;
    next->napped = 0;
    next->length = ns(world->protocol.nap_first);
    return takes + wake(world, next);
}

/* ---- looking ---- */

static void
nap(struct world *world, worker *self)
{
    bool others_sleep = world->sleeping + 1 == world->count;
    instant first = NEVER, until = NEVER;
    for (unsigned i = 0; i < world->count; ++i) {
        instant one = watched_from(world, self, &world->workers[i]);
        first = one < first ? one : first;
    }
    if (!others_sleep)
        until = world->clock + self->length;
    until = first < until ? first : until;
    instant most = ns(world->protocol.nap_last);
    self->napped = self->length;
    self->looks_until = 0;
    self->length = self->length < most / 2 ? 2 * self->length : most;

    if (worker_inject(world, self, true) || first <= world->clock) {
        go_on(world, self, begin_look, ns(world->costs.sleep));
        return;
    }
    world->watch_until = until;
    worker_turns_to(world, self, ASLEEP);
    self->asleep = true;
    ++self->naps;
    self->actor.act = nap_is_over;
    world_at(world, &self->actor,
             until == NEVER ? NEVER : until + ns(world->costs.slack));
}

static void
begin_nap(struct world *world, actor *actor)
{
    nap(world, (worker *)actor);
}

static void
run_due_timers(struct world *world, actor *actor)
{
    worker *self = (worker *)actor;
    instant takes = 0;
    worker_turns_to(world, self, SCHEDULING);
    for (unsigned i = 0; i < world->count; ++i) {
        worker *owner = &world->workers[i];
        instant from = owner == world->watch /* whom it has woken */
                           ? timers_earliest(&owner->timers)
                           : watched_from(world, self, owner);
        if (from <= world->clock)
            takes += timers_run(world, self, &owner->timers);
    }
    go_on(world, self, worker_finds, takes);
}

/* There is something to do: a fiber, or with NULL timers that are due. */
static void
leave_watch(struct world *world, worker *self, fiber *found, worker *victim,
            instant takes)
{
    self->found = found;
    worker_turns_to(world, self, WAKING);
    takes += hand_over_watch(world, self);
    takes += wake_helper(world, self, victim);
    go_on(world, self, found ? run_found : run_due_timers, takes);
}

/* Whether what it has seen needs to be seen once more before the next nap. */
static bool
looks_on(const struct world *world, worker *self)
{
    bool pays = self->looks_for <= self->napped / 4;
    if (self->looks_until == 0)
        self->looks_until = world->clock + (pays ? self->looks_for : 0);
    return world->clock < self->looks_until;
}

static void
look_in_vain(struct world *world, worker *self, instant takes)
{
    unsigned looks = self->looks++;
    if (looks < world->protocol.looks_spinning || looks_on(world, self))
        go_on(world, self, begin_look, takes + ns(world->costs.pauses));
    else
        nap(world, self);
}

/* Looks at some workers, one after the other. */
static void
look(struct world *world, actor *actor)
{
    worker *self = (worker *)actor;
    instant takes = 0;
    for (int i = 0; i < GLANCES && takes < ns(world->costs.line); ++i) {
        if (++self->visit > world->count) {
            look_in_vain(world, self, takes);
            return;
        }
        unsigned at =
            (world->stolen_from + self->first + self->visit) % world->count;
        if (at == (unsigned)self->index)
            continue;
        worker *victim = &world->workers[at];
        fiber *found = steal_look(world, self, victim, &takes);
        if (found) {
            leave_watch(world, self, found, victim, takes);
            return;
        }
    }
    go_on(world, self, look, takes);
}

static void
begin_look(struct world *world, actor *actor)
{
    worker *self = (worker *)actor;
    instant takes = ns(world->costs.clock), first = NEVER;
    if (self->pastime != WATCHING)
        worker_turns_to(world, self, WATCHING);
    struct inject *inject = worker_inject(world, self, true);
    if (inject) {
        fiber *found = worker_takes_injected(world, self, inject, &takes);
        leave_watch(world, self, found, NULL, takes);
        return;
    }
    for (unsigned i = 0; i < world->count; ++i) {
        const struct timers *timers = &world->workers[i].timers;
        instant one = watched_from(world, self, &world->workers[i]);
        first = one < first ? one : first;
        takes += ns(timers->changed > self->now ? world->costs.line
                                                : world->costs.glance_deadline);
    }
    self->now = world->clock;
    if (first <= world->clock) {
        leave_watch(world, self, NULL, NULL, takes);
        return;
    }
    self->looks_for = 0;
    self->visit = 0;
    self->first = world->protocol.looks_anywhere && world->count > 2
                      ? world_chance(world, world->count)
                      : 0;
    go_on(world, self, look, takes);
}
