/*
 * CONTRACT  See filch/event.h.
 * STATE     state_   1: set. Changed under guard_
 *           guard_   of the waiters
 *           I1  while the event is set nobody is in waiters_
 * PROTOCOL      wait                            set
 *           A1  state_ is 1, and guard_ is    S1  take guard_
 *               free, or this worker's own:   S2  state_ := 1
 *               go on                         S3  grant all waiters
 *           A2  take guard_                   S4  drop guard_
 *           A3  state_ is 1: drop it, go on   S5  resume the granted
 *           A4  enqueue, park
 * NO LOST WAKEUP  A3 and A4 are one step for S1 to S4.
 * WAKEUP GUARANTEE  All who wait at S3, in the order of A4.
 * TIMEOUT AND CANCEL, LOCK ORDER  See wait/wait.h.
 * MEMORY ORDER  S2 and S4 release to A1, which acquires.
 * LAST TOUCH  S4. That is why A1 looks at guard_ too: who went on between S2
 *           and S4 might free the event under the setter's hands.
 * CHECKED BY  tests/model/event.c, tests/linear
 */
#include "os/chaos.h"
#include "wait/wait.h"

#include <errno.h>
#include <filch/event.h>

int
filch_event_init(filch_event *event)
{
    *event = (filch_event)FILCH_EVENT_INIT;
    return 0;
}

int
filch_event_destroy(filch_event *event)
{
    fl_point("filch_event_destroy");
    fl_atomic32 *held = fl_enter(&event->guard_);
    int error = event->waiters_.first_ ? EBUSY : 0;
    fl_leave_by(held);
    return error;
}

bool
filch_event_is_set(const filch_event *event)
{
    fl_point("filch_event_is_set");
    return fl_load_acquire(&event->state_) == 1;
}

void
filch_event_set(filch_event *event)
{
    fl_point("filch_event_set");
    fl_chain granted = {0};
    fl_atomic32 *held = fl_enter(&event->guard_); /* S1 */
    fl_store_release(&event->state_, 1u);         /* S2 */
    fl_grant_all(&event->waiters_, &granted);     /* S3 */
    fl_leave_by(held);                            /* S4 */
    fl_resume_chain(&granted);                    /* S5 */
}

void
filch_event_clear(filch_event *event)
{
    fl_point("filch_event_clear");
    fl_atomic32 *held = fl_enter(&event->guard_);
    fl_assert(!fl_load_relaxed(&event->state_) || !event->waiters_.first_);
    fl_store_release(&event->state_, 0u);
    fl_leave_by(held);
}

int
filch_event_wait_until(filch_event *event, filch_time deadline)
{
    fl_fiber *me = fl_me_at("filch_event_wait");
    int error = fl_may_wait(me);
    if (fl_unlikely(error)) {
        return error;
    }
    if (fl_load_acquire(&event->state_) && fl_is_free_now(&event->guard_)) {
        return 0; /* A1 */
    }
    fl_chaos();
    fl_atomic32 *held = fl_enter(&event->guard_); /* A2 */
    if (fl_load_relaxed(&event->state_)) {
        fl_leave_by(held); /* A3 */
        return 0;
    }
    fl_waiter_begin(me, FL_EVENT, event);
    return fl_wait_by(me, &event->guard_.word_, held, &event->waiters_,
                      deadline); /* A4 */
}

int
filch_event_wait(filch_event *event)
{
    return filch_event_wait_until(event, FILCH_NEVER);
}
