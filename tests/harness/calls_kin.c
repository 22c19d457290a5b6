/* Waiting for events, semaphores, barriers, tasks and groups. */
#include "calls.h"

/* --- Event --------------------------------------------------------------- */

static filch_event event;

static void
event_blocked(void)
{
    call_is_ready = false;
    OK(filch_event_init(&event));
}

static void
event_wake(void)
{
    filch_event_set(&event);
}

static void
event_ready(void)
{
    event_blocked();
    event_wake();
    call_is_ready = true;
}

static int
event_wait(filch_time deadline)
{
    return CALL(filch_event_wait, &event);
}

static bool
event_untouched(void)
{
    return filch_event_is_set(&event) == call_is_ready;
}

const struct call call_event_wait = {
    .name = "event_wait",
    .ready = event_ready,
    .blocked = event_blocked,
    .run = event_wait,
    .untouched = event_untouched,
    .wake = event_wake,
    .kept = true,
    .direct = true,
};

/* --- Semaphore, barrier -------------------------------------------------- */

static filch_semaphore semaphore;
static filch_barrier barrier;

static void
semaphore_ready(void)
{
    call_is_ready = true;
    OK(filch_semaphore_init(&semaphore, 1));
}

static void
semaphore_blocked(void)
{
    call_is_ready = false;
    OK(filch_semaphore_init(&semaphore, 0));
}

static bool
semaphore_untouched(void)
{
    return filch_semaphore_value(&semaphore) == call_is_ready;
}

static void
semaphore_wake(void)
{
    OK(filch_semaphore_release(&semaphore, 1));
}

static int
semaphore_acquire(filch_time deadline)
{
    return CALL(filch_semaphore_acquire, &semaphore);
}

static void
barrier_ready(void)
{
    OK(filch_barrier_init(&barrier, 1));
}

static void
barrier_blocked(void)
{
    OK(filch_barrier_init(&barrier, 2));
}

static void
barrier_wake(void)
{
    UNTIL(filch_barrier_wait_until(&barrier, NULL, past()) == 0);
}

static int
barrier_wait(filch_time deadline)
{
    return CALL(filch_barrier_wait, &barrier, NULL);
}

const struct call call_semaphore_acquire = {
    .name = "semaphore_acquire",
    .ready = semaphore_ready,
    .blocked = semaphore_blocked,
    .run = semaphore_acquire,
    .untouched = semaphore_untouched,
    .wake = semaphore_wake,
    .kept = true,
    .direct = true,
};

const struct call call_barrier_wait = {
    .name = "barrier_wait",
    .ready = barrier_ready,
    .blocked = barrier_blocked,
    .run = barrier_wait,
    .wake = barrier_wake,
    .direct = true,
};

/* --- Join and wait: for `target`, which ends when the gate is set -------- */

static filch_event gate;
static filch_task *target;

static int
wait_at_gate(void *arg)
{
    (void)arg;
    return filch_event_wait(&gate);
}

static void
target_blocked(void)
{
    if (target) { /* of the run before */
        filch_event_set(&gate);
        join(target);
    }
    call_is_ready = false;
    OK(filch_event_init(&gate));
    target = spawn(wait_at_gate, NULL);
}

static void
target_wake(void)
{
    filch_event_set(&gate);
}

static void
target_ready(void)
{
    target_blocked();
    target_wake();
    UNTIL(filch_task_done(target));
    call_is_ready = true;
}

static bool
target_untouched(void)
{
    return filch_task_done(target) == call_is_ready;
}

static int
join_target(filch_time deadline)
{
    int result = 0, status = CALL(filch_join, target, &result);
    EQ(0, result);
    if (status == 0)
        target = NULL;
    return status;
}

static int
wait_target(filch_time deadline)
{
    filch_task *tasks[] = {target};
    size_t done = 99;
    int status = CALL(filch_wait, tasks, 1, FILCH_ALL_COMPLETED, &done);
    CHECK(status ? done <= 1 : done == 1);
    return status;
}

const struct call call_join = {
    .name = "join",
    .ready = target_ready,
    .blocked = target_blocked,
    .run = join_target,
    .untouched = target_untouched,
    .wake = target_wake,
    .kept = true,
};

const struct call call_wait = {
    .name = "wait",
    .ready = target_ready,
    .blocked = target_blocked,
    .run = wait_target,
    .untouched = target_untouched,
    .wake = target_wake,
    .kept = true,
};

/* --- Group: of one task, which ends when its gate is set ------------------ */

static filch_group group;
static filch_event group_gate;

static int
wait_at_group_gate(void *arg)
{
    (void)arg;
    return filch_event_wait(&group_gate);
}

static void
group_wake(void)
{
    filch_event_set(&group_gate);
}

static void
group_blocked(void)
{
    group_wake(); /* for the task of the run before */
    OK(filch_group_wait(&group));
    OK(filch_event_init(&group_gate));
    OK(filch_group_spawn(&group, wait_at_group_gate, NULL));
}

static void
group_ready(void)
{
    group_blocked();
    group_wake();
    UNTIL(filch_group_destroy(&group) == 0);
}

static int
group_wait(filch_time deadline)
{
    return CALL(filch_group_wait, &group);
}

const struct call call_group_wait = {
    .name = "group_wait",
    .ready = group_ready,
    .blocked = group_blocked,
    .run = group_wait,
    .wake = group_wake,
    .kept = true,
};
