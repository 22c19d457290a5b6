/* The checker says yes and no where it should. */
#include "checker.h"

#define HISTORY(size_, kind_, ...)                                             \
    &(struct history)                                                          \
    {                                                                          \
        .making = {size_, kind_},                                              \
        .n = sizeof((struct op[]){__VA_ARGS__}) / sizeof(struct op), .ops = {  \
            __VA_ARGS__                                                        \
        }                                                                      \
    }

/* task, verb, with a deadline, argument, status, value, from, to */
#define YES(model, ...) EQ(LINEARIZABLE, check(&model, HISTORY(__VA_ARGS__)))
#define NO(model, ...) EQ(NOT_LINEARIZABLE, check(&model, HISTORY(__VA_ARGS__)))

TEST(checker_knows_first_in_first_out)
{
    YES(model_queue, 0, FIFO, {0, PUT, 0, 1, 0, 0, 0, 1},
        {0, PUT, 0, 2, 0, 0, 2, 3}, {1, GET, 0, 0, 0, 1, 4, 5},
        {1, GET, 0, 0, 0, 2, 6, 7});
    NO(model_queue, 0, FIFO, {0, PUT, 0, 1, 0, 0, 0, 1},
       {0, PUT, 0, 2, 0, 0, 2, 3}, {1, GET, 0, 0, 0, 2, 4, 5},
       {1, GET, 0, 0, 0, 1, 6, 7});
}

TEST(checker_lets_calls_that_overlap_take_either_order)
{
    YES(model_queue, 0, FIFO, {0, PUT, 0, 1, 0, 0, 0, 3},
        {1, PUT, 0, 2, 0, 0, 1, 2}, {1, GET, 0, 0, 0, 2, 4, 5},
        {1, GET, 0, 0, 0, 1, 6, 7});
}

TEST(checker_knows_last_in_first_out_and_priorities)
{
    YES(model_queue, 0, LIFO, {0, PUT, 0, 1, 0, 0, 0, 1},
        {0, PUT, 0, 2, 0, 0, 2, 3}, {1, GET, 0, 0, 0, 2, 4, 5});
    YES(model_queue, 0, PRIORITY, {0, PUT, 0, 9, 0, 0, 0, 1},
        {0, PUT, 0, 4, 0, 0, 2, 3}, {0, PUT, 0, 3, 0, 0, 4, 5},
        {1, GET, 0, 0, 0, 4, 6, 7});
    NO(model_queue, 0, PRIORITY, {0, PUT, 0, 9, 0, 0, 0, 1},
       {0, PUT, 0, 4, 0, 0, 2, 3}, {0, PUT, 0, 3, 0, 0, 4, 5},
       {1, GET, 0, 0, 0, 3, 6, 7});
}

/* Both wait when the size is seen to be 1, the first of them certainly
 * first. */
TEST(checker_knows_that_nobody_overtakes_those_who_wait_to_put)
{
    YES(model_queue, 1, FIFO, {0, PUT, 0, 1, 0, 0, 0, 1},
        {1, PUT, 0, 2, 0, 0, 2, 7}, {2, GET, 0, 0, 0, 1, 4, 5},
        {2, PUT_NOWAIT, 0, 3, EAGAIN, 0, 8, 9}, {2, GET, 0, 0, 0, 2, 10, 11});
    NO(model_queue, 1, FIFO, {0, PUT, 0, 1, 0, 0, 0, 1},
       {1, PUT, 0, 2, 0, 0, 2, 7}, {2, GET, 0, 0, 0, 1, 4, 5},
       {2, PUT_NOWAIT, 0, 3, 0, 0, 8, 9}, {2, GET, 0, 0, 0, 3, 10, 11});
}

TEST(checker_knows_that_a_cancel_takes_nothing)
{
    YES(model_queue, 0, FIFO, {0, GET, 0, 0, ECANCELED, 0, 0, 4},
        {1, CANCEL, 0, 0, 0, 0, 1, 2}, {1, PUT, 0, 1, 0, 0, 5, 6},
        {1, GET_NOWAIT, 0, 0, 0, 1, 7, 8});
    NO(model_queue, 0, FIFO, {0, GET, 0, 0, ECANCELED, 0, 0, 4},
       {1, CANCEL, 0, 0, 0, 0, 1, 2}, {1, PUT, 0, 1, 0, 0, 5, 6},
       {1, GET_NOWAIT, 0, 0, EAGAIN, 0, 7, 8});
}

