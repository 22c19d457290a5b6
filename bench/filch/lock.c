/* Tasks that all want one lock. */
#include "../kit/spin.h"
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

/* --- With work of so many ns between two ---------------------------------- */

static size_t between;

static int
count_between(void *arg)
{
    const size_t *n = arg;
    int failed = 0;

    for (size_t i = 0; i < *n; ++i) {
        failed |= filch_lock_acquire(&lock);
        ++counter;
        failed |= filch_lock_release(&lock);
        spin(between);
    }
    return failed;
}

static void
contend_between(size_t n, size_t ns)
{
    static struct crew crew;
    size_t each = n / (1 + ns / 50) / 8;

    REQUIRE(filch_lock_init(&lock) == 0);
    counter = 0;
    between = ns;
    watch_start();
    for (int i = 0; i < 8; ++i)
        crew_add(&crew, count_between, &each);
    crew_join(&crew);
    watch_stop(8 * each);
    REQUIRE(counter == 8 * each);
    REQUIRE(filch_lock_destroy(&lock) == 0);
}

const struct workload lock_workloads[] = {
    {"lock", 16000000, 8, contend, 1},
    {"lock-work", 4000000, 1000, contend_between, 1},
    {.name = NULL},
};
