#include "sched/clock.h"

#include "sched/seeded.h"

#define READS_MOST 1000u
#define READ_TAKES FILCH_US(1)

filch_time
fl_now_of(const filch_runtime *runtime)
{
    return runtime->seeded ? runtime->seeded->now : fl_os_now();
}

filch_time
fl_now(void)
{
    const fl_fiber *me = fl_me();
    return fl_is_seeded(me) ? me->worker->runtime->seeded->now : fl_os_now();
}

/* Who reads the clock again and again may wait for time to pass. */
static filch_time
read_seeded(fl_seeded *seeded)
{
    if (++seeded->reads > READS_MOST) {
        fl_seeded_pass(seeded, READ_TAKES);
    }
    return seeded->now;
}

filch_time
filch_now(void)
{
    if (fl_are_points()) {
        const fl_fiber *me = fl_me();
        if (fl_is_seeded(me)) {
            return read_seeded(me->worker->runtime->seeded);
        }
    }
    return fl_os_now();
}

filch_time
filch_after(filch_time ns)
{
    filch_time now = filch_now();
    return ns > FILCH_NEVER - now ? FILCH_NEVER : now + ns;
}
