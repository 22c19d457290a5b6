/*
 * Histories of each object are linearizable: FILCH_TEST_HISTORIES of them, by
 * default few; see `make linear`, which shows the lines printed at the end.
 *
 * run-tests: long
 */
#include "record.h"

#include <unistd.h>

static unsigned long
histories(void)
{
    const char *text = getenv("FILCH_TEST_HISTORIES");
    if (text)
        return strtoul(text, NULL, 10);
    return UNDER_SANITIZER ? 100 : 500;
}

static void
study(const struct subject *subject)
{
    struct findings found;
    filch_time begin = filch_now();
    record(subject, histories(), true, &found);
    dprintf(STDERR_FILENO, "%-10s %7u %9lu %9lu %11lu %9lu %9lu %9lu %8.1f\n",
            subject->model->name, test_workers(), found.histories, found.calls,
            found.overlapping, found.cancelled, found.timed_out,
            found.undecided, (double)(filch_now() - begin) / 1e9);
    EQ(0, found.failed);
    EQ(0, found.undecided);
}

TASK_TEST(queue_is_linearizable_with_its_order_of_waiters)
{
    study(&subject_queue);
}

TASK_TEST(lock_is_linearizable)
{
    study(&subject_lock);
}

TASK_TEST(lock_that_is_fair_is_linearizable_with_its_order_of_waiters)
{
    study(&subject_fair_lock);
}

TASK_TEST(event_is_linearizable)
{
    study(&subject_event);
}

TASK_TEST(condition_is_linearizable_with_its_order_of_waiters)
{
    study(&subject_condition);
}

TASK_TEST(semaphore_is_linearizable_with_its_order_of_waiters)
{
    study(&subject_semaphore);
}
