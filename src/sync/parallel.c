/*
 * A loop over ranges, by fork and sync.
 *
 * CONTRACT  See filch/job.h.
 * STATE     failed   the number of the lowest range known to have failed
 * PROTOCOL  The ranges are halved: the upper half is forked, the lower one run,
 *           until it is a single range. So a thief, which takes the oldest job,
 *           takes half of what is left. All lies in the callers' frames, a few
 *           for each halving.
 *           A range is skipped if a lower one has failed. So all that are lower
 *           than any that fails run, and the lowest failure is the same one
 *           however many workers there are.
 * MEMORY ORDER  `failed` is a hint: who reads it late runs a range more. The
 *           statuses come back through the jobs.
 * LAST TOUCH  Each sync; see sched/job.h.
 */
#include "sched/worker.h"

#include <errno.h>
#include <filch/job.h>
#include <filch/task.h>

#define RANGES_PER_WORKER 8

struct loop {
    int (*fn)(size_t begin, size_t end, void *arg);
    void *arg;
    size_t begin, end, grain;
    fl_atomic64 failed;
};

/* Ranges first, first + 1 … of a loop. */
struct part {
    struct loop *loop;
    size_t first, count;
};

static void
note_failure(struct loop *loop, uint64_t range)
{
    uint64_t lowest = fl_load_relaxed(&loop->failed);
    while (range < lowest && !fl_cas_acq_rel(&loop->failed, &lowest, range)) {
    }
}

static int
run_range(struct loop *loop, size_t range)
{
    size_t begin = loop->begin + range * loop->grain;
    size_t left = loop->end - begin;
    size_t size = left < loop->grain ? left : loop->grain;
    int status = loop->fn(begin, begin + size, loop->arg);
    if (status) {
        note_failure(loop, range);
    }
    return status;
}

static int
run_part(void *arg)
{
    const struct part *part = arg;
    size_t half = part->count / 2;
    if (part->first > fl_load_relaxed(&part->loop->failed)) {
        return 0;
    }
    if (half == 0) {
        return run_range(part->loop, part->first);
    }
    struct part low = {part->loop, part->first, half};
    struct part high = {part->loop, part->first + half, part->count - half};
    filch_job job;
    filch_fork(&job, run_part, &high);
    int low_status = run_part(&low);
    int high_status = filch_sync(&job);
    return low_status ? low_status : high_status;
}

static size_t
divide_up(size_t n, size_t by)
{
    return n / by + (n % by != 0);
}

/* Where nobody can help, all is one range. */
static size_t
choose_grain(size_t n)
{
    const fl_fiber *me = fl_me();
    if (me->kind > FL_JOB || me->barred) {
        return n;
    }
    return divide_up(n, (size_t)RANGES_PER_WORKER * me->worker->runtime->count);
}

int
filch_parallel_for(size_t begin, size_t end, size_t grain,
                   int (*fn)(size_t begin, size_t end, void *arg), void *arg)
{
    fl_fiber *me = fl_me_at("filch_parallel_for");
    if (!fn) {
        return EINVAL;
    }
    if (begin >= end) {
        return 0;
    }
    grain = grain ? grain : choose_grain(end - begin);
    struct loop loop = {fn, arg, begin, end, grain, UINT64_MAX};
    struct part all = {&loop, 0, divide_up(end - begin, grain)};
    uint16_t before = me->shield;
    if (me->kind <= FL_JOB) {
        me->shield |= FL_SHIELD_OF_JOB; /* as the ranges that are jobs are */
    }
    int status = run_part(&all);
    me->shield = before;
    return status;
}
