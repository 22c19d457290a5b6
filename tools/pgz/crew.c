#include "crew.h"
#include <errno.h>
#include <filch/stats.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/*
 * For each worker a chunk in work, one that waits for it and one that waits
 * for its turn to be written; and one each for the reader and the writer.
 */
static size_t
chunks_for(size_t workers)
{
    return 3 * workers + 2;
}

int
crew_start(struct crew *crew, unsigned workers)
{
    const filch_config config = {.workers = workers, .name = "pgz"};
    int error;

    *crew = (struct crew){.tasks = 0};
    filch_foreign_begin(); /* the reader's and the writer's thread */
    error = filch_start(&crew->runtime, &config);
    if (error) {
        filch_foreign_end();
        return error;
    }
    filch_stats_read(crew->runtime, NULL, 0, &crew->workers);
    crew->count = chunks_for(crew->workers);
    crew->chunks = chunk_pool_make(crew->count);
    if (crew->chunks)
        return 0;
    filch_stop(crew->runtime);
    filch_foreign_end();
    return ENOMEM;
}

void
crew_stop(struct crew *crew)
{
    filch_stop(crew->runtime);
    filch_foreign_end();
    chunk_pool_free(crew->chunks, crew->count);
}

static bool
read_stats(const struct crew *crew, filch_stats *stats)
{
    return filch_stats_read(crew->runtime, stats, crew->workers, NULL) == 0;
}

static bool
all_counted(const struct crew *crew, const filch_stats *stats)
{
    uint64_t tasks = 0;

    for (size_t i = 0; i < crew->workers; i++)
        tasks += stats[i].tasks;
    return tasks >= crew->tasks;
}

/* Who joins a task may go on a moment before its worker counts it. */
static bool
read_settled_stats(const struct crew *crew, filch_stats *stats)
{
    const struct timespec moment = {0, 100 * 1000};
    bool read = read_stats(crew, stats);

    for (int i = 0; read && !all_counted(crew, stats) && i < 1000; i++) {
        nanosleep(&moment, NULL);
        read = read_stats(crew, stats);
    }
    return read;
}

void
crew_print_stats(const struct crew *crew)
{
    filch_stats *stats = calloc(crew->workers, sizeof *stats);

    if (!stats || !read_settled_stats(crew, stats)) {
        free(stats);
        return;
    }
    fprintf(stderr, "worker  tasks  steals  sleeps\n");
    for (size_t i = 0; i < crew->workers; i++)
        fprintf(stderr, "%6zu %6" PRIu64 " %7" PRIu64 " %7" PRIu64 "\n", i,
                stats[i].tasks, stats[i].steals, stats[i].sleeps);
    free(stats);
}
