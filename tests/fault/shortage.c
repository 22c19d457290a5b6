#include "shortage.h"

#include "inject.h"
#include "sched/worker.h"

void
shortage_begin(void)
{
    fl_worker *worker = fl_me()->worker;
    fault_from(0); /* so that there will be no more */
    while (fl_stack_get_batch(worker->runtime->shift))
        ;
    worker->stacks.items = worker->stacks.full = NULL;
    worker->stacks.count = 0;
    fault_end();
    shortage_of_descriptors();
}

void
shortage_of_descriptors(void)
{
    fault_from(0);
    while (fl_task_alloc(fl_me()->worker))
        ;
    fault_end();
}
