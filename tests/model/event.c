/*
 * The event, and who touches it last: one sets it, the other waits, and
 * frees it as soon as it may go on, while the setter's call still returns.
 */
#include "world.h"

#include <filch/event.h>

#define MODEL_THREADS 2

static filch_event *event;
static int data;

void
model_before(void)
{
    play_task(0);
    play_task(1);
    if (model_choose(3) == 0) {
        play_thread(1);
    }
    event = model_malloc(sizeof *event);
    *event = (filch_event)FILCH_EVENT_INIT;
    play_fences();
    play_guard(&event->guard_);
    data = 0;
}

void
model_thread(unsigned thread)
{
    if (thread == 0) {
        data = 1;
        filch_event_set(event);
    } else {
        model_assert(filch_event_wait(event) == 0);
        model_assert(data == 1);
        model_free(event);
    }
}

void
model_after(void)
{
}
