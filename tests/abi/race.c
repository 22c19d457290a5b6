/* A user's program with a data race: two tasks write without a lock. */
#include <filch.h>

static int counter;

static int
count(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10; ++i) {
        ++counter;
        filch_yield();
    }
    return 0;
}

static int
run(void *arg)
{
    filch_task *one, *other;
    (void)arg;
    if (filch_spawn(&one, count, NULL) != 0)
        return 1;
    if (filch_spawn(&other, count, NULL) != 0)
        return 1;
    filch_join(one, NULL);
    filch_join(other, NULL);
    return counter < 10;
}

int
main(void)
{
    return filch_run(NULL, run, NULL);
}
