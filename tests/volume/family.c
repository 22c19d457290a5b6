#include "family.h"

/* --- Kids ---------------------------------------------------------------- */

static int
live(void *arg)
{
    struct kid *kid = arg;
    struct family *family = kid->family;
    int status = 0;
    atomic_fetch_add(&family->begun, 1);
    switch (kid->fate) {
    case FATE_FAIL:
        status = EIO;
        break;
    case FATE_YIELD:
        for (uint32_t i = 0; i < kid->number % 4; ++i)
            filch_yield();
        break;
    case FATE_SLEEP:
        status = filch_sleep(FILCH_US(kid->number % 30));
        break;
    case FATE_CANCEL:
        status = filch_sleep(FILCH_SEC(3600));
        break;
    default:
        break;
    }
    flow_out(family->flow, 1);
    return status;
}

void
kid_is_right(const struct kid *kid, int status)
{
    if (kid->fate == FATE_FAIL)
        EQ(EIO, status);
    else if (kid->fate == FATE_CANCEL)
        EQ(ECANCELED, status);
    else
        CHECK(status == 0 || status == ECANCELED);
}

void
some_kid_is_right(int status)
{
    CHECK(status == 0 || status == EIO || status == ECANCELED);
}

/* Lets a stranger have a handle, unless one still lies there. */
static void
leave_handle(struct family *family, filch_task *task)
{
    filch_task *none = NULL;
    filch_task *handle = filch_task_hold(task);
    if (atomic_compare_exchange_strong(&family->left_behind, &none, handle))
        atomic_fetch_add(&family->left, 1);
    else
        filch_task_release(handle);
}

static void
bear(struct actor *me, struct family *family, struct kid *kid)
{
    kid->family = family;
    kid->number = chance(&me->chance, 100);
    kid->fate = chance(&me->chance, FATES);
    flow_in(family->flow, 1);
    kid->task = spawn(live, kid);
    if (chance(&me->chance, 8) == 0)
        leave_handle(family, kid->task);
    if (kid->fate == FATE_CANCEL || chance(&me->chance, 8) == 0)
        OK(filch_cancel(kid->task));
}

size_t
kids_bear(struct actor *me, struct family *family, struct kid kids[MOST_KIDS])
{
    size_t n = 1 + chance(&me->chance, MOST_KIDS);
    for (size_t i = 0; i < n; ++i)
        bear(me, family, &kids[i]);
    return n;
}

/* --- Handles that were left ---------------------------------------------- */

filch_task *
family_take(struct family *family)
{
    filch_task *task = atomic_exchange(&family->left_behind, NULL);
    if (task)
        atomic_fetch_add(&family->taken, 1);
    return task;
}

void
family_is_even(struct family *family)
{
    filch_task *task = family_take(family);
    if (task)
        OK(filch_join(task, NULL));
    EQ(atomic_load(&family->flow->in), atomic_load(&family->begun));
    flow_is_even(family->flow);
    EQ(atomic_load(&family->left), atomic_load(&family->taken));
}
