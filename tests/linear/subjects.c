/* The objects themselves, each with the calls that its model knows. */
#include "record.h"

static filch_queue queue;
static filch_lock lock;
static filch_event event;
static filch_condition condition;
static filch_semaphore semaphore;

static enum verb
one_of(const enum verb *verbs, size_t n, uint64_t *state)
{
    return verbs[chance(state, (uint32_t)n)];
}

#define ONE_OF(state, ...)                                                     \
    one_of((const enum verb[]){__VA_ARGS__},                                   \
           sizeof((const enum verb[]){__VA_ARGS__}) / sizeof(enum verb),       \
           state)

/* --- Queue --------------------------------------------------------------- */

static int
by_priority(const void *a, const void *b)
{
    uintptr_t x = PRIORITY_OF((uintptr_t)a), y = PRIORITY_OF((uintptr_t)b);
    return x < y ? -1 : x > y;
}

static void
make_queue(struct making *making, uint64_t *state)
{
    OK(filch_queue_destroy(&queue));
    making->size = (uint8_t)(chance(state, 4) ? 1 + chance(state, 2) : 0);
    making->kind = (uint8_t)(chance(state, 2) ? FIFO : chance(state, 3));
    if (making->kind == FIFO)
        OK(filch_queue_init(&queue, making->size));
    else if (making->kind == LIFO)
        OK(filch_queue_init_lifo(&queue, making->size));
    else
        OK(filch_queue_init_priority(&queue, making->size, by_priority));
}

static void
choose_for_queue(struct op *op, const struct turn *turn, uint64_t *state)
{
    op->argument = turn->number;
    op->verb = (uint8_t)ONE_OF(state, PUT, PUT, PUT, PUT, GET, GET, GET, GET,
                               PUT_NOWAIT, PUT_NOWAIT, GET_NOWAIT, GET_NOWAIT,
                               TASK_DONE, JOIN, SIZE, SHUTDOWN);
    if (op->verb == SHUTDOWN && chance(state, 2))
        op->verb = (uint8_t)ONE_OF(state, PUT, GET, SHUTDOWN_AT_ONCE);
}

static int
call_queue(struct op *op, filch_time deadline, void **item)
{
    void *mine = (void *)(uintptr_t)op->argument;
    switch (op->verb) {
    case PUT:
        return op->timed ? filch_queue_put_until(&queue, mine, deadline)
                         : filch_queue_put(&queue, mine);
    case GET:
        return op->timed ? filch_queue_get_until(&queue, item, deadline)
                         : filch_queue_get(&queue, item);
    case JOIN:
        return op->timed ? filch_queue_join_until(&queue, deadline)
                         : filch_queue_join(&queue);
    case PUT_NOWAIT:
        return filch_queue_put_nowait(&queue, mine);
    case GET_NOWAIT:
        return filch_queue_get_nowait(&queue, item);
    case TASK_DONE:
        return filch_queue_task_done(&queue);
    case SIZE:
        *item = (void *)filch_queue_size(&queue);
        return 0;
    default:
        return filch_queue_shutdown(&queue, op->verb == SHUTDOWN_AT_ONCE);
    }
}

static void
perform_on_queue(struct op *op, filch_time deadline)
{
    void *item = NULL;
    op->status = (uint8_t)call_queue(op, deadline, &item);
    op->value = (uint8_t)(uintptr_t)item;
}

const struct subject subject_queue = {
    &model_queue, make_queue, choose_for_queue, perform_on_queue, 0, 0};

/* --- Lock ---------------------------------------------------------------- */

static void
make_lock(struct making *making, uint64_t *state)
{
    (void)making;
    (void)state;
    OK(filch_lock_init(&lock));
}

static void
make_fair_lock(struct making *making, uint64_t *state)
{
    (void)making;
    (void)state;
    OK(filch_lock_init_fair(&lock));
}

static void
choose_for_lock(struct op *op, const struct turn *turn, uint64_t *state)
{
    (void)turn;
    op->verb = (uint8_t)ONE_OF(state, ACQUIRE, ACQUIRE, ACQUIRE, TRY_ACQUIRE,
                               RELEASE, RELEASE, RELEASE, LOCKED);
}

static void
perform_on_lock(struct op *op, filch_time deadline)
{
    switch (op->verb) {
    case ACQUIRE:
        op->status =
            (uint8_t)(op->timed ? filch_lock_acquire_until(&lock, deadline)
                                : filch_lock_acquire(&lock));
        break;
    case TRY_ACQUIRE:
        op->status = (uint8_t)filch_lock_try_acquire(&lock);
        break;
    case LOCKED:
        op->value = filch_lock_locked(&lock);
        break;
    default:
        op->status = (uint8_t)filch_lock_release(&lock);
    }
}

