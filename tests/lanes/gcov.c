/*
 * Coverage of those that do not end by exit(): a test that fails or skips, a
 * child that aborts, or dies of a signal. Linked into the tests of the flavour
 * coverage, whose linker has those calls come here (--wrap); unless they come to
 * tests/fault/system.c, which does the same.
 */

void __gcov_dump(void);
_Noreturn void __real_abort(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap_abort(void) __attribute__((weak));
_Noreturn void __wrap__exit(int status);

void
__wrap_abort(void)
{
    __gcov_dump();
    __real_abort();
}

void
__wrap__exit(int status)
{
    __gcov_dump();
    __real__exit(status);
}

void (*__real_signal(int number, void (*handler)(int)))(int);
void (*__wrap_signal(int number, void (*handler)(int)))(int)
    __attribute__((weak));

/* By which the library leaves a fault to the system, which ends the program. */
void (*__wrap_signal(int number, void (*handler)(int)))(int)
{
    __gcov_dump();
    return __real_signal(number, handler);
}