TEST(checker_knows_that_a_pending_cancel_is_looked_at_first)
{
    YES(model_semaphore, 1, 0, {1, CANCEL, 0, 0, 0, 0, 0, 1},
        {0, ACQUIRE, 0, 0, ECANCELED, 0, 2, 3});
    NO(model_semaphore, 1, 0, {1, CANCEL, 0, 0, 0, 0, 0, 1},
       {0, ACQUIRE, 0, 0, 0, 0, 2, 3});
    YES(model_semaphore, 1, 0, {1, CANCEL, 0, 0, 0, 0, 0, 2},
        {0, ACQUIRE, 0, 0, 0, 0, 1, 3});
}

TEST(checker_knows_that_nobody_gives_up_uncalled_for)
{
    NO(model_semaphore, 0, 0, {0, ACQUIRE, 0, 0, ECANCELED, 0, 0, 1});
    NO(model_semaphore, 0, 0, {0, ACQUIRE, 0, 0, ETIMEDOUT, 0, 0, 1});
    YES(model_semaphore, 0, 0, {0, ACQUIRE, 1, 0, ETIMEDOUT, 0, 0, 1});
    NO(model_semaphore, 1, 0, {0, ACQUIRE, 1, 0, ETIMEDOUT, 0, 0, 1});
}

TEST(checker_knows_that_one_holds_a_lock)
{
    NO(model_lock, 0, 0, {0, ACQUIRE, 0, 0, 0, 0, 0, 1},
       {1, TRY_ACQUIRE, 0, 0, 0, 0, 2, 3});
    NO(model_lock, 0, 0, {0, ACQUIRE, 0, 0, 0, 0, 0, 1},
       {0, RELEASE, 0, 0, 0, 0, 2, 4}, {1, RELEASE, 0, 0, 0, 0, 3, 5});
    YES(model_lock, 0, 0, {0, ACQUIRE, 0, 0, 0, 0, 0, 1},
        {0, RELEASE, 0, 0, 0, 0, 2, 4}, {1, RELEASE, 0, 0, EPERM, 0, 3, 5});
}

/* To whoever has waited for too long. Once it is his, it is anybody's to
 * release. */
TEST(checker_knows_that_a_lock_may_be_kept_for_one_who_comes)
{
    YES(model_lock, 0, 0, {0, ACQUIRE, 0, 0, 0, 0, 0, 1},
        {1, ACQUIRE, 0, 0, 0, 0, 2, 11}, {0, RELEASE, 0, 0, 0, 0, 3, 4},
        {2, LOCKED, 0, 0, 0, 1, 5, 6}, {2, RELEASE, 0, 0, EPERM, 0, 7, 8},
        {2, TRY_ACQUIRE, 0, 0, EBUSY, 0, 9, 10});
    NO(model_lock, 0, 0, {0, ACQUIRE, 0, 0, 0, 0, 0, 1},
       {1, ACQUIRE, 0, 0, 0, 0, 2, 5}, {0, RELEASE, 0, 0, 0, 0, 3, 4},
       {2, LOCKED, 0, 0, 0, 1, 6, 7}, {2, RELEASE, 0, 0, EPERM, 0, 8, 9});
    NO(model_lock, 0, 0, {0, ACQUIRE, 0, 0, 0, 0, 0, 1},
       {0, RELEASE, 0, 0, 0, 0, 2, 3}, {2, LOCKED, 0, 0, 0, 1, 4, 5});
}

