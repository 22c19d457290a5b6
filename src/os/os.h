/*
 * The contract with the system: all that the library asks of it. Nothing above
 * this floor calls the kernel or pthreads by itself, so that a port or a fault
 * injector can stand here.
 *
 * Unless it says otherwise a function returns 0 or a positive errno value,
 * leaves errno alone, is no pthread cancellation point, and never gives EINTR.
 */
#ifndef FL_OS_H
#define FL_OS_H

#include "base/atomic.h"

#include <filch/time.h>
#include <pthread.h>
#include <stdio.h>

/* ---- clock ---- */

/* Nanoseconds on the monotonic clock. Never fails, never goes back. */
filch_time fl_os_now(void);

/* When the kernel's timer ticked last, some ms ago, on the same clock: an eighth of
 * what it costs to tell the time. */
filch_time fl_os_ticked(void);

/* ---- futex ---- */

/*
 * Sleeps while *word is `expected`, until fl_os_wake on it or until `deadline`
 * (FILCH_NEVER: for good). May return without cause: look again. ETIMEDOUT
 * only when the deadline has passed.
 */
int fl_os_wait(fl_atomic32 *word, uint32_t expected, filch_time deadline);

/*
 * Wakes up to `n` who sleep on *word. The word may be gone already: then this
 * does nothing, or wakes someone without cause.
 */
void fl_os_wake(fl_atomic32 *word, unsigned n);

/* Gives up the CPU, for `round` 0, 1, 2 … ever longer, up to 1 ms. */
void fl_os_back_off(unsigned round);

/* ---- memory ---- */

/* Address space that reads as zero and takes no memory until touched. */
int fl_os_map(void **memory, size_t size);
void fl_os_unmap(void *memory, size_t size);

/* A range of whole pages; laid out as an iovec. What follows takes some at
 * once, since a call of the kernel, and its word to the other CPUs, cost more
 * than what it does for one of them. */
typedef struct fl_os_range {
    void *base;
    size_t size;
} fl_os_range;

/*
 * Makes each range a guard: touching it is SIGSEGV. Without a mapping of its
 * own where the kernel can (Linux 6.13); elsewhere it costs two, and ENOMEM
 * means that vm.max_map_count is reached. *done: how many are guards now, the
 * first.
 */
int fl_os_guard(const fl_os_range *ranges, unsigned n, unsigned *done);

/* A hint that the ranges are touched soon: the kernel gives them their pages
 * now, which is cheaper than a fault for each. */
void fl_os_populate(const fl_os_range *ranges, unsigned n);

/* Gives the pages of the ranges back; they read as zero again. Keeps guards. */
void fl_os_discard(const fl_os_range *ranges, unsigned n);

/* Makes a range of a mapping as new for the sanitizers too. */
void fl_os_renew(void *memory, size_t size);

/* Bytes in a page. */
size_t fl_os_page(void);

/* ---- threads and CPUs ---- */

/* The CPUs that the calling thread may use; none if the kernel does not say. */
void fl_os_allowed(cpu_set_t *set);

/*
 * Starts a thread with all asynchronous signals blocked, on CPU number `cpu`
 * of those that are allowed (counted round), named `name`.
 */
int fl_os_thread_start(pthread_t *thread, const cpu_set_t *allowed,
                       unsigned cpu, const char *name, void *(*body)(void *),
                       void *arg);
void fl_os_thread_join(pthread_t thread);

/* Lets the calling thread run on all CPUs that are allowed. */
void fl_os_thread_roam(const cpu_set_t *allowed);

/*
 * CPUs that the process may use: by affinity and by the quotas of its cgroups,
 * parts counting as a whole. The second is the same, and the third the quotas
 * alone (UINT_MAX: none), for groups that are listed in the file `groups`, as
 * in /proc/self/cgroup, and lie under `root`; it may change errno.
 */
unsigned fl_os_cpus(void);
unsigned fl_os_cpus_by(const char *groups, const char *root);
unsigned fl_os_quota(const char *groups, const char *root);

/* Between these the calling thread cannot be cancelled by pthread_cancel: for
 * calls of libc that are cancellation points. */
int fl_os_no_cancel(void);
void fl_os_cancel_as_before(int state);

/* Where the calling thread's own stack lies. */
void fl_os_thread_stack(void **base, size_t *size);

/* The calling thread's errno; valid as long as the thread. */
int *fl_os_errno(void);

/* ---- files ---- */

/*
 * Opens a file to read, or one that is empty to write; NULL and errno where
 * that fails. What is done with the stream goes on after a signal, which libc's
 * own do not: one whose writing was interrupted drops what it had still to
 * write. All this is a pthread cancellation point.
 */
FILE *fl_os_open(const char *name, bool writes);

/* Writes all; fewer bytes and errno where that fails. Likewise. */
size_t fl_os_write(int file, const char *bytes, size_t size);

/* Writes to standard error; may be called in a signal handler. */
void fl_os_write_error(const char *text, size_t length);

/* ---- faults and forks ---- */

/*
 * While at least one is installed, `explain(address)` is called, on an
 * alternate stack, for a SIGSEGV or SIGBUS at that address; when it returns
 * false, or has said what it had to say, the handler found at the first
 * installation takes over, or the default ends the program. Needs
 * fl_os_fault_stack in each thread whose stack may overflow.
 */
int fl_os_fault_install(bool (*explain)(void *address));
void fl_os_fault_remove(void);

/* Gives the calling thread a signal stack, and takes it away again. Where that
 * fails *memory is left alone: to take NULL away does no harm. */
int fl_os_fault_stack(void **memory);
void fl_os_fault_stack_free(void *memory);

/* `child` is called in each forked child from now on; always the same one.
 * ENOMEM: it is not, and the next call tries again. */
int fl_os_on_fork(void (*child)(void));

/* Whether this is such a child: all threads but one are gone. */
bool fl_os_forked(void);

#endif
