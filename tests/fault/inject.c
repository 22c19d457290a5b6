#include "inject.h"
#include "os/os.h"
#include "system.h"

#include <linux/membarrier.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REAL(type, name, ...)                                                  \
    type __real_##name(__VA_ARGS__);                                           \
    type __wrap_##name(__VA_ARGS__);                                           \
    type __wrap_##name(__VA_ARGS__)

long __real_syscall(long number, ...);

#define GUARD_INSTALL 102 /* MADV_GUARD_INSTALL, Linux 6.13 */

enum mode { NEVER, ONCE, FROM, CHANCE };

static atomic_int mode;
static atomic_uint points, failed, nth;
static atomic_int mappings;
static atomic_bool old_kernel;
static void (*_Atomic before_fence)(void);
static void (*_Atomic before_guard)(void);
static _Thread_local uint64_t dice;
static _Thread_local unsigned failed_here;

/* --- When ---------------------------------------------------------------- */

static void
begin(enum mode how, unsigned n)
{
    atomic_store(&points, 0);
    atomic_store(&failed, 0);
    atomic_store(&nth, n);
    atomic_store(&mode, (int)how);
}

void
fault_once(unsigned n)
{
    begin(ONCE, n);
}

void
fault_from(unsigned n)
{
    begin(FROM, n);
}

unsigned
fault_next(unsigned n)
{
    static uint64_t next;
    if (!UNDER_SANITIZER || getenv("THOROUGH"))
        return n + 1;
    if (!next)
        next = test_seed();
    return n + 1 + chance(&next, 12);
}

void
fault_by_chance(unsigned n)
{
    begin(CHANCE, n);
}

unsigned
fault_end(void)
{
    atomic_store(&mode, NEVER);
    return atomic_load(&failed);
}

bool
fault_is_on(void)
{
    return atomic_load(&mode) != NEVER;
}

unsigned
fault_here(void)
{
    return failed_here;
}

int
fault_mappings(void)
{
    return atomic_load(&mappings);
}

void
fault_old_kernel(bool old)
{
    atomic_store(&old_kernel, old);
}

void
fault_fences(void (*before)(void))
{
    atomic_store(&before_fence, before);
}

void
fault_guards(void (*before)(void))
{
    atomic_store(&before_guard, before);
}

uint32_t
fault_chance(uint32_t n)
{
    if (!dice)
        dice = (test_seed() + (uint64_t)__real_syscall(SYS_gettid)) * 2 + 1;
    dice = dice * 6364136223846793005 + 1442695040888963407; /* Knuth's */
    return (uint32_t)(dice >> 33) % n;
}

bool
fault_fails(void)
{
    int how = atomic_load(&mode);
    if (how == NEVER)
        return false;
    unsigned n = atomic_load(&nth), point = atomic_fetch_add(&points, 1);
    bool now = how == CHANCE ? fault_chance(n) == 0
               : how == ONCE ? point == n
                             : point >= n;
    if (now) {
        atomic_fetch_add(&failed, 1);
        ++failed_here;
    }
    return now;
}

/* Whether the kernel refuses a fence for others. Not for ever: who cancels
 * cannot do without, and asks again. */
static bool
refuses_fence(void)
{
    static atomic_uint refused;
    void (*before)(void) = atomic_load(&before_fence);
    if (before)
        before();
    return before || (fault_fails() && atomic_fetch_add(&refused, 1) % 4 != 3);
}

/* --- Memory -------------------------------------------------------------- */

static void *
none(void)
{
    errno = ENOMEM;
    return NULL;
}

REAL(void *, malloc, size_t size)
{
    system_enters(CALL_malloc);
    return fault_fails() ? none() : __real_malloc(size);
}

REAL(void *, calloc, size_t n, size_t size)
{
    system_enters(CALL_calloc);
    return fault_fails() ? none() : __real_calloc(n, size);
}

REAL(void *, realloc, void *block, size_t size)
{
    system_enters(CALL_realloc);
    return fault_fails() ? none() : __real_realloc(block, size);
}

REAL(void *, aligned_alloc, size_t alignment, size_t size)
{
    system_enters(CALL_aligned_alloc);
    return fault_fails() ? none() : __real_aligned_alloc(alignment, size);
}

REAL(int, fl_os_map, void **memory, size_t size)
{
    int error = fault_fails() ? ENOMEM : __real_fl_os_map(memory, size);
    atomic_fetch_add(&mappings, !error);
    return error;
}

