#include "system.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define REAL(type, name, ...)                                                  \
    type __real_##name(__VA_ARGS__);                                           \
    type __wrap_##name(__VA_ARGS__);                                           \
    type __wrap_##name(__VA_ARGS__)

#define NAME_OF(name) #name,
const char *const system_call_names[] = {SYSTEM_CALLS(NAME_OF)};

long __real_syscall(long number, ...);
int __real_sigaction(int number, const struct sigaction *action,
                     struct sigaction *before);
void *__real_mmap(void *memory, size_t size, int access, int flags, int file,
                  off_t offset);
_Noreturn void __real_abort(void);

/* --- Signals ------------------------------------------------------------- */

/* Shared with the children. */
static struct signals {
    atomic_bool on;
    atomic_uint in[SYSTEM_CALL_COUNT];
} * signals;

static _Thread_local volatile sig_atomic_t came;

static void
handle(int number)
{
    (void)number;
    came++;
}

void
signals_begin(void)
{
    struct sigaction action = {.sa_handler = handle}; /* no SA_RESTART */
    CHECK(__real_sigaction(SIGUSR1, &action, NULL) == 0);
    if (!signals)
        signals = __real_mmap(NULL, sizeof *signals, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(signals != MAP_FAILED);
    atomic_store(&signals->on, true);
}

void
signals_end(void)
{
    atomic_store(&signals->on, false);
}

unsigned
signals_in(enum system_call call)
{
    return atomic_load(&signals->in[call]);
}

static bool
is_on(void)
{
    return signals && atomic_load(&signals->on);
}

/* To the calling thread, whose mask, if it is a worker, keeps signals away. */
static void
send_signal(void)
{
    uint64_t one = 1ULL << (SIGUSR1 - 1), before;
    __real_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &one, &before, 8L);
    long process = __real_syscall(SYS_getpid);
    long thread = __real_syscall(SYS_gettid);
    __real_syscall(SYS_tgkill, process, thread, SIGUSR1);
    __real_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, (void *)NULL, 8L);
}

static void
give_up(const char *why, long number)
{
    dprintf(STDERR_FILENO, "%s in system call %ld\n", why, number);
    __real_abort();
}

/* The ThreadSanitizer keeps signals back for a while. */
static unsigned
enter(enum system_call call)
{
    int saved = errno, before = came;
    send_signal();
    errno = saved;
    if (came == before && !UNDER_TSAN)
        give_up("no signal came", call);
    return atomic_fetch_add(&signals->in[call], 1);
}

void
system_enters(enum system_call call)
{
    if (call < SYSTEM_CALL_COUNT && is_on())
        enter(call);
}

bool
system_interrupts(enum system_call call)
{
    return is_on() && enter(call) % 2 == 0;
}

int
system_refuses(int error)
{
    errno = error;
    return -1;
}

enum system_call
system_call_of(long number, const long *arguments)
{
    switch (number) {
    case SYS_membarrier:
        return CALL_sys_membarrier;
    case SYS_process_madvise:
        return CALL_sys_process_madvise;
    case SYS_pidfd_open:
        return CALL_sys_pidfd_open;
    case SYS_close:
        return CALL_sys_close;
    case SYS_mmap:
        return CALL_sys_mmap;
    case SYS_nanosleep:
        return CALL_sys_nanosleep;
    case SYS_clock_gettime:
        return CALL_sys_clock_gettime;
    case SYS_futex:
        return (arguments[1] & FUTEX_CMD_MASK) == FUTEX_WAKE
                   ? CALL_sys_futex_wake
                   : CALL_sys_futex_wait;
    default:
        if (is_on())
            give_up("what is not listed", number);
        return SYSTEM_CALL_COUNT;
    }
}

/* --- Files --------------------------------------------------------------- */

static int
open_error(void)
{
    return system_interrupts(CALL_open) ? EINTR : fault_fails() ? EMFILE : 0;
}

int __real_open(const char *name, int flags, ...);
int __wrap_open(const char *name, int flags, ...);

int
__wrap_open(const char *name, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    int mode = flags & O_CREAT ? va_arg(arguments, int) : 0;
    va_end(arguments);
    int error = open_error();
    return error ? system_refuses(error) : __real_open(name, flags, mode);
}

