/* Descriptors of tasks, where memory is short. */
#include "inject.h"
#include "sched/task.h"

enum { FIRST = 512 }; /* that are made at once */

static void
take_without_a_mapping(int n)
{
    int before = fault_mappings();
    for (int i = 0; i < n; ++i)
        CHECK(fl_task_alloc(NULL) != NULL);
    EQ(before, fault_mappings());
}

TEST(fewer_descriptors_are_made_at_once_where_there_is_no_memory_for_more)
{
    CHECK(fl_task_alloc(NULL) != NULL);
    take_without_a_mapping(FIRST - 1);
    int before = fault_mappings();
    fault_once(0);
    CHECK(fl_task_alloc(NULL) != NULL);
    EQ(1, fault_end());
    EQ(before + 1, fault_mappings());
    take_without_a_mapping(FIRST - 1);

    fault_from(0);
    CHECK(fl_task_alloc(NULL) == NULL);
    EQ(2, fault_end());
    CHECK(fl_task_alloc(NULL) != NULL);
    take_without_a_mapping(2 * FIRST - 1);
}