REAL(void, fl_os_unmap, void *memory, size_t size)
{
    atomic_fetch_sub(&mappings, 1);
    __real_fl_os_unmap(memory, size);
}

REAL(int, fl_os_guard, const fl_os_range *ranges, unsigned n, unsigned *done)
{
    unsigned granted = 0;
    void (*before)(void) = atomic_load(&before_guard);
    if (before)
        before();
    while (granted < n && !fault_fails())
        ++granted;
    int error = __real_fl_os_guard(ranges, granted, done);
    return error || granted == n ? error : ENOMEM;
}

REAL(int, madvise, void *memory, size_t size, int advice)
{
    system_enters(CALL_madvise);
    if (atomic_load(&old_kernel) && advice == GUARD_INSTALL)
        return system_refuses(EINVAL);
    return __real_madvise(memory, size, advice);
}

/* --- Threads and signals ------------------------------------------------- */

REAL(int, pthread_create, pthread_t *thread, const pthread_attr_t *attributes,
     void *(*body)(void *), void *arg)
{
    system_enters(CALL_pthread_create);
    return fault_fails() ? EAGAIN
                         : __real_pthread_create(thread, attributes, body, arg);
}

REAL(int, pthread_attr_init, pthread_attr_t *attributes)
{
    return fault_fails() ? ENOMEM : __real_pthread_attr_init(attributes);
}

REAL(int, pthread_attr_setsigmask_np, pthread_attr_t *attributes,
     const sigset_t *mask)
{
    return fault_fails() ? ENOMEM
                         : __real_pthread_attr_setsigmask_np(attributes, mask);
}

REAL(int, pthread_attr_setaffinity_np, pthread_attr_t *attributes, size_t size,
     const cpu_set_t *cpus)
{
    return fault_fails()
               ? ENOMEM
               : __real_pthread_attr_setaffinity_np(attributes, size, cpus);
}

REAL(int, pthread_atfork, void (*prepare)(void), void (*parent)(void),
     void (*child)(void))
{
    return fault_fails() ? ENOMEM
                         : __real_pthread_atfork(prepare, parent, child);
}

REAL(int, sigaction, int number, const struct sigaction *action,
     struct sigaction *before)
{
    system_enters(CALL_sigaction);
    /* asking and putting back cannot fail */
    bool installs = action && (action->sa_flags & SA_ONSTACK);
    return installs && fault_fails() ? system_refuses(EINVAL)
                                     : __real_sigaction(number, action, before);
}

REAL(int, sigaltstack, const stack_t *stack, stack_t *before)
{
    system_enters(CALL_sigaltstack);
    /* a sanitizer has smaller ones for itself */
    bool installs = stack && stack->ss_size == 64 * 1024;
    return installs && fault_fails() ? system_refuses(ENOMEM)
                                     : __real_sigaltstack(stack, before);
}

/* Why a call of the kernel fails; 0: it does not. */
static int
refusal(long number, const long *a)
{
    bool old = atomic_load(&old_kernel);
    switch (number) {
    case SYS_membarrier:
        if (old)
            return ENOSYS;
        return a[0] == MEMBARRIER_CMD_PRIVATE_EXPEDITED && refuses_fence()
                   ? ENOMEM
                   : 0;
    case SYS_process_madvise:
        if ((int)a[0] < 0 && (old || fault_fails()))
            return EBADF; /* it does not know itself but by a descriptor */
        return old && a[3] == GUARD_INSTALL ? EINVAL : 0;
    case SYS_pidfd_open:
        return fault_fails() ? EMFILE : 0;
    default:
        return 0;
    }
}

/* Whether a signal that comes in it interrupts it. */
static bool
is_interrupted(enum system_call call)
{
    if (call == CALL_sys_nanosleep || call == CALL_sys_futex_wait)
        return system_interrupts(call);
    system_enters(call);
    return false;
}

long __wrap_syscall(long number, ...);

/* It takes six arguments, whether or not there are so many. */
__attribute__((no_sanitize("address"))) long
__wrap_syscall(long number, ...)
{
    long a[6];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 6; ++i)
        a[i] = va_arg(arguments, long);
    va_end(arguments);
    int error =
        is_interrupted(system_call_of(number, a)) ? EINTR : refusal(number, a);
    return error ? system_refuses(error)
                 : __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
