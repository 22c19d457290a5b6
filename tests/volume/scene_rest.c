/*
 * What else there is, so that nothing is missing where all is used at once:
 * barriers, timers, jobs and loops over ranges.
 */
#include "kit.h"

enum { LEAVES = 64 };

static struct troupe troupe;

/* --- A barrier for two --------------------------------------------------- */

struct meeting {
    filch_barrier barrier;
    atomic_uint indices; /* a bit for each that came through */
};

static int
meet(void *arg)
{
    struct meeting *meeting = arg;
    size_t index;
    OK(filch_barrier_wait(&meeting->barrier, &index));
    atomic_fetch_add(&meeting->indices, 1u << (4 * index));
    return 0;
}

/* Both come through, once they have come: who gives up comes again. */
static void
meet_somebody(struct actor *me)
{
    struct meeting meeting = {FILCH_BARRIER_INIT(2), 0};
    filch_task *other = spawn(meet, &meeting);
    size_t index;
    bool shielded = false;
    int status;
    while ((status = note(me, filch_barrier_wait_until(&meeting.barrier, &index,
                                                       soon(me))))) {
        CHECK(status == ETIMEDOUT || status == ECANCELED);
        if (status == ECANCELED && !shielded) {
            shielded = true;
            filch_shield_begin();
        }
    }
    atomic_fetch_add(&meeting.indices, 1u << (4 * index));
    if (!shielded)
        filch_shield_begin();
    EQ(0, join(other));
    filch_shield_end();
    EQ(0x11, atomic_load(&meeting.indices));
    OK(filch_barrier_destroy(&meeting.barrier));
}

/* --- Timers -------------------------------------------------------------- */

static void
fire(void *arg)
{
    (void)arg;
    flow_out(&scene_rest.flow, 1);
}

/* Each runs, or is kept from it. */
static void
arm_and_cancel(struct actor *me)
{
    filch_timer timer = FILCH_TIMER_INIT;
    flow_in(&scene_rest.flow, 1);
    OK(note(me, filch_call_later(&timer, FILCH_US(chance(&me->chance, 40)),
                                 fire, NULL)));
    dally(me);
    if (filch_timer_cancel(&timer))
        flow_out(&scene_rest.flow, 1);
    filch_shield_begin();
    OK(note(me, filch_timer_cancel_wait(&timer)));
    filch_shield_end();
}

/* --- Jobs ---------------------------------------------------------------- */

struct range {
    unsigned begin, end;
    atomic_uint *marks;
};

static int
mark(void *arg)
{
    struct range *range = arg;
    if (range->end - range->begin == 1) {
        atomic_fetch_add(&range->marks[range->begin], 1);
        return 0;
    }
    unsigned middle = (range->begin + range->end) / 2;
    struct range left = {range->begin, middle, range->marks};
    struct range right = {middle, range->end, range->marks};
    filch_job job;
    filch_fork(&job, mark, &left);
    OK(mark(&right));
    return filch_sync(&job);
}

static int
mark_range(size_t begin, size_t end, void *marks)
{
    for (size_t i = begin; i < end; ++i)
        atomic_fetch_add((atomic_uint *)marks + i, 1);
    return 0;
}

static void
mark_all_twice(struct actor *me)
{
    atomic_uint marks[LEAVES] = {0};
    struct range range = {0, LEAVES, marks};
    OK(note(me, mark(&range)));
    OK(note(me, filch_parallel_for(0, LEAVES, 4, mark_range, marks)));
    for (int i = 0; i < LEAVES; ++i)
        EQ(2, atomic_load(&marks[i]));
}

/* --- The scene ----------------------------------------------------------- */

static int
rest_turn(struct actor *me)
{
    switch (chance(&me->chance, 3)) {
    case 0:
        meet_somebody(me);
        break;
    case 1:
        arm_and_cancel(me);
        break;
    default:
        mark_all_twice(me);
    }
    return filch_cancelled() ? ECANCELED : 0;
}

static void
rest_open(uint64_t *state)
{
    troupe_start(&troupe, &scene_rest.tally, rest_turn, 1 + chance(state, 5),
                 0);
}

static void
rest_close(uint64_t *state)
{
    (void)state;
    troupe_end(&troupe);
    flow_is_even(&scene_rest.flow);
}

struct scene scene_rest = {"the rest",
                           rest_open,
                           rest_close,
                           {{0}, ULONG_MAX, FILCH_EVENT_INIT},
                           .flow = {.what = "timers", .most = MOST_PLACES}};
