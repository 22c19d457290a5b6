/* Fork and join: a binary tree of jobs. */
#include "loads.h"

#include <stdlib.h>

enum place { BEGIN, SECOND_DONE, BOTH_DONE };

/* A call that is not over: its forked job, and how far it is. */
struct frame {
    fiber job;
    enum place place;
    int depth;
    fiber *forker; /* of the job, once it waits for it */
};

struct tree {
    struct work work;
    int depth;
};

static enum outcome walk(struct world *world, worker *worker, fiber *self,
                         instant *takes);

/* The calls of a fiber, the first at 0; `at` is the innermost. */
static struct frame *
frames_of(fiber *fiber, int depth)
{
    if (!fiber->data) {
        struct frame *frames = calloc((size_t)depth + 1, sizeof *frames);
        if (!frames)
            abort();
        frames[0].depth = depth;
        fiber->data = frames;
        fiber->at = 0;
    }
    return fiber->data;
}

static void
call(fiber *self, int depth)
{
    struct frame *frames = self->data;
    frames[++self->at] = (struct frame){.depth = depth};
}

static void
fork_one(struct world *world, worker *worker, struct frame *frame,
         instant *takes)
{
    frame->job.step = walk;
    frame->job.is_job = true;
    frame->job.on = worker->index;
    frame->job.n = frame->depth - 1;
    ++world->made;
    deque_push(&worker->deque, &frame->job);
    *takes += ns(world->costs.push) + worker_touches(world, worker);
}

/* Takes the job back and calls it, or waits for who has it. */
static enum outcome
sync_one(struct world *world, worker *worker, fiber *self, struct frame *frame,
         instant *takes)
{
    struct deque *deque = &worker->deque;
    fiber *job = &frame->job;
    frame->place = BOTH_DONE;
    if (deque_size(deque) &&
        deque->entries[(deque->bottom - 1) & deque->mask] == job) {
        deque_pop(deque);
        *takes += ns(world->costs.pop + world->costs.job) +
                  worker_touches(world, worker);
        job->over = true;
        ++world->ended;
        call(self, frame->depth - 1);
        return GOES_ON;
    }
    *takes += ns(world->costs.line);
    if (job->over)
        return GOES_ON;
    frame->forker = self;
    return WAITS;
}

/* The first call of a fiber has returned: the job's forker may go on. */
static enum outcome
finish(struct world *world, worker *worker, fiber *self, instant *takes)
{
    struct tree *tree = world->load;
    free(self->data);
    self->data = NULL;
    *takes += ns(world->costs.locked);
    if (!self->is_job) {
        tree->work.end = world->clock;
        world->over = true;
        free(self);
        return WAITS;
    }
    struct frame *frame = (struct frame *)(void *)self;
    if (frame->forker)
        *takes += fiber_resume(world, worker, frame->forker);
    return ENDS;
}

static enum outcome
walk(struct world *world, worker *worker, fiber *self, instant *takes)
{
    struct tree *tree = world->load;
    struct frame *frame = &frames_of(self, (int)self->n)[self->at];
    switch (frame->place) {
    case BEGIN:
        if (frame->depth == 0) {
            frame->place = BOTH_DONE;
            *takes += fiber_compute(world, tree->work.load->work);
            return GOES_ON;
        }
        frame->place = SECOND_DONE;
        fork_one(world, worker, frame, takes);
        call(self, frame->depth - 1);
        *takes += ns(world->costs.job);
        return GOES_ON;
    case SECOND_DONE:
        return sync_one(world, worker, self, frame, takes);
    default:
        if (self->at == 0)
            return finish(world, worker, self, takes);
        --self->at;
        return GOES_ON;
    }
}

static enum outcome
begin(struct world *world, worker *worker, fiber *self, instant *takes)
{
    load_begin(world);
    self->step = walk;
    return walk(world, worker, self, takes);
}

void
tree_start(struct world *world, const struct load *load)
{
    struct tree *tree = load_make(world, load, sizeof *tree);
    fiber *main = fiber_new(world, begin, NULL);
    tree->depth = load->work > 0 ? sizes->coarse_tree : sizes->tree;
    tree->work.operations = (uint64_t)1 << tree->depth;
    main->n = tree->depth;
    load_begins_with(world, main);
}