const struct subject subject_lock = {
    &model_lock, make_lock, choose_for_lock, perform_on_lock, 0, 0};
const struct subject subject_fair_lock = {
    &model_fair_lock, make_fair_lock, choose_for_lock, perform_on_lock, 0, 0};

/* --- Event --------------------------------------------------------------- */

static void
make_event(struct making *making, uint64_t *state)
{
    (void)making;
    (void)state;
    OK(filch_event_destroy(&event));
    OK(filch_event_init(&event));
}

static void
choose_for_event(struct op *op, const struct turn *turn, uint64_t *state)
{
    (void)turn;
    op->verb = (uint8_t)ONE_OF(state, WAIT, WAIT, WAIT, SET, CLEAR, IS_SET);
}

static void
perform_on_event(struct op *op, filch_time deadline)
{
    switch (op->verb) {
    case WAIT:
        op->status =
            (uint8_t)(op->timed ? filch_event_wait_until(&event, deadline)
                                : filch_event_wait(&event));
        break;
    case SET:
        filch_event_set(&event);
        break;
    case CLEAR:
        filch_event_clear(&event);
        break;
    default:
        op->value = filch_event_is_set(&event);
    }
}

const struct subject subject_event = {
    &model_event, make_event, choose_for_event, perform_on_event, 0, 0};

/* --- Condition ----------------------------------------------------------- */

static void
make_condition(struct making *making, uint64_t *state)
{
    (void)making;
    (void)state;
    OK(filch_condition_destroy(&condition));
    OK(filch_condition_init(&condition, NULL));
}

static void
choose_for_condition(struct op *op, const struct turn *turn, uint64_t *state)
{
    if (turn->holding)
        op->verb =
            (uint8_t)ONE_OF(state, WAIT, WAIT, WAIT, NOTIFY, NOTIFY, RELEASE);
    else
        op->verb = (uint8_t)(turn->last ? LOCKED : ACQUIRE);
    op->argument = (uint8_t)(op->verb == NOTIFY ? 1 + chance(state, 2) : 0);
}

static void
perform_on_condition(struct op *op, filch_time deadline)
{
    filch_condition *c = &condition;
    switch (op->verb) {
    case ACQUIRE:
        op->status =
            (uint8_t)(op->timed ? filch_condition_acquire_until(c, deadline)
                                : filch_condition_acquire(c));
        break;
    case WAIT:
        op->status =
            (uint8_t)(op->timed ? filch_condition_wait_until(c, deadline)
                                : filch_condition_wait(c));
        break;
    case NOTIFY:
        op->status = (uint8_t)filch_condition_notify(c, op->argument);
        break;
    case RELEASE:
        op->status = (uint8_t)filch_condition_release(c);
        break;
    default:
        op->value = filch_condition_locked(c);
    }
}

const struct subject subject_condition = {
    &model_condition,     make_condition, choose_for_condition,
    perform_on_condition, ACQUIRE,        RELEASE};

/* --- Semaphore ----------------------------------------------------------- */

static void
make_semaphore(struct making *making, uint64_t *state)
{
    OK(filch_semaphore_destroy(&semaphore));
    making->size = (uint8_t)chance(state, 3);
    making->kind = (uint8_t)chance(state, 2);
    OK((making->kind ? filch_semaphore_init_bounded
                     : filch_semaphore_init)(&semaphore, making->size));
}

static void
choose_for_semaphore(struct op *op, const struct turn *turn, uint64_t *state)
{
    (void)turn;
    op->verb = (uint8_t)ONE_OF(state, ACQUIRE, ACQUIRE, ACQUIRE, TRY_ACQUIRE,
                               RELEASE, RELEASE, VALUE);
    op->argument = (uint8_t)(op->verb == RELEASE ? chance(state, 3) : 0);
}

static void
perform_on_semaphore(struct op *op, filch_time deadline)
{
    filch_semaphore *s = &semaphore;
    switch (op->verb) {
    case ACQUIRE:
        op->status =
            (uint8_t)(op->timed ? filch_semaphore_acquire_until(s, deadline)
                                : filch_semaphore_acquire(s));
        break;
    case TRY_ACQUIRE:
        op->status = (uint8_t)filch_semaphore_try_acquire(s);
        break;
    case RELEASE:
        op->status = (uint8_t)filch_semaphore_release(s, op->argument);
        break;
    default:
        op->value = (uint8_t)filch_semaphore_value(s);
    }
}

const struct subject subject_semaphore = {&model_semaphore,
                                          make_semaphore,
                                          choose_for_semaphore,
                                          perform_on_semaphore,
                                          0,
                                          0};
