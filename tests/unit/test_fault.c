/* The handlers of memory faults: installed once, all or none, and taken
 * away. */
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
#include <sys/mman.h>
#include <unistd.h>

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

/* --- What is no fault of the library's ------------------------------------ */

static char *page;
static int volatile mended;

static void
mend(int signal)
{
    mended += signal == SIGSEGV;
    OK(mprotect(page, 4096, PROT_READ | PROT_WRITE));
}

static void
mend_there(int signal, siginfo_t *info, void *context)
{
    CHECK(info->si_addr == page && context);
    mend(signal);
}

static void
is_mended_by(const struct sigaction *action)
{
    mended = 0;
    OK(sigaction(SIGSEGV, action, NULL));
    OK(fl_os_fault_install(explain));
    OK(mprotect(page, 4096, PROT_NONE));
    *(char volatile *)page = 1;
    EQ(1, mended);
    fl_os_fault_remove();
}

TEST(fault_is_passed_on_to_the_handler_that_was_there_which_may_mend_it)
{
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    is_mended_by(&(struct sigaction){.sa_handler = mend});
    is_mended_by(&(struct sigaction){.sa_sigaction = mend_there,
                                     .sa_flags = SA_SIGINFO});
}

TEST(error_that_cannot_be_written_is_left_at_that)
{
    OK(close(STDERR_FILENO));
    errno = 4711;
    fl_os_write_error("nobody reads this\n", 18);
    EQ(4711, errno);
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
