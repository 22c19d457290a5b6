#include "fiber/fiber.h"

/* Used by assembly, which optimisation at link time does not look into. */
__thread fl_fiber *fl_me_tls __attribute__((used));

void (*fl_abort_wait[2])(fl_fiber *fiber);

static __thread fl_thread_fiber thread_fiber;

FL_NOINLINE fl_fiber *
fl_me_begin(void)
{
    thread_fiber.fiber.kind = FL_THREAD;
    fl_me_tls = &thread_fiber.fiber;
    return &thread_fiber.fiber;
}

#if !defined(__x86_64__)
FL_NOINLINE fl_fiber *
fl_me_read(void)
{
    fl_fiber **me = &fl_me_tls;
    __asm__ volatile("" : "+r"(me) : : "memory");
    return *me;
}

FL_NOINLINE void
fl_me_set(fl_fiber *me)
{
    fl_fiber **at = &fl_me_tls;
    __asm__ volatile("" : "+r"(at) : : "memory");
    *at = me;
}
#endif
