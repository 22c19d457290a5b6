#include "pipeline.h"
#include "output.h"
#include "progress.h"
#include <errno.h>
#include <filch/queue.h>
#include <filch/task.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct pipeline {
    struct crew *crew;
    struct codec *codec;
    int fd;
    filch_queue free;
    filch_queue work;
    filch_queue order;
    filch_task **tasks; /* crew->workers of them */
    pthread_t reader;
    struct outcome outcome; /* the writer's */
};

/* Reads one chunk and sends it on; whether the reader goes on. */
static bool
read_chunk(struct pipeline *p, struct chunk *chunk)
{
    enum step step;
    bool fault;

    chunk_clear(chunk);
    step = p->codec->read(p->codec, chunk);
    if (step == STEP_END)
        return false;
    chunk->position = input_position(p->codec->input);
    fault = chunk->fault;

    /* From here on the chunk is others'. All chunks fit in each queue, so
     * that these puts never wait. */
    filch_queue_put(&p->order, chunk);
    if (step == STEP_WORK)
        filch_queue_put(&p->work, chunk);
    else
        filch_event_set(&chunk->done);
    return !fault;
}

static void *
reader_main(void *arg)
{
    struct pipeline *p = arg;
    void *chunk;

    while (filch_queue_get(&p->free, &chunk) == 0 && read_chunk(p, chunk))
        ;
    filch_queue_shutdown(&p->work, false);
    filch_queue_shutdown(&p->order, false);
    return NULL;
}

static void
work_on(const struct codec *codec, void **tool, struct chunk *chunk)
{
    if (!*tool)
        *tool = codec->tool_make(codec);
    if (*tool)
        codec->work(codec, *tool, chunk);
    else
        chunk->fault = strerror(ENOMEM);
    filch_event_set(&chunk->done);
}

/*
 * Each task takes chunks until there are no more. It must not leave before: the
 * writer waits for every chunk. So where there is no memory to wait with, it
 * tries again.
 */
static int
task_main(void *arg)
{
    struct pipeline *p = arg;
    void *tool = NULL;
    void *chunk;
    int error;

    while ((error = filch_queue_get(&p->work, &chunk)) != ESHUTDOWN) {
        if (error == 0)
            work_on(p->codec, &tool, chunk);
        else
            filch_yield();
    }
    if (tool)
        p->codec->tool_free(tool);
    return 0;
}

/* Writes a chunk; NULL, or why that failed. */
static const char *
write_chunk(struct pipeline *p, const struct chunk *chunk)
{
    const unsigned char *bytes = p->codec->packs ? chunk->packed : chunk->raw;
    size_t n = p->codec->packs ? chunk->packed_size : chunk->raw_size;
    int error = p->fd >= 0 ? output_write(p->fd, bytes, n) : 0;

    p->outcome.output_failed = error != 0;
    p->outcome.raw += chunk->raw_size;
    p->outcome.packed += chunk->packed_size;
    progress_show(chunk->position, p->outcome.raw);
    if (error)
        return strerror(error);
    return chunk->fault;
}

/* Takes the free chunks away from the reader, and wakes it. */
static void
stop_reader(struct pipeline *p)
{
    filch_queue_shutdown(&p->free, true);
    input_interrupt(p->codec->input);
}

/* After a fault it still waits for each chunk, since the tasks use them. */
static void
write_all(struct pipeline *p)
{
    void *item;

    while (filch_queue_get(&p->order, &item) == 0) {
        struct chunk *chunk = item;

        filch_event_wait(&chunk->done);
        if (p->outcome.fault)
            continue;
        p->outcome.fault = write_chunk(p, chunk);
        if (p->outcome.fault)
            stop_reader(p);
        else
            filch_queue_put(&p->free, chunk);
    }
}

/* Starts the tasks, then the reader. Leaves `*tasks` to be joined. */
static int
start(struct pipeline *p, size_t *tasks)
{
    size_t count = p->crew->count;
    int error = 0;

    p->tasks = calloc(p->crew->workers, sizeof *p->tasks);
    if (!p->tasks || filch_queue_init(&p->free, count) ||
        filch_queue_init(&p->work, count) || filch_queue_init(&p->order, count))
        return ENOMEM;
    for (size_t i = 0; i < count; i++)
        filch_queue_put(&p->free, &p->crew->chunks[i]);
    while (!error && *tasks < p->crew->workers) {
        error = filch_submit(p->crew->runtime, &p->tasks[*tasks], task_main, p);
        *tasks += !error;
    }
    p->crew->tasks += *tasks;
    if (!error)
        error = pthread_create(&p->reader, NULL, reader_main, p);
    return error;
}

static void
finish(struct pipeline *p, size_t tasks)
{
    filch_queue_shutdown(&p->work, false);
    for (size_t i = 0; i < tasks; i++)
        filch_join(p->tasks[i], NULL);
    filch_queue_destroy(&p->free);
    filch_queue_destroy(&p->work);
    filch_queue_destroy(&p->order);
    free(p->tasks);
}

struct outcome
pipeline_run(struct crew *crew, struct codec *codec, int fd)
{
    struct pipeline p = {.crew = crew,
                         .codec = codec,
                         .fd = fd,
                         .free = FILCH_QUEUE_INIT,
                         .work = FILCH_QUEUE_INIT,
                         .order = FILCH_QUEUE_INIT};
    size_t tasks = 0;
    int error = start(&p, &tasks);

    if (error) {
        p.outcome.fault = strerror(error);
    } else {
        write_all(&p);
        pthread_join(p.reader, NULL);
    }
    finish(&p, tasks);
    progress_erase();
    return p.outcome;
}