REAL(ssize_t, read, int file, void *bytes, size_t size)
{
    int error = system_interrupts(CALL_read) ? EINTR : fault_fails() ? EIO : 0;
    return error ? system_refuses(error) : __real_read(file, bytes, size);
}

REAL(ssize_t, write, int file, const void *bytes, size_t size)
{
    int error = system_interrupts(CALL_write) ? EINTR
                : fault_fails()               ? ENOSPC
                                              : 0;
    return error ? system_refuses(error) : __real_write(file, bytes, size);
}

/* The file is closed all the same. */
REAL(int, close, int file)
{
    int error = system_interrupts(CALL_close) ? EINTR : fault_fails() ? EIO : 0;
    int result = __real_close(file);
    return error ? system_refuses(error) : result;
}

REAL(FILE *, fopencookie, void *cookie, const char *mode,
     cookie_io_functions_t calls)
{
    if (fault_fails()) {
        errno = ENOMEM;
        return NULL;
    }
    return __real_fopencookie(cookie, mode, calls);
}

REAL(ssize_t, getline, char **line, size_t *size, FILE *in)
{
    return fault_fails() ? system_refuses(ENOMEM)
                         : __real_getline(line, size, in);
}

/* As which getline is compiled. */
REAL(ssize_t, __getdelim, char **line, size_t *size, int end, FILE *in)
{
    return fault_fails() ? system_refuses(ENOMEM)
                         : __real___getdelim(line, size, end, in);
}

REAL(char *, strdup, const char *text)
{
    if (fault_fails()) {
        errno = ENOMEM;
        return NULL;
    }
    return __real_strdup(text);
}

int __wrap_fprintf(FILE *out, const char *format, ...);

int
__wrap_fprintf(FILE *out, const char *format, ...)
{
    va_list arguments;
    system_enters(CALL_fprintf);
    va_start(arguments, format);
    int n = vfprintf(out, format, arguments);
    va_end(arguments);
    return n;
}

/* --- What is only told --------------------------------------------------- */

#define TOLD(type, name, parameters, arguments)                                \
    type __real_##name parameters;                                             \
    type __wrap_##name parameters;                                             \
    type __wrap_##name parameters                                              \
    {                                                                          \
        system_enters(CALL_##name);                                            \
        return __real_##name arguments;                                        \
    }

TOLD(int, fputc, (int letter, FILE *out), (letter, out))
TOLD(int, fputs, (const char *text, FILE *out), (text, out))
TOLD(void *, mmap,
     (void *memory, size_t size, int access, int flags, int file, off_t offset),
     (memory, size, access, flags, file, offset))
TOLD(int, munmap, (void *memory, size_t size), (memory, size))
TOLD(int, mprotect, (void *memory, size_t size, int access),
     (memory, size, access))
TOLD(int, clock_gettime, (clockid_t clock, struct timespec *time),
     (clock, time))
TOLD(pid_t, getpid, (void), ())
TOLD(long, sysconf, (int name), (name))
TOLD(int, sched_yield, (void), ())
TOLD(int, sched_getaffinity, (pid_t thread, size_t size, cpu_set_t *set),
     (thread, size, set))
TOLD(int, sched_setaffinity, (pid_t thread, size_t size, const cpu_set_t *set),
     (thread, size, set))
TOLD(int, pthread_join, (pthread_t thread, void **result), (thread, result))
TOLD(int, pthread_setname_np, (pthread_t thread, const char *name),
     (thread, name))
TOLD(int, pthread_getattr_np, (pthread_t thread, pthread_attr_t *attributes),
     (thread, attributes))
TOLD(int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
TOLD(int, pthread_mutex_unlock, (pthread_mutex_t * mutex), (mutex))
TOLD(int, raise, (int number), (number))

/* What gcov counts is lost else (tests/lanes/gcov.c). */
void __gcov_dump(void) __attribute__((weak));

static void
save_coverage(void)
{
    if (__gcov_dump)
        __gcov_dump();
}

typedef void (*handler)(int number);

REAL(handler, signal, int number, handler action)
{
    system_enters(CALL_signal);
    save_coverage();
    return __real_signal(number, action);
}

_Noreturn void __wrap_abort(void);

_Noreturn void
__wrap_abort(void)
{
    system_enters(CALL_abort);
    save_coverage();
    __real_abort();
}
