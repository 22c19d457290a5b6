#include "os/chaos.h"

#include "os/guard.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

bool fl_chaos_on;

static uint64_t seed;
static fl_atomic32 threads;

/* A thread's own: no address of it is kept across a suspension, since nothing
 * here suspends, and nothing here is inlined into what does. */
static __thread struct stream {
    uint64_t state;  /* 0: it has not begun */
    filch_time rest; /* until then it is not held for long */
} stream;

bool
fl_chaos_begin(uint64_t given)
{
    static fl_atomic32 guard;
    fl_guard_lock(&guard);
    bool begins = given && !fl_chaos_on;
    if (begins) {
        seed = given;
        fl_chaos_on = true;
    }
    fl_guard_unlock(&guard);
    return begins;
}

static uint64_t
next(void)
{
    if (stream.state == 0) {
        stream.state = fl_mix(seed + fl_add_acq_rel(&threads, 1u)) | 1;
    }
    stream.state += 0x9e3779b97f4a7c15;
    return fl_mix(stream.state);
}

FL_NOINLINE uint32_t
fl_chaos_draw(uint32_t n)
{
    return (uint32_t)(next() >> 32) % n;
}

/* ---- delays ---- */

static void
pause_for(uint32_t pauses)
{
    for (uint32_t i = 0; i < pauses; i++) {
        fl_pause();
    }
}

/* As fl_os_now, but unseen by the ThreadSanitizer, which has libc tell it what
 * is written: here that may be a stack that a task is about to have. */
static filch_time
now(void)
{
    struct timespec time;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
    return (filch_time)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Some 2 to 100 us, awake or not; then as long without. */
static void
hold_for_long(uint64_t chance)
{
    filch_time begun = now();
    if (begun < stream.rest) {
        return;
    }
    if (chance & 1) {
        filch_time until = begun + FILCH_US(2 + (chance >> 8) % 100);
        while (now() < until) {
            fl_pause();
        }
    } else {
        fl_os_back_off(chance & 2 ? 0 : 4 + (chance >> 8) % 3);
    }
    filch_time end = now();
    stream.rest = end + (end - begun);
}

FL_NOINLINE void
fl_chaos_disturb_at(uintptr_t place)
{
    uint64_t heat = fl_mix(seed ^ (place << 20)) % 8;
    uint64_t chance = next();
    uint64_t often = heat < 2 ? 4 : heat < 5 ? 64 : 1024;
    if (chance % often == 0) {
        hold_for_long(chance >> 16);
    } else if (chance % 32 == 1) {
        pause_for((uint32_t)(chance >> 8) % 64);
    }
}

FL_NOINLINE void
fl_chaos_disturb(void)
{
    /* relative, so that a place is the same in each run of a program */
    fl_chaos_disturb_at((uintptr_t)__builtin_return_address(0) -
                        (uintptr_t)fl_chaos_disturb);
}
