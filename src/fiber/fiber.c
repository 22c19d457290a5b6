#include "fiber/fiber.h"

/* Used by assembly, which optimisation at link time does not look into. */
__thread fl_fiber **fl_here_tls __attribute__((used));

void (*fl_abort_wait[2])(fl_fiber *fiber);

/* The same, also where that is NULL; or where a thread keeps itself. */
static __thread fl_fiber **here_slowly
    __attribute__((tls_model("initial-exec")));

static __thread fl_thread_fiber thread_fiber = {
    .fiber = {.kind = FL_THREAD,
              .shield = FL_SHIELD_OF_THREAD,
              .forked = FL_NO_JOBS}};
static __thread fl_fiber *thread_me;

FL_NOINLINE void
fl_here_begin(fl_fiber **here, bool slowly)
{
    fl_here_tls = slowly ? NULL : here;
    here_slowly = here;
}

FL_NOINLINE void
fl_here_end(void)
{
    fl_here_tls = NULL;
    here_slowly = NULL;
}

FL_NOINLINE fl_fiber *
fl_me_known(void)
{
    fl_fiber ***at = &here_slowly;
    __asm__ volatile("" : "+r"(at) : : "memory");
    return *at ? **at : NULL;
}

FL_NOINLINE fl_fiber *
fl_me_slowly(void)
{
    fl_fiber *me = fl_me_known();
    if (!me) {
        thread_me = me = &thread_fiber.fiber;
        here_slowly = &thread_me;
    }
    return me;
}

FL_NOINLINE fl_bar
fl_bar_begin(void)
{
    fl_fiber *me = fl_me();
    fl_bar bar = {me, fl_here_tls, me->barred};
    fl_here_tls = NULL;
    me->barred = 1;
    return bar;
}

FL_NOINLINE void
fl_bar_end(fl_bar bar)
{
    bar.me->barred = bar.before;
    if (here_slowly == bar.here) { /* this is no forked child */
        fl_here_tls = bar.here;
    }
}

#if !defined(__x86_64__)
FL_NOINLINE fl_fiber **
fl_here(void)
{
    fl_fiber ***at = &fl_here_tls;
    __asm__ volatile("" : "+r"(at) : : "memory");
    return *at;
}
#endif
