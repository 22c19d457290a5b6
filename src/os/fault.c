/*
 * The handler of memory faults, through which a stack overflow is explained.
 *
 * It is installed with the first runtime and taken away with the last; the one
 * found in place is called after it, so that a program's own handler, or a
 * sanitizer's, still works.
 */
#include "os/os.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define SIGNALS 2

static const int numbers[SIGNALS] = {SIGSEGV, SIGBUS};
static struct sigaction before[SIGNALS];
static bool (*explain_fault)(void *address);
static unsigned users;
static pthread_mutex_t users_lock = PTHREAD_MUTEX_INITIALIZER;

/* Has the handler that was there before deal with the signal. */
static void
pass_on(int number, siginfo_t *info, void *context)
{
    struct sigaction *next = &before[number == SIGBUS];
    if (next->sa_flags & SA_SIGINFO) {
        next->sa_sigaction(number, info, context);
    } else if (next->sa_handler != SIG_DFL && next->sa_handler != SIG_IGN) {
        next->sa_handler(number);
    } else if (info->si_code > 0) {
        /* the fault happens again when we return, and ends the program */
        signal(number, SIG_DFL);
    } else if (next->sa_handler == SIG_DFL) { /* somebody has sent it, once */
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

/* Puts the first `n` handlers back that were found. */
static void
put_back(int n)
{
    for (int i = 0; i < n; i++) {
        struct sigaction now;
        sigaction(numbers[i], NULL, &now);
        /* leave in place what the program has installed meanwhile */
        if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_fault) {
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
        if (sigaction(numbers[i], &action, &before[i])) {
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
    pthread_mutex_lock(&users_lock);
    if (--users == 0) {
        put_back(SIGNALS);
    }
    pthread_mutex_unlock(&users_lock);
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

void
fl_os_write_error(const char *text, size_t length)
{
    int saved = errno;
    while (length) {
        ssize_t n = write(STDERR_FILENO, text, length);
        if (n < 0 && errno != EINTR) {
            break;
        }
        text += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
    errno = saved;
}
