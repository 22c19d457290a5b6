/*
 * An event that is set and cleared: while it is set nobody waits, so that each
 * set lets all go on who waited; and nobody goes on but by a set. Who was
 * overlooked by a set waits for ever, or is still there when it has returned.
 */
#include "kit.h"

static filch_event event;
static struct troupe waiters, setters;

/* Odd from before the event is set until after it is cleared. */
static atomic_ulong phase;

static int
wait_turn(struct actor *me)
{
    unsigned long before = atomic_load(&phase);
    flow_in(&scene_event.flow, 1);
    int status = chance(&me->chance, 4)
                     ? filch_event_wait(&event)
                     : filch_event_wait_until(&event, soon(me));
    flow_out(&scene_event.flow, 1);
    note(me, status);
    if (status == 0)
        CHECK(before % 2 == 1 || atomic_load(&phase) != before);
    if (status == 0)
        dally(me); /* else it might find the event set for ever */
    return status == ECANCELED ? ECANCELED : 0;
}

/* There is just one who sets and clears. */
static int
set_turn(struct actor *me)
{
    atomic_fetch_add(&phase, 1);
    filch_event_set(&event);
    OK(note(me, filch_event_destroy(&event))); /* EBUSY: somebody waits */
    CHECK(filch_event_is_set(&event));
    dally(me);
    filch_event_clear(&event);
    atomic_fetch_add(&phase, 1);
    note(me, 0);
    step_aside(me);
    return 0;
}

static void
event_open(uint64_t *state)
{
    bool by_thread = chance(state, 3) == 0;
    OK(filch_event_init(&event));
    troupe_start(&setters, &scene_event.tally, set_turn, !by_thread, by_thread);
    troupe_start(&waiters, &scene_event.tally, wait_turn, 2 + chance(state, 8),
                 chance(state, 3));
}

static void
event_close(uint64_t *state)
{
    (void)state;
    troupe_end(&waiters); /* which the setter lets go on */
    troupe_end(&setters);
    flow_is_even(&scene_event.flow);
    EQ(0, atomic_load(&phase) % 2);
    CHECK(!filch_event_is_set(&event));
    OK(filch_event_destroy(&event));
}

struct scene scene_event = {"event",
                            event_open,
                            event_close,
                            {{0}, ULONG_MAX, FILCH_EVENT_INIT},
                            .flow = {.what = "waits", .most = MOST_PLACES}};
