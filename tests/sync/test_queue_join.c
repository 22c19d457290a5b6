/* filch_queue_task_done and filch_queue_join: all items put were dealt with. */
#include "../harness/harness.h"

static filch_queue queue;

static int
join_queue(void *arg)
{
    (void)arg;
    return filch_queue_join(&queue);
}

static int
work(void *arg)
{
    void *item;
    (void)arg;
    OK(filch_queue_get(&queue, &item));
    return filch_queue_task_done(&queue);
}

TEST(queue_task_done_once_more_than_items_were_put_is_EINVAL)
{
    void *item;
    FAILS(EINVAL, filch_queue_task_done(&queue));
    OK(filch_queue_put(&queue, NULL));
    OK(filch_queue_get(&queue, &item));
    OK(filch_queue_task_done(&queue));
    FAILS(EINVAL, filch_queue_task_done(&queue));
    OK(filch_queue_join(&queue));
    OK(filch_queue_destroy(&queue));
}

TEST(queue_join_returns_at_once_where_nothing_was_put)
{
    OK(filch_queue_join(&queue));
}

TASK_TEST(queue_join_waits_until_every_item_is_done)
{
    for (int i = 0; i < 10; ++i)
        OK(filch_queue_put(&queue, NULL));
    filch_task *joiners[] = {park(join_queue, NULL), park(join_queue, NULL)};
    for (int i = 0; i < 10; ++i) {
        void *item;
        for (int turn = 0; turn < 10; ++turn)
            let_others_run();
        CHECK(!filch_task_done(joiners[0]) && !filch_task_done(joiners[1]));
        OK(filch_queue_get(&queue, &item)); /* taken is not done */
        OK(filch_queue_task_done(&queue));
    }
    EQ(0, join(joiners[0]));
    EQ(0, join(joiners[1]));
    OK(filch_queue_destroy(&queue));
}

TASK_TEST(queue_join_counts_items_handed_to_getters_that_waited)
{
    void *item;
    filch_task *worker = park(work, NULL);
    OK(filch_queue_put(&queue, NULL));
    OK(filch_queue_join(&queue));
    EQ(0, join(worker));
    FAILS(EINVAL, filch_queue_task_done(&queue));
    FAILS(EAGAIN, filch_queue_get_nowait(&queue, &item));
    OK(filch_queue_destroy(&queue));
}

static int
put_one(void *arg)
{
    return filch_queue_put(&queue, arg);
}

ONE_WORKER_TEST(queue_join_counts_items_of_putters_only_when_they_are_in)
{
    void *item;
    OK(filch_queue_init(&queue, 1));
    OK(filch_queue_put(&queue, NULL));
    filch_task *putter = park(put_one, NULL);
    OK(filch_queue_task_done(&queue)); /* for the one that is in */
    FAILS(EINVAL, filch_queue_task_done(&queue));
    OK(filch_queue_get(&queue, &item)); /* lets the putter's in */
    OK(filch_queue_task_done(&queue));
    EQ(0, join(putter));
    OK(filch_queue_destroy(&queue));
}

TEST(queue_destroy_is_EBUSY_while_someone_joins_it)
{
    struct crew crew;
    void *item;
    crew_start(&crew);
    OK(filch_queue_put(&queue, NULL));
    filch_task *joiner = crew_park(&crew, join_queue, NULL);
    OK(filch_queue_get(&queue, &item));
    FAILS(EBUSY, filch_queue_destroy(&queue));
    OK(filch_queue_task_done(&queue));
    EQ(0, join(joiner));
    OK(filch_queue_destroy(&queue));
    crew_stop(&crew);
}

TASK_TEST(queue_join_may_be_used_again_and_again)
{
    for (int i = 0; i < 100; ++i) {
        filch_task *workers[3];
        for (int w = 0; w < 3; ++w)
            workers[w] = spawn(work, NULL);
        for (int w = 0; w < 3; ++w)
            OK(filch_queue_put(&queue, NULL));
        OK(filch_queue_join(&queue));
        CHECK(filch_queue_empty(&queue));
        for (int w = 0; w < 3; ++w)
            EQ(0, join(workers[w]));
    }
    OK(filch_queue_destroy(&queue));
}
