#include "sched/task.h"

#include "sched/worker.h"

/* The more there are the more are made at once: to map memory is to wait until the
 * kernel has finished what other workers have asked of it, mostly stacks. */
#define CHUNK_FIRST 512u
#define CHUNK_MOST 8192u

/* A run of descriptors, never given back. */
struct chunk {
    struct chunk *next;
    size_t n;
    _Alignas(2 * FL_CACHE_LINE) filch_task tasks[];
};

void (*fl_task_on_end)(filch_task *task);

static fl_depot depot;
static fl_atomic_ptr chunks;             /* the newest, linked to the others */
static fl_atomic32 wanted = CHUNK_FIRST; /* in the next one, about */

/* For so many, or fewer if memory is short; NULL: not even for the fewest. */
static struct chunk *
map_chunk(size_t n)
{
    for (; n >= CHUNK_FIRST; n /= 2) {
        void *memory;
        size_t size = sizeof(struct chunk) + n * sizeof(filch_task);
        if (fl_os_map(&memory, size) == 0) {
            fl_os_populate(&(fl_os_range){memory, size}, 1);
            struct chunk *chunk = memory;
            chunk->n = n;
            return chunk;
        }
    }
    return NULL;
}

static bool
make_chunk(void)
{
    struct chunk *chunk = map_chunk(fl_load_relaxed(&wanted));
    if (!chunk) {
        return false;
    }
    size_t n = chunk->n < CHUNK_MOST ? 2 * chunk->n : CHUNK_MOST;
    fl_store_relaxed(&wanted, (uint32_t)n);
    void *first = fl_load_relaxed(&chunks);
    do {
        chunk->next = first;
    } while (!fl_cas_acq_rel(&chunks, &first, (void *)chunk));
    for (size_t i = 0; i < chunk->n; i++) {
        chunk->tasks[i].fiber.mine = FL_NO_JOBS;
    }
    fl_depot_fill(&depot, chunk->tasks, sizeof(filch_task), chunk->n);
    return true;
}

filch_task *
fl_task_alloc(fl_worker *worker)
{
    fl_link *link;
    filch_task *freed = worker ? fl_take_freed(worker) : NULL;
    if (freed) {
        return freed;
    }
    do {
        link = worker ? fl_cache_pop(&worker->tasks, &depot)
                      : fl_depot_take_one(&depot);
    } while (!link && make_chunk());
    return (filch_task *)link;
}

static void
free_task(filch_task *task)
{
    fl_fiber *me = fl_me();
    if (fl_unlikely(fl_load_relaxed(&task->name))) {
        fl_name_set(&task->name, NULL);
    }
    if (me->kind == FL_THREAD) {
        fl_depot_give_one(&depot, &task->fiber.free);
        return;
    }
    fl_link *surplus = fl_cache_push(&me->worker->tasks, &task->fiber.free);
    if (surplus) {
        fl_task_shed(surplus);
    }
}

void
fl_task_shed(fl_link *surplus)
{
    fl_depot_give(&depot, surplus);
}

bool
fl_task_has_ended(filch_task *task)
{
    bool ended = fl_load_acquire(&task->life) & FL_DONE;
    if (ended) {
        fl_tsan_acquire(&task->life);
    }
    return ended;
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
    filch_task *freed = fl_take_freed(worker);
    if (freed) {
        fl_depot_give_one(&depot, &freed->fiber.free);
    }
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
        for (size_t i = 0; i < chunk->n; i++) {
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

const void *
fl_task_group(const filch_task *task)
{
    return task->group;
}

void
fl_task_set_group(filch_task *task, const void *group)
{
    task->group = group;
}

/* ---- names ---- */

const char *
filch_task_name(filch_task *task)
{
    fl_point("filch_task_name");
    const char *name = fl_task_name(task);
    return name ? name : "";
}

int
filch_task_set_name(filch_task *task, const char *name)
{
    fl_point("filch_task_set_name");
    return fl_name_set(&task->name, name);
}
