/* Tasks that all want one lock. */
#include "crew.h"
#include "groups.h"

static filch_lock lock;
static size_t counter; /* guarded by the lock */

static int
count(void *arg)
{
    const size_t *n = arg;
    int failed = 0;

    for (size_t i = 0; i < *n; ++i) {
        failed |= filch_lock_acquire(&lock);
        ++counter;
        failed |= filch_lock_release(&lock);
    }
    return failed;
}

static void
contend(size_t n, size_t tasks)
{
    static struct crew crew;
    size_t each = n / tasks;

    REQUIRE(filch_lock_init(&lock) == 0);
    counter = 0;
    watch_start();
    for (size_t i = 0; i < tasks; ++i)
        crew_add(&crew, count, &each);
    crew_join(&crew);
    watch_stop(n);
    REQUIRE(counter == n);
    REQUIRE(filch_lock_destroy(&lock) == 0);
}

const struct workload lock_workloads[] = {
    {"lock", 16000000, 8, contend, 1},
    {.name = NULL},
};
