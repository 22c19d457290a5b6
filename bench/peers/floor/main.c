/* One thread for each worker, each with its part; and work for all of them. */
#include "floor.h"

#include "../../kit/spin.h"
#include <pthread.h>
#include <stdatomic.h>

enum { THREADS_MAX = 64 };

unsigned threads_count;

struct part {
    pthread_t thread;
    unsigned index;
    size_t count;
    void (*body)(size_t from, size_t to);
};

static void *
play_part(void *arg)
{
    const struct part *part = arg;

    pin(part->index);
    part->body(part->index * part->count / threads_count,
               (part->index + 1) * part->count / threads_count);
    return NULL;
}

void
together(size_t count, void (*body)(size_t from, size_t to))
{
    static struct part parts[THREADS_MAX];

    REQUIRE(threads_count <= THREADS_MAX);
    for (unsigned i = 0; i < threads_count; ++i) {
        parts[i] = (struct part){.index = i, .count = count, .body = body};
        REQUIRE(pthread_create(&parts[i].thread, NULL, play_part, &parts[i]) ==
                0);
    }
    for (unsigned i = 0; i < threads_count; ++i)
        REQUIRE(pthread_join(parts[i].thread, NULL) == 0);
}

/* --- Work with items that come from what all share: one addition an item -- */

static size_t items, work_of_each;
static atomic_size_t taken;

static void
work_through(size_t from, size_t to)
{
    (void)from, (void)to;
    while (atomic_fetch_add(&taken, 1) < items)
        spin(work_of_each);
}

/* As many as filch's. */
static void
work(size_t n, size_t ns)
{
    items = n / (1 + ns / 50) / 4 * 4;
    work_of_each = ns;
    taken = 0;
    watch_start();
    together(threads_count, work_through);
    watch_stop(items);
}

const struct workload working_floors[] = {
    {"work", 4000000, 1000, work, 1},
    {.name = NULL},
};

static void
host(void (*run)(void), unsigned workers)
{
    threads_count = workers;
    run();
}

static const struct workload *const groups[] = {waiting_floors, working_floors,
                                                sharing_floors, small_floors,
                                                job_floors,     NULL};

int
main(int argc, char **argv)
{
    return program_main(argc, argv, groups, host);
}
