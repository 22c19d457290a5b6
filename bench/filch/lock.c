/* Tasks that all want one lock. */
#include "crew.h"
#include "groups.h"

enum { TASKS = 8 };

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
contend(size_t n)
{
    struct crew crew = {.count = 0};
    size_t each = n / TASKS;

    REQUIRE(filch_lock_init(&lock) == 0);
    counter = 0;
    watch_start();
    for (int i = 0; i < TASKS; ++i)
        crew_add(&crew, count, &each);
    crew_join(&crew);
    watch_stop();
    REQUIRE(counter == n);
    REQUIRE(filch_lock_destroy(&lock) == 0);
}

const struct workload lock_workloads[] = {
    {"lock + unlock, 8 tasks on one lock", "pair", 16000000, contend, false},
    {.name = NULL},
};
