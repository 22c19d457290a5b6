/* Descriptors of tasks, where memory is short. */
#include "inject.h"
#include "sched/task.h"

enum { FIRST = 64 << 10, HEAD = 2 * FL_CACHE_LINE }; /* bytes */

/* Takes as many as are made at once in that memory, of which it maps the first. */
static void
take_all(size_t bytes)
{
    size_t n = (bytes - HEAD) / sizeof(filch_task);
    int before = fault_mappings();
    for (size_t i = 0; i < n; ++i)
        CHECK(fl_task_alloc(NULL) != NULL);
    EQ(before + 1, fault_mappings());
}

TEST(fewer_descriptors_are_made_at_once_where_there_is_no_memory_for_more)
{
    take_all(FIRST);
    fault_once(0);
    take_all(FIRST);
    EQ(1, fault_end());

    fault_from(0);
    CHECK(fl_task_alloc(NULL) == NULL);
    EQ(2, fault_end());
    take_all(2 * FIRST);
}

TEST(descriptors_are_made_in_large_memory_once_there_are_many)
{
    for (size_t bytes = FIRST; bytes <= FL_OS_LARGE; bytes *= 2)
        take_all(bytes);
    take_all(FL_OS_LARGE);
    fault_once(0);
    take_all(FL_OS_LARGE / 2);
    EQ(1, fault_end());
    take_all(FL_OS_LARGE);
}
