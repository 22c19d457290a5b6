/*
 * Two counters that sell seats, with a check that is stale when they act on it.
 *
 * Each looks whether there is a seat, and then takes one. The other one may have
 * taken the last in between; so more are sold than there are. Mended, each
 * believes the call that takes the seat, not the look before.
 */
#include <filch.h>
#include <stdatomic.h>
#include <stddef.h>

enum { SEATS = 20 };

static filch_queue seats = FILCH_QUEUE_INIT;
static atomic_int sold;

static int
sell(void *arg)
{
    void *seat;

    (void)arg;
    while (!filch_queue_empty(&seats)) {
#ifdef MENDED
        if (filch_queue_get_nowait(&seats, &seat))
            break;
#else
        filch_queue_get_nowait(&seats, &seat);
#endif
        atomic_fetch_add(&sold, 1);
    }
    return 0;
}

static int
run(void *arg)
{
    static char seat[SEATS];
    filch_task *left, *right;
    int error = 0;

    (void)arg;
    for (int i = 0; i < SEATS && !error; i++)
        error = filch_queue_put(&seats, &seat[i]);
    if (error || (error = filch_spawn(&left, sell, NULL)))
        return error;
    error = filch_spawn(&right, sell, NULL);
    if (error)
        return error;
    filch_task_set_name(left, "left");
    filch_task_set_name(right, "right");
    filch_join(left, NULL);
    filch_join(right, NULL);
    filch_queue_destroy(&seats);
    return atomic_load(&sold) != SEATS;
}

int
main(void)
{
    return filch_run(NULL, run, NULL);
}
