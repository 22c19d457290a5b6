#include "signals.h"
#include "message.h"
#include "output.h"
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* What would end it; SIGKILL cannot be waited for. */
static const int ending[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,   SIGXCPU,
                             SIGALRM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF};
static sigset_t ends;

/*
 * A thread that waits for the signals, instead of a handler: so it may take
 * the mutex that a half-written file is guarded by, and print.
 */
static void *
wait_for_signal(void *arg)
{
    const char *removed;
    int number;

    while (sigwait(&ends, &number) != 0)
        ;
    removed = output_abandon();
    message_error(removed, "%s%s", strsignal(number),
                  removed ? ": not complete, removed" : "");
    _exit(STATUS_ERROR);
    return arg;
}

static int
ignored(int number)
{
    struct sigaction old;

    return sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_IGN;
}

int
signals_init(void)
{
    pthread_t thread;
    int error;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    /* A shell without job control ignores it for what runs behind. */
    signal(SIGINT, SIG_DFL);
    sigemptyset(&ends);
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        if (!ignored(ending[i])) /* as by nohup */
            sigaddset(&ends, ending[i]);
    error = pthread_sigmask(SIG_BLOCK, &ends, NULL);
    if (!error)
        error = pthread_create(&thread, NULL, wait_for_signal, NULL);
    if (!error)
        pthread_detach(thread);
    return error;
}
