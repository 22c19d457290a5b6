#include "crew.h"

#include "../kit/workload.h"

void
crew_add(struct crew *crew, filch_fn fn, void *arg)
{
    REQUIRE(crew->count < CREW_MAX);
    REQUIRE(filch_spawn(&crew->tasks[crew->count++], fn, arg) == 0);
}

void
crew_join(struct crew *crew)
{
    int status;

    while (crew->count > 0) {
        REQUIRE(filch_join(crew->tasks[--crew->count], &status) == 0);
        REQUIRE(status == 0);
    }
}
