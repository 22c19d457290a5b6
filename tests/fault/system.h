/*
 * The calls by which the library may enter the kernel, all of them: libc's, and
 * those that it makes by syscall(2). What stands in for each can have a signal
 * come in it. (tests/fault/system.sh looks whether the library makes others.)
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include "inject.h"

/* In the order of the files that stand in for them. */
#define SYSTEM_CALLS(CALL)                                                     \
    CALL(malloc)                                                               \
    CALL(calloc)                                                               \
    CALL(realloc)                                                              \
    CALL(aligned_alloc)                                                        \
    CALL(madvise)                                                              \
    CALL(pthread_create)                                                       \
    CALL(sigaction)                                                            \
    CALL(sigaltstack)                                                          \
    CALL(sys_membarrier)                                                       \
    CALL(sys_process_madvise)                                                  \
    CALL(sys_pidfd_open)                                                       \
    CALL(sys_close)                                                            \
    CALL(sys_mmap)                                                             \
    CALL(sys_nanosleep)                                                        \
    CALL(sys_clock_gettime)                                                    \
    CALL(sys_futex_wait)                                                       \
    CALL(sys_futex_wake)                                                       \
    CALL(open)                                                                 \
    CALL(read)                                                                 \
    CALL(write)                                                                \
    CALL(close)                                                                \
    CALL(fprintf)                                                              \
    CALL(fputc)                                                                \
    CALL(fputs)                                                                \
    CALL(mmap)                                                                 \
    CALL(munmap)                                                               \
    CALL(mprotect)                                                             \
    CALL(clock_gettime)                                                        \
    CALL(getpid)                                                               \
    CALL(sysconf)                                                              \
    CALL(sched_yield)                                                          \
    CALL(sched_getaffinity)                                                    \
    CALL(sched_setaffinity)                                                    \
    CALL(pthread_join)                                                         \
    CALL(pthread_setname_np)                                                   \
    CALL(pthread_getattr_np)                                                   \
    CALL(pthread_mutex_lock)                                                   \
    CALL(pthread_mutex_unlock)                                                 \
    CALL(signal)                                                               \
    CALL(raise)                                                                \
    CALL(abort)

#define CALL_OF_(name) CALL_##name,
enum system_call { SYSTEM_CALLS(CALL_OF_) SYSTEM_CALL_COUNT };

extern const char *const system_call_names[];

/*
 * From now on a signal, whose handler does not have calls restarted, comes in
 * each of these, of this process and its children. One that the kernel would
 * then interrupt is, every other time. A call of syscall(2) that is not listed
 * ends the process, as does a signal that does not come.
 */
void signals_begin(void);
void signals_end(void);

/* How many have come in that one. */
unsigned signals_in(enum system_call call);

/* --- For those who stand in ---------------------------------------------- */

/* The call is made: a signal may come. */
void system_enters(enum system_call call);

/* Likewise; true: the signal interrupts it, and it is to give EINTR. */
bool system_interrupts(enum system_call call);

/* The call of that number and first arguments. */
enum system_call system_call_of(long number, const long *arguments);

/* As a function that tells by errno. */
int system_refuses(int error);

#endif
