/*
 * Objects with a fault in them, that shows now and then, stand in for those of
 * the library: the histories that are recorded of them give them away.
 */
#include "record.h"

enum { HISTORIES = 20000 }; /* at most; mostly some ten do */

static void (*genuine)(struct op *op, filch_time deadline);
static atomic_uint calls;

/* One call in five is one where the fault may show. */
static bool
is_faulty_now(void)
{
    return atomic_fetch_add(&calls, 1) % 5 == 0;
}

static void
is_found(const struct subject *subject,
         void (*perform)(struct op *, filch_time))
{
    struct subject faulty = *subject;
    struct findings found;
    genuine = subject->perform;
    faulty.perform = perform;
    record(&faulty, HISTORIES, false, &found);
    EQ(1, found.failed);
}

/* Makes another call than the one that is asked for. */
static void
substitute(struct op *op, enum verb verb, filch_time deadline)
{
    struct op other = *op;
    other.verb = (uint8_t)verb;
    genuine(&other, deadline);
    op->status = other.status;
    op->value = other.value;
}

/* --- A queue that swaps two items ---------------------------------------- */

/* The first goes to the end, if there is a second. */
static void
swap_and_get(struct op *op, filch_time deadline)
{
    struct op first = {.verb = GET_NOWAIT};
    genuine(&first, deadline);
    genuine(op, deadline);
    if (first.status == 0) {
        struct op back = {.verb = PUT_NOWAIT, .argument = first.value};
        genuine(&back, deadline);
    }
}

static void
perform_swapping(struct op *op, filch_time deadline)
{
    if (op->verb == GET_NOWAIT && is_faulty_now())
        swap_and_get(op, deadline);
    else
        genuine(op, deadline);
}

TASK_TEST(queue_that_swaps_two_items_is_found)
{
    is_found(&subject_queue, perform_swapping);
}

/* --- A queue that loses an item ------------------------------------------ */

static void
perform_losing(struct op *op, filch_time deadline)
{
    if (op->verb != PUT_NOWAIT || !is_faulty_now())
        genuine(op, deadline);
}

TASK_TEST(queue_that_loses_an_item_is_found)
{
    is_found(&subject_queue, perform_losing);
}

/* --- A lock that lets two in --------------------------------------------- */

static void
perform_admitting(struct op *op, filch_time deadline)
{
    if (op->verb != ACQUIRE || !is_faulty_now())
        genuine(op, deadline);
}

TASK_TEST(lock_that_lets_two_in_is_found)
{
    is_found(&subject_lock, perform_admitting);
}

TASK_TEST(lock_that_is_fair_and_lets_two_in_is_found)
{
    is_found(&subject_fair_lock, perform_admitting);
}

/* --- What does not wake, or wakes nobody --------------------------------- */

static void
perform_forgetting(struct op *op, filch_time deadline)
{
    bool wakes = op->verb == SET || op->verb == NOTIFY || op->verb == RELEASE;
    bool gives = wakes && (op->verb != RELEASE || op->argument > 0);
    if (!gives || !is_faulty_now())
        genuine(op, deadline);
}

TASK_TEST(event_that_forgets_a_set_is_found)
{
    is_found(&subject_event, perform_forgetting);
}

TASK_TEST(condition_that_forgets_a_notification_is_found)
{
    is_found(&subject_condition, perform_forgetting);
}

TASK_TEST(semaphore_that_forgets_a_permit_is_found)
{
    is_found(&subject_semaphore, perform_forgetting);
}

/* --- A cancel that does something ---------------------------------------- */

/* Who was cancelled has got a permit all the same, which is lost. */
static void
perform_taking(struct op *op, filch_time deadline)
{
    genuine(op, deadline);
    if (op->verb == ACQUIRE && op->status != 0) {
        struct op also = {.verb = TRY_ACQUIRE};
        genuine(&also, deadline);
    }
}

TASK_TEST(semaphore_whose_cancelled_waiters_take_permits_is_found)
{
    is_found(&subject_semaphore, perform_taking);
}

/* --- A queue that invents items ------------------------------------------ */

static void
perform_inventing(struct op *op, filch_time deadline)
{
    if (op->verb == GET_NOWAIT && is_faulty_now())
        substitute(op, SIZE, deadline);
    else
        genuine(op, deadline);
}

TASK_TEST(queue_that_gives_what_nobody_put_is_found)
{
    is_found(&subject_queue, perform_inventing);
}
