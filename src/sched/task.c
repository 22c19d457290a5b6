#include "sched/task.h"

#include "sched/worker.h"

#include <errno.h>
#include <string.h>

#define CHUNK_TASKS 512

/* A run of descriptors, never given back. */
struct chunk {
    struct chunk *next;
    _Alignas(FL_CACHE_LINE) filch_task tasks[CHUNK_TASKS];
};

void (*fl_task_on_end)(filch_task *task);

static fl_depot depot;
static fl_atomic_ptr chunks; /* the newest, linked to the others */

/* Blocks for names; a short one and a long one. */
#define NAMES 2
static const size_t name_bytes[NAMES] = {64, 1024};
static fl_depot name_depots[NAMES];

struct name_block {
    fl_link link;
    unsigned kind;
    char text[];
};

/* Chains the n objects of `size` bytes at `memory` into batches. */
static void
give_all(fl_depot *to, char *memory, size_t size, size_t n)
{
    fl_link *batch = NULL;
    for (size_t i = n; i-- > 0;) {
        fl_link *link = (fl_link *)(void *)(memory + i * size);
        link->next = batch;
        batch = link;
        if (i % FL_BATCH == 0) {
            fl_depot_give(to, batch);
            batch = NULL;
        }
    }
}

static bool
make_chunk(void)
{
    void *memory;
    if (fl_os_map(&memory, sizeof(struct chunk))) {
        return false;
    }
    fl_os_populate(&(fl_os_range){memory, sizeof(struct chunk)}, 1);
    struct chunk *chunk = memory;
    void *first = fl_load_relaxed(&chunks);
    do {
        chunk->next = first;
    } while (!fl_cas_acq_rel(&chunks, &first, (void *)chunk));
    give_all(&depot, (char *)chunk->tasks, sizeof(filch_task), CHUNK_TASKS);
    return true;
}

/* For a thread without a cache: one from the depot, the rest back. */
static fl_link *
take_one(fl_depot *from)
{
    fl_link *batch = fl_depot_take(from);
    if (batch && batch->next) {
        fl_depot_give(from, batch->next);
    }
    return batch;
}

static void
give_one(fl_depot *to, fl_link *link)
{
    link->next = NULL;
    fl_depot_give(to, link);
}

filch_task *
fl_task_alloc(fl_worker *worker)
{
    fl_link *link;
    do {
        link = worker ? fl_cache_pop(&worker->tasks, &depot) : take_one(&depot);
    } while (!link && make_chunk());
    return (filch_task *)link;
}

static void
free_name(filch_task *task)
{
    char *text = fl_exchange_acq_rel(&task->name, (void *)NULL);
    if (text) {
        struct name_block *block = fl_container(text, struct name_block, text);
        give_one(&name_depots[block->kind], &block->link);
    }
}

static void
free_task(filch_task *task)
{
    fl_fiber *me = fl_me();
    if (fl_unlikely(fl_load_relaxed(&task->name) != NULL)) {
        free_name(task);
    }
    if (me->kind == FL_THREAD) {
        give_one(&depot, &task->fiber.free);
        return;
    }
    fl_link *surplus = fl_cache_push(&me->worker->tasks, &task->fiber.free);
    if (surplus) {
        fl_depot_give(&depot, surplus);
    }
}

void
fl_task_drop(filch_task *task)
{
    fl_tsan_release(&task->life);
    uint32_t life = fl_load_acquire(&task->life);
    fl_assert(life >= FL_REFERENCE); /* the caller's own */
    if (life >= 2 * FL_REFERENCE) {
        life = fl_add_acq_rel(&task->life, (uint32_t)-FL_REFERENCE);
    }
    if (life < 2 * FL_REFERENCE) {
        free_task(task);
    }
}

void
fl_task_flush(fl_worker *worker)
{
    fl_cache *cache = &worker->tasks;
    if (cache->items) {
        fl_depot_give(&depot, cache->items);
    }
    if (cache->full) {
        fl_depot_give(&depot, cache->full);
    }
    *cache = (fl_cache){0};
}

void
fl_task_each(void (*visit)(filch_task *task, void *arg), void *arg)
{
    struct chunk *chunk = fl_load_acquire(&chunks);
    for (; chunk; chunk = chunk->next) {
        for (size_t i = 0; i < CHUNK_TASKS; i++) {
            visit(&chunk->tasks[i], arg);
        }
    }
}

filch_task *
fl_task_of(fl_fiber *fiber)
{
    switch (fiber->kind) {
    case FL_TASK:
        return fl_container(fiber, filch_task, fiber);
    case FL_JOB:
        return fl_container(fiber, fl_job_fiber, fiber)->task;
    default:
        return NULL;
    }
}

/* A block that holds `length` bytes and a zero, or the longest there is. */
static struct name_block *
name_block(size_t length)
{
    unsigned kind =
        length < name_bytes[0] - sizeof(struct name_block) ? 0 : 1;
    fl_link *link = take_one(&name_depots[kind]);
    if (!link) {
        void *memory;
        size_t n = ((size_t)64 << 10) / name_bytes[kind];
        if (fl_os_map(&memory, n * name_bytes[kind])) {
            return NULL;
        }
        give_all(&name_depots[kind], memory, name_bytes[kind], n);
        link = take_one(&name_depots[kind]);
    }
    struct name_block *block = fl_container(link, struct name_block, link);
    block->kind = kind;
    return block;
}

/* Byte by byte: the sanitizers watch memcpy also where it is called from code
 * that they do not see, and know nothing of how the blocks change hands. */
static void
copy(volatile char *to, const char *from, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        to[i] = from[i];
    }
}

int
fl_task_name(filch_task *task, const char *name)
{
    struct name_block *block = NULL;
    if (name) {
        size_t length = strlen(name);
        block = name_block(length);
        if (!block) {
            return ENOMEM;
        }
        size_t most = name_bytes[block->kind] - sizeof *block - 1;
        length = length < most ? length : most;
        copy(block->text, name, length);
        block->text[length] = 0;
    }
    free_name(task);
    fl_store_release(&task->name, block ? (void *)block->text : NULL);
    return 0;
}
