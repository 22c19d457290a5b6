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

/* --- Handlers that do more than return ------------------------------------ */

static void
say_once(int signal)
{
    (void)signal;
    (void)!write(STDERR_FILENO, "here\n", 5);
}

static void
fault_with_one_that_is_reset(void)
{
    struct sigaction once = {.sa_handler = say_once,
                             .sa_flags = (int)SA_RESETHAND};
    OK(sigaction(SIGSEGV, &once, NULL));
    OK(fl_os_fault_install(explain));
    *(char volatile *)page = 1;
}

TEST(fault_handler_that_is_to_be_reset_is_called_once)
{
    struct child child;
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    child_run(&child, fault_with_one_that_is_reset);
    CHILD_DIED(&child, SIGSEGV);
    EQ(5, strlen(child.output));
}

static volatile int faults;

/* As one that maps memory when it is touched, and then touches some itself. */
static void
mend_and_fault_again(int number, siginfo_t *info, void *context)
{
    sigset_t blocked;
    (void)context;
    OK(pthread_sigmask(SIG_BLOCK, NULL, &blocked));
    CHECK(sigismember(&blocked, SIGUSR1) == 1);
    CHECK(sigismember(&blocked, number) == 0);
    OK(mprotect(info->si_addr, 4096, PROT_READ | PROT_WRITE));
    if (++faults < 4)
        ((char volatile *)info->si_addr)[4096] = 1;
}

TEST(fault_is_passed_on_with_the_mask_that_the_handler_asks_for)
{
    struct sigaction action = {.sa_sigaction = mend_and_fault_again,
                               .sa_flags = SA_SIGINFO | SA_NODEFER};
    page = mmap(NULL, (size_t)4 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
    CHECK(sigaddset(&action.sa_mask, SIGUSR1) == 0);
    OK(sigaction(SIGSEGV, &action, NULL));
    OK(fl_os_fault_install(explain));
    *(char volatile *)page = 1;
    EQ(4, faults);
    fl_os_fault_remove();
}

static struct sigaction below;
static int passed_on;

/* As a crash reporter that is installed while a runtime exists. */
static void
report_and_pass_on(int signal, siginfo_t *info, void *context)
{
    if (++passed_on > 3)
        _exit(3);
    below.sa_sigaction(signal, info, context);
}

static void
fault_below_another_handler(void)
{
    struct sigaction reporter = {.sa_sigaction = report_and_pass_on,
                                 .sa_flags = SA_SIGINFO | SA_NODEFER};
    OK(fl_os_fault_install(explain));
    OK(sigaction(SIGSEGV, &reporter, &below));
    fl_os_fault_remove();
    OK(fl_os_fault_install(explain));
    *(char volatile *)page = 1;
}

TEST(fault_handlers_do_not_call_each_other_in_a_circle)
{
    struct child child;
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    child_run(&child, fault_below_another_handler);
    CHILD_DIED(&child, SIGSEGV);
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

TEST(fault_handler_is_installed_again_once_the_program_has_taken_its_own_away)
{
    struct sigaction action = {.sa_handler = mine}, now, ours;
    OK(sigaction(SIGSEGV, &action, NULL)); /* so that none is never found */
    OK(fl_os_fault_install(explain));
    OK(sigaction(SIGSEGV, &action, &ours));
    fl_os_fault_remove();
    OK(fl_os_fault_install(explain)); /* above which that one stays */
    OK(sigaction(SIGSEGV, &ours, NULL));
    errno = 4711;
    fl_os_fault_remove();
    EQ(4711, errno);
    CHECK(is_mine(SIGSEGV));
    OK(fl_os_fault_install(explain));
    OK(sigaction(SIGSEGV, NULL, &now));
    CHECK(now.sa_flags & SA_SIGINFO);
    CHECK(now.sa_sigaction == ours.sa_sigaction);
    fl_os_fault_remove();
}

#endif
