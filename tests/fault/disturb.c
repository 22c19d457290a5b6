/*
 * The clock that the library sees is the system's and `ahead` of it: it jumps,
 * as that of a machine that was suspended, and never goes back.
 */
#include "inject.h"
#include "os/os.h"

#include <sched.h>
#include <time.h>
#include <unistd.h>

#if UNDER_TSAN
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);
#endif

static atomic_bool disturbing, jumping;
static _Atomic filch_time ahead, most;
static atomic_uint disturbed;

void
disturb_begin(filch_time jump)
{
    atomic_store(&disturbed, 0);
    atomic_store(&most, jump);
    if (jump)
        atomic_store(&jumping, true);
    atomic_store(&disturbing, true);
}

void
disturb_end(void)
{
    atomic_store(&disturbing, false);
}

unsigned
disturb_count(void)
{
    return atomic_load(&disturbed);
}

/* --- One alone ----------------------------------------------------------- */

static atomic_int numbered; /* which disturbance; 0: none */
static atomic_uint numbers, chosen;

void
disturb_nth(enum disturbance what, unsigned n)
{
    atomic_store(&numbers, 0);
    atomic_store(&chosen, n);
    if (what == CLOCK_JUMP)
        atomic_store(&jumping, true);
    atomic_store(&numbered, what);
}

bool
disturb_is_on(void)
{
    return atomic_load(&numbered) != 0;
}

bool
disturb_over(void)
{
    atomic_store(&numbered, 0);
    return atomic_load(&numbers) > atomic_load(&chosen);
}

unsigned
disturb_next(unsigned n)
{
    static uint64_t next;
    if (n < (UNDER_SANITIZER ? 20 : 100) || getenv("THOROUGH"))
        return n + 1;
    if (!next)
        next = test_seed();
    return n + 1 + chance(&next, n / 4);
}

/* Whether it is the one to be disturbed. */
static bool
is_chosen(enum disturbance what)
{
    return atomic_load(&numbered) == (int)what &&
           atomic_fetch_add(&numbers, 1) == atomic_load(&chosen);
}

/* --- By chance ----------------------------------------------------------- */

/* Tests that know nothing of it are disturbed so: see fault.mk. */
__attribute__((constructor)) static void
begin_as_told(void)
{
    const char *jump = getenv("DISTURB_BY_US");
    if (jump)
        disturb_begin(FILCH_US(strtoll(jump, NULL, 10)));
}

/* True with a chance of one in n, while there is a disturbance. */
static bool
one_in(uint32_t n)
{
    if (!atomic_load(&disturbing))
        return false;
    return fault_chance(n) == 0;
}

/* A worker that wakes somebody as it switches, or as a task ends, still is on
 * the task's stack, but is the loop to the ThreadSanitizer: what is written here
 * would look like a race with what the task had there. */
static void
hide_from_tsan(bool hide)
{
#if UNDER_TSAN
    if (hide) {
        AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
        AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    } else {
        AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
        AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
    }
#else
    (void)hide;
#endif
}

static void
hold_up(void)
{
    struct timespec pause = {0, 1000L * fault_chance(300)};
    int saved = errno, state;
    atomic_fetch_add(&disturbed, 1);
    hide_from_tsan(true);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state); /* as the call is */
    nanosleep(&pause, NULL);
    pthread_setcancelstate(state, NULL);
    hide_from_tsan(false);
    errno = saved;
}

/* --- The clock ----------------------------------------------------------- */

filch_time __real_fl_os_now(void);
filch_time __wrap_fl_os_now(void);

filch_time
__wrap_fl_os_now(void)
{
    filch_time jump = atomic_load(&most);
    if (is_chosen(CLOCK_JUMP))
        atomic_fetch_add(&ahead, 2 * DISTURB_FAR);
    if (jump && one_in(200)) {
        uint64_t far = (uint64_t)fault_chance(1000) * (uint64_t)jump / 1000;
        atomic_fetch_add(&ahead, (filch_time)far);
    }
    /* in this order, so that it does not go back: `ahead` only grows */
    filch_time now = __real_fl_os_now();
    return now + atomic_load(&ahead);
}

filch_time __real_fl_os_ticked(void);
filch_time __wrap_fl_os_ticked(void);

filch_time
__wrap_fl_os_ticked(void)
{
    return __real_fl_os_ticked() + atomic_load(&ahead);
}

/* --- Waits and wakes ----------------------------------------------------- */

static _Thread_local atomic_uint *held_back;

void
disturb_hold_back(atomic_uint *held)
{
    held_back = held;
}

static int
hold_back(const fl_atomic32 *word, uint32_t expected)
{
    atomic_fetch_add(held_back, 1);
    while (fl_load_relaxed(word) == expected) /* orders nothing */
        sched_yield();
    return ETIMEDOUT;
}

int __real_fl_os_wait(fl_atomic32 *word, uint32_t expected,
                      filch_time deadline);
int __wrap_fl_os_wait(fl_atomic32 *word, uint32_t expected,
                      filch_time deadline);

/* Where the clock may jump, who sleeps does so bit by bit, and sees it. */
static int
wait_until(fl_atomic32 *word, uint32_t expected, filch_time deadline)
{
    if (deadline == FILCH_NEVER || !atomic_load(&jumping))
        return __real_fl_os_wait(word, expected, deadline);
    for (;;) {
        filch_time now = __real_fl_os_now(), soon = now + FILCH_MS(1);
        filch_time until = deadline - atomic_load(&ahead);
        bool last = until <= soon;
        int error = __real_fl_os_wait(word, expected, last ? until : soon);
        if (last || error != ETIMEDOUT)
            return error;
    }
}

static _Thread_local atomic_uint *rests, *waits;

void
disturb_count_rests(atomic_uint *counter)
{
    rests = counter;
}

void
disturb_count_waits(atomic_uint *counter)
{
    waits = counter;
}

static void
count(atomic_uint *counter)
{
    if (counter)
        atomic_fetch_add(counter, 1);
}

int
__wrap_fl_os_wait(fl_atomic32 *word, uint32_t expected, filch_time deadline)
{
    count(rests);
    count(waits);
    if (held_back && deadline != FILCH_NEVER)
        return hold_back(word, expected);
    if (is_chosen(EARLY_RETURN))
        return 0;
    if (one_in(4)) {
        atomic_fetch_add(&disturbed, 1);
        return 0;
    }
    if (one_in(8))
        hold_up();
    int error = wait_until(word, expected, deadline);
    if (one_in(8))
        hold_up();
    return error;
}

void __real_fl_os_wake(fl_atomic32 *word, unsigned n);
void __wrap_fl_os_wake(fl_atomic32 *word, unsigned n);

void
__wrap_fl_os_wake(fl_atomic32 *word, unsigned n)
{
    if (one_in(8) || is_chosen(LATE_WAKE))
        hold_up();
    __real_fl_os_wake(word, n);
}

void __real_fl_os_back_off(unsigned round);
void __wrap_fl_os_back_off(unsigned round);

void
__wrap_fl_os_back_off(unsigned round)
{
    count(rests);
    __real_fl_os_back_off(round);
}
