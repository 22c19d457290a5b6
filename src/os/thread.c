#include "os/os.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

void
fl_os_allowed(cpu_set_t *set)
{
    int saved = errno;
    if (sched_getaffinity(0, sizeof *set, set)) {
        CPU_ZERO(set);
    }
    errno = saved;
}

/* The set of just the nth allowed CPU, counted round. */
static bool
nth_of(const cpu_set_t *allowed, unsigned n, cpu_set_t *one)
{
    if (CPU_COUNT(allowed) == 0) {
        return false;
    }
    n %= (unsigned)CPU_COUNT(allowed);
    CPU_ZERO(one);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, allowed) && n-- == 0) {
            CPU_SET(cpu, one);
            return true;
        }
    }
    return false;
}

int
fl_os_no_cancel(void)
{
    int state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    return state;
}

void
fl_os_cancel_as_before(int state)
{
    pthread_setcancelstate(state, &state);
}

unsigned
fl_os_cpus_by(const char *groups, const char *root)
{
    int saved = errno, state = fl_os_no_cancel();
    cpu_set_t allowed;
    fl_os_allowed(&allowed);
    unsigned cpus = CPU_COUNT(&allowed) ? (unsigned)CPU_COUNT(&allowed) : 1;
    unsigned limit = fl_os_quota(groups, root);
    fl_os_cancel_as_before(state);
    errno = saved;
    return limit < cpus ? limit : cpus;
}

unsigned
fl_os_cpus(void)
{
    return fl_os_cpus_by("/proc/self/cgroup", "/sys/fs/cgroup");
}

/*
 * The attributes of a worker: one CPU to begin on, since the kernel leaves a
 * new thread on its creator's CPU for a long while, and asynchronous signals
 * blocked, since they are the program's business. A fault's signal must stay
 * open.
 */
static int
set_attributes(pthread_attr_t *attributes, const cpu_set_t *allowed,
               unsigned cpu)
{
    sigset_t blocked;
    cpu_set_t one;
    sigfillset(&blocked);
    sigdelset(&blocked, SIGSEGV);
    sigdelset(&blocked, SIGBUS);
    sigdelset(&blocked, SIGFPE);
    sigdelset(&blocked, SIGILL);
    sigdelset(&blocked, SIGTRAP);
    sigdelset(&blocked, SIGABRT);
    sigdelset(&blocked, SIGSYS);
    int error = pthread_attr_setsigmask_np(attributes, &blocked);
    if (!error && allowed && nth_of(allowed, cpu, &one)) {
        error = pthread_attr_setaffinity_np(attributes, sizeof one, &one);
    }
    return error;
}

/* On the CPU of that number; with NULL for those allowed on any. */
static int
create(pthread_t *thread, const cpu_set_t *allowed, unsigned cpu,
       void *(*body)(void *), void *arg)
{
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error) {
        return error;
    }
    error = set_attributes(&attributes, allowed, cpu);
    if (!error) {
        error = pthread_create(thread, &attributes, body, arg);
    }
    pthread_attr_destroy(&attributes);
    return error;
}

int
fl_os_thread_start(pthread_t *thread, const cpu_set_t *allowed, unsigned cpu,
                   const char *name, void *(*body)(void *), void *arg)
{
    int saved = errno;
    int error = create(thread, allowed, cpu, body, arg);
    if (error && error != EAGAIN && error != ENOMEM) {
        /* a filter of system calls may forbid to choose a CPU */
        error = create(thread, NULL, 0, body, arg) ? EAGAIN : 0;
    }
    if (!error) {
        char shortened[16];
        snprintf(shortened, sizeof shortened, "%s", name);
        pthread_setname_np(*thread, shortened);
    }
    errno = saved;
    return error;
}

void
fl_os_thread_join(pthread_t thread)
{
    int state = fl_os_no_cancel();
    pthread_join(thread, NULL);
    fl_os_cancel_as_before(state);
}

void
fl_os_thread_roam(const cpu_set_t *allowed)
{
    int saved = errno;
    sched_setaffinity(0, sizeof *allowed, allowed);
    errno = saved;
}

void
fl_os_thread_stack(void **base, size_t *size)
{
    int saved = errno;
    pthread_attr_t attributes;
    *base = NULL;
    *size = 0;
    if (!pthread_getattr_np(pthread_self(), &attributes)) {
        pthread_attr_getstack(&attributes, base, size);
        pthread_attr_destroy(&attributes);
    }
    errno = saved;
}

int *
fl_os_errno(void)
{
    return &errno;
}

static fl_atomic32 forked;
static void (*call_in_child)(void);

static void
in_child(void)
{
    fl_store_relaxed(&forked, 1u);
    call_in_child();
}

bool
fl_os_forked(void)
{
    return fl_load_relaxed(&forked);
}

int
fl_os_on_fork(void (*child)(void))
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool watching; /* lock */
    int error = 0;
    pthread_mutex_lock(&lock);
    if (!watching) {
        call_in_child = child;
        error = pthread_atfork(NULL, NULL, in_child);
        watching = !error;
    }
    pthread_mutex_unlock(&lock);
    return error;
}
