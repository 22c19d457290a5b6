/*
 * The handler of memory faults, through which a stack overflow is explained.
 *
 * It is installed with the first runtime and taken away with the last; the one
 * found in place is called after it, so that a program's own handler, or a
 * sanitizer's, still works. One that the program installs meanwhile stays, also
 * where a runtime is started again: it may call this one, which it has found.
 */
#include "os/os.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#define SIGNALS 2

static const int numbers[SIGNALS] = {SIGSEGV, SIGBUS};
static struct sigaction before[SIGNALS];
static bool left[SIGNALS]; /* below one that the program has installed */
static bool (*explain_fault)(void *address);
static unsigned users;
static pthread_mutex_t users_lock = PTHREAD_MUTEX_INITIALIZER;

static bool
is_none(const struct sigaction *action)
{
    return !(action->sa_flags & SA_SIGINFO) &&
           (action->sa_handler == SIG_DFL || action->sa_handler == SIG_IGN);
}

/* As the kernel does before it calls a handler; when ours returns, it puts back
 * what was blocked before. */
static void
mask_as_for(const struct sigaction *handler, int number)
{
    sigset_t itself;
    sigemptyset(&itself);
    sigaddset(&itself, number);
    pthread_sigmask(SIG_BLOCK, &handler->sa_mask, NULL);
    if ((handler->sa_flags & SA_NODEFER) &&
        !sigismember(&handler->sa_mask, number)) {
        pthread_sigmask(SIG_UNBLOCK, &itself, NULL);
    }
}

/* Has the handler that was there before deal with the signal. */
static void
pass_on(int number, siginfo_t *info, void *context)
{
    struct sigaction *found = &before[number == SIGBUS], next = *found;
    if (next.sa_flags & (int)SA_RESETHAND) { /* once, as the kernel does */
        found->sa_handler = SIG_DFL;
        found->sa_flags = 0;
    }
    if (!is_none(&next)) {
        mask_as_for(&next, number);
    }
    if (next.sa_flags & SA_SIGINFO) {
        next.sa_sigaction(number, info, context);
    } else if (next.sa_handler != SIG_DFL && next.sa_handler != SIG_IGN) {
        next.sa_handler(number);
    } else if (info->si_code > 0) {
        /* the fault happens again when we return, and ends the program */
        signal(number, SIG_DFL);
    } else if (next.sa_handler == SIG_DFL) { /* somebody has sent it, once */
        signal(number, SIG_DFL);
        raise(number); /* it comes when we return */
    }
}

static void
on_fault(int number, siginfo_t *info, void *context)
{
    explain_fault(info->si_addr);
    pass_on(number, info, context);
}

static bool
is_ours(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == on_fault;
}

/* Puts the first `n` handlers back that were found. */
static void
put_back(int n)
{
    for (int i = 0; i < n; i++) {
        struct sigaction now;
        sigaction(numbers[i], NULL, &now);
        left[i] = !is_ours(&now);
        if (!left[i]) {
            sigaction(numbers[i], &before[i], NULL);
        }
    }
}

/* All of them, or none. */
static int
install(void)
{
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < SIGNALS; i++) {
        struct sigaction now;
        sigaction(numbers[i], NULL, &now);
        if (left[i] && !is_none(&now)) {
            continue; /* above it, it would call itself through that one */
        }
        before[i] = now; /* sooner than it is asked for */
        left[i] = false;
        if (sigaction(numbers[i], &action, NULL)) {
            int error = errno;
            put_back(i);
            return error;
        }
    }
    return 0;
}

int
fl_os_fault_install(bool (*explain)(void *address))
{
    int error = 0, saved = errno;
    pthread_mutex_lock(&users_lock);
    if (users == 0) {
        explain_fault = explain;
        error = install();
    }
    if (!error) {
        users++;
    }
    pthread_mutex_unlock(&users_lock);
    errno = saved;
    return error;
}

void
fl_os_fault_remove(void)
{
    int saved = errno;
    pthread_mutex_lock(&users_lock);
    if (--users == 0) {
        put_back(SIGNALS);
    }
    pthread_mutex_unlock(&users_lock);
    errno = saved;
}

int
fl_os_fault_stack(void **memory)
{
    int error = 0, saved = errno;
    stack_t stack = {.ss_size = (size_t)64 << 10};
    stack.ss_sp = malloc(stack.ss_size);
    if (!stack.ss_sp) {
        error = ENOMEM;
    } else if (sigaltstack(&stack, NULL)) {
        error = errno;
        free(stack.ss_sp);
    } else {
        *memory = stack.ss_sp;
    }
    errno = saved;
    return error;
}

void
fl_os_fault_stack_free(void *memory)
{
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    free(memory);
}
