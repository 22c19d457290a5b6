/*
 * Transfers between two accounts, with a deadlock.
 *
 * Each transfer holds both accounts' locks, and takes that of the account which
 * pays first. Two transfers in opposite directions can each hold the lock that
 * the other one wants. Mended, all take the locks in the same order.
 */
#include <filch.h>
#include <stddef.h>

enum { TRANSFERS = 5 };

struct account {
    filch_lock lock;
    long amount;
};

static struct account a = {FILCH_LOCK_INIT, 100}, b = {FILCH_LOCK_INIT, 100};

static void
transfer(struct account *from, struct account *to, long amount)
{
    struct account *first = from, *second = to;
#ifdef MENDED
    if (second < first) {
        first = to;
        second = from;
    }
#endif
    filch_lock_acquire(&first->lock);
    filch_lock_acquire(&second->lock);
    from->amount -= amount;
    to->amount += amount;
    filch_lock_release(&second->lock);
    filch_lock_release(&first->lock);
}

static int
pay_rent(void *arg)
{
    (void)arg;
    for (int i = 0; i < TRANSFERS; i++)
        transfer(&a, &b, 10);
    return 0;
}

static int
pay_wages(void *arg)
{
    (void)arg;
    for (int i = 0; i < TRANSFERS; i++)
        transfer(&b, &a, 10);
    return 0;
}

static int
run(void *arg)
{
    filch_task *tenant, *firm;
    int error = filch_spawn(&tenant, pay_rent, NULL);

    (void)arg;
    if (error)
        return error;
    error = filch_spawn(&firm, pay_wages, NULL);
    if (error)
        return error;
    filch_task_set_name(tenant, "tenant");
    filch_task_set_name(firm, "firm");
    filch_join(tenant, NULL);
    filch_join(firm, NULL);
    return a.amount != 100 || b.amount != 100;
}

int
main(void)
{
    return filch_run(NULL, run, NULL);
}
