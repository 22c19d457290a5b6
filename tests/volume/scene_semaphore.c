/*
 * A semaphore: never more inside than there are permits, and at the end all
 * permits are back. A permit that is given to a waiter who has just been
 * cancelled, or whose time has just run out, and that he does not pass on,
 * is missing then; or somebody waits for it for ever.
 */
#include "kit.h"

static filch_semaphore semaphore;
static struct troupe troupe;
static size_t permits;
static bool bounded;
static atomic_size_t inside;

static int
take(struct actor *me)
{
    switch (chance(&me->chance, 5)) {
    case 0:
        return filch_semaphore_try_acquire(&semaphore);
    case 1:
        return filch_semaphore_acquire_until(&semaphore, soon(me));
    default:
        return filch_semaphore_acquire(&semaphore);
    }
}

/* Some more permits, not waiting for them: else all might wait for each
 * other. */
static size_t
take_more(struct actor *me)
{
    size_t more = chance(&me->chance, 3), got = 0;
    while (got < more && note(me, filch_semaphore_try_acquire(&semaphore)) == 0)
        ++got;
    return got;
}

static int
semaphore_turn(struct actor *me)
{
    int status = note(me, take(me));
    if (status)
        return status == ECANCELED ? ECANCELED : 0;
    size_t n = 1 + take_more(me);
    flow_in(&scene_semaphore.flow, n);
    CHECK(atomic_fetch_add(&inside, n) + n <= permits);
    dally(me);
    atomic_fetch_sub(&inside, n);
    flow_out(&scene_semaphore.flow, n);
    return note(me, filch_semaphore_release(&semaphore, n));
}

static void
semaphore_open(uint64_t *state)
{
    static const size_t sizes[] = {1, 1, 2, 3, 7};
    permits = sizes[chance(state, 5)];
    atomic_store(&scene_semaphore.flow.most, permits);
    bounded = chance(state, 2);
    OK((bounded ? filch_semaphore_init_bounded
                : filch_semaphore_init)(&semaphore, permits));
    troupe_start(&troupe, &scene_semaphore.tally, semaphore_turn,
                 2 + chance(state, 8), chance(state, 3));
}

static void
semaphore_close(uint64_t *state)
{
    (void)state;
    troupe_end(&troupe);
    EQ(0, atomic_load(&inside));
    flow_is_even(&scene_semaphore.flow);
    EQ(permits, filch_semaphore_value(&semaphore));
    if (bounded)
        FAILS(EOVERFLOW, filch_semaphore_release(&semaphore, 1));
    OK(filch_semaphore_destroy(&semaphore));
}

struct scene scene_semaphore = {"semaphore",
                                semaphore_open,
                                semaphore_close,
                                {{0}, ULONG_MAX, FILCH_EVENT_INIT},
                                .flow = {.what = "permits"}};