/* The notified takes the lock after the notifier has released it. */
TEST(checker_knows_what_a_notification_does)
{
    YES(model_condition, 0, 0, {0, ACQUIRE, 0, 0, 0, 0, 0, 1},
        {0, WAIT, 0, 0, 0, 0, 2, 9}, {1, ACQUIRE, 0, 0, 0, 0, 3, 4},
        {1, NOTIFY, 0, 1, 0, 0, 5, 6}, {1, RELEASE, 0, 0, 0, 0, 7, 8});
    NO(model_condition, 0, 0, {0, ACQUIRE, 0, 0, 0, 0, 0, 1},
       {0, WAIT, 0, 0, 0, 0, 2, 7}, {1, ACQUIRE, 0, 0, 0, 0, 3, 4},
       {1, NOTIFY, 0, 1, 0, 0, 5, 6}, {1, RELEASE, 0, 0, 0, 0, 8, 9});
}

TEST(checker_knows_that_who_waited_first_is_notified_first)
{
    YES(model_condition, 0, 0, {0, ACQUIRE, 0, 0, 0, 0, 0, 1},
        {0, WAIT, 0, 0, 0, 0, 2, 12}, {0, RELEASE, 0, 0, 0, 0, 13, 14},
        {2, ACQUIRE, 0, 0, 0, 0, 3, 4}, {2, WAIT, 0, 0, ECANCELED, 0, 5, 17},
        {1, ACQUIRE, 0, 0, 0, 0, 6, 7}, {1, NOTIFY, 0, 1, 0, 0, 8, 9},
        {1, RELEASE, 0, 0, 0, 0, 10, 11}, {1, CANCEL, 0, 2, 0, 0, 15, 16});
    NO(model_condition, 0, 0, {0, ACQUIRE, 0, 0, 0, 0, 0, 1},
       {0, WAIT, 0, 0, ECANCELED, 0, 2, 17}, {2, ACQUIRE, 0, 0, 0, 0, 3, 4},
       {2, WAIT, 0, 0, 0, 0, 5, 12}, {2, RELEASE, 0, 0, 0, 0, 13, 14},
       {1, ACQUIRE, 0, 0, 0, 0, 6, 7}, {1, NOTIFY, 0, 1, 0, 0, 8, 9},
       {1, RELEASE, 0, 0, 0, 0, 10, 11}, {1, CANCEL, 0, 0, 0, 0, 15, 16});
}

/* The second has not been asked to end before the first was notified. */
TEST(checker_knows_that_one_of_several_may_give_up_before_it_is_notified)
{
    YES(model_condition, 0, 0, {0, ACQUIRE, 0, 0, 0, 0, 0, 1},
        {0, WAIT, 0, 0, 0, 0, 2, 18}, {2, ACQUIRE, 0, 0, 0, 0, 3, 4},
        {2, WAIT, 0, 0, ECANCELED, 0, 5, 22}, {1, ACQUIRE, 0, 0, 0, 0, 6, 7},
        {1, NOTIFY, 0, 2, 0, 0, 8, 15}, {3, CANCEL, 0, 0, 0, 0, 9, 10},
        {3, CANCEL, 0, 2, 0, 0, 11, 12}, {1, RELEASE, 0, 0, 0, 0, 16, 17},
        {0, RELEASE, 0, 0, 0, 0, 19, 20});
    NO(model_condition, 0, 0, {0, ACQUIRE, 0, 0, 0, 0, 0, 1},
       {0, WAIT, 0, 0, 0, 0, 2, 18}, {2, ACQUIRE, 0, 0, 0, 0, 3, 4},
       {2, WAIT, 0, 0, ECANCELED, 0, 5, 22}, {1, ACQUIRE, 0, 0, 0, 0, 6, 7},
       {1, NOTIFY, 0, 2, 0, 0, 8, 11}, {3, CANCEL, 0, 2, 0, 0, 12, 13},
       {1, RELEASE, 0, 0, 0, 0, 16, 17}, {0, RELEASE, 0, 0, 0, 0, 19, 20});
}

TEST(checker_knows_that_a_set_wakes_all_who_wait)
{
    YES(model_event, 0, 0, {0, WAIT, 0, 0, 0, 0, 0, 6},
        {1, SET, 0, 0, 0, 0, 1, 2}, {1, CLEAR, 0, 0, 0, 0, 3, 4});
    NO(model_event, 0, 0, {0, WAIT, 0, 0, 0, 0, 0, 3},
       {1, IS_SET, 0, 0, 0, 0, 1, 2}, {1, SET, 0, 0, 0, 0, 4, 5});
}
