/*
 * What a plain thread waits for comes just as its deadline runs out: before the
 * thread has said that it goes without. Then it has it, and says so.
 */
#include "../harness/calls.h"
#include "inject.h"

static atomic_uint
    held; /* waits, which end at their deadline and yet in time */
static atomic_bool ended;
static atomic_int result;

static void *
wait_too_long(void *arg)
{
    const struct call *call = arg;
    disturb_hold_back(&held);
    atomic_store(&result, call->run(filch_after(FILCH_SEC(3600))));
    atomic_store(&ended, true);
    return NULL;
}

TASK_TEST(a_plain_thread_keeps_what_it_is_granted_after_its_deadline_ran_out)
{
    EACH_CALL(call)
    {
        call->blocked();
        atomic_store(&held, 0);
        atomic_store(&ended, false);
        pthread_t thread = thread_start(wait_too_long, (void *)call);
        UNTIL(atomic_load(&held) > 0);
        call->wake();
        UNTIL(atomic_load(&ended));
        thread_join(thread);
        EQ(0, atomic_load(&result));
    }
}
