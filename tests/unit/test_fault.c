/* The handlers of memory faults: installed once, all or none, and taken away. */
#include "../harness/harness.h"
#include "os/os.h"

#include <signal.h>

#if UNDER_SANITIZER

TEST(fault_handlers_that_cannot_be_installed_leave_nothing_behind)
{
    skip("a sanitizer has a sigaction of its own");
}

#else
#include <dlfcn.h>

/* The system's, but that it may refuse one signal. */
static int refused;

int
sigaction(int signal, const struct sigaction *new, struct sigaction *old)
{
    int (*real)(int, const struct sigaction *, struct sigaction *) =
        (int (*)(int, const struct sigaction *, struct sigaction *))dlsym(
            RTLD_NEXT, "sigaction");
    if (new &&signal == refused) {
        errno = EPERM;
        return -1;
    }
    return real(signal, new, old);
}

static bool
explain(void *address)
{
    return address == NULL;
}

static void
mine(int signal)
{
    (void)signal;
}

static bool
is_mine(int signal)
{
    struct sigaction now;
    OK(sigaction(signal, NULL, &now));
    return now.sa_handler == mine;
}

static void
begin(void)
{
    struct sigaction action = {.sa_handler = mine};
    OK(sigaction(SIGSEGV, &action, NULL));
    OK(sigaction(SIGBUS, &action, NULL));
}

TEST(fault_handlers_that_cannot_be_installed_leave_nothing_behind)
{
    static const int signals[] = {SIGSEGV, SIGBUS};
    begin();
    for (int i = 0; i < 2; ++i) {
        refused = signals[i];
        errno = 4711;
        FAILS(EPERM, fl_os_fault_install(explain));
        EQ(4711, errno);
        CHECK(is_mine(SIGSEGV) && is_mine(SIGBUS));
        refused = 0;
        OK(fl_os_fault_install(explain)); /* it does not count as a user */
        CHECK(!is_mine(SIGSEGV) && !is_mine(SIGBUS));
        fl_os_fault_remove();
        CHECK(is_mine(SIGSEGV) && is_mine(SIGBUS));
    }
}

TEST(fault_handlers_stay_until_the_last_user_removes_them)
{
    begin();
    OK(fl_os_fault_install(explain));
    OK(fl_os_fault_install(explain));
    fl_os_fault_remove();
    CHECK(!is_mine(SIGSEGV) && !is_mine(SIGBUS));
    fl_os_fault_remove();
    CHECK(is_mine(SIGSEGV) && is_mine(SIGBUS));
}

TEST(fault_handler_that_a_program_installed_meanwhile_stays)
{
    struct sigaction action = {.sa_handler = mine};
    OK(fl_os_fault_install(explain));
    OK(sigaction(SIGSEGV, &action, NULL));
    fl_os_fault_remove();
    CHECK(is_mine(SIGSEGV));
    CHECK(!is_mine(SIGBUS));
}

#endif
