/* Plain threads that submit tasks, one for four workers; each has a CPU. */
#include "loads.h"

#include <stdlib.h>

struct thread {
    actor actor;
    int index; /* below 0 */
    int left;
};

struct submit {
    struct work work;
    uint64_t ended;
    struct thread *threads;
};

static enum outcome
compute(struct world *world, worker *worker, fiber *self, instant *takes)
{
    struct submit *submit = world->load;
    (void)worker;
    if (self->at++ == 0) {
        *takes = fiber_compute(world, submit->work.load->work);
        return GOES_ON;
    }
    if (++submit->ended == submit->work.operations) {
        submit->work.end = world->clock;
        world->over = true;
        free(submit->threads);
    }
    return ENDS;
}

static void
submit_one(struct world *world, actor *actor)
{
    struct thread *thread = (struct thread *)actor;
    struct submit *submit = world->load;
    if (submit->work.begin == 0)
        load_begin(world);
    fiber *one = fiber_new(world, compute, NULL);
    instant takes = ns(world->costs.submit);
    one->on = (int)world->count; /* of no worker */
    one->detached = true;
    takes += fiber_inject(world, thread->index, one, one, 1);
    if (--thread->left > 0)
        world_in(world, actor, takes);
}

void
submit_start(struct world *world, const struct load *load)
{
    struct submit *submit = load_make(world, load, sizeof *submit);
    unsigned threads = (world->count + 3) / 4;
    submit->threads = calloc(threads, sizeof *submit->threads);
    if (!submit->threads)
        abort();
    submit->work.operations = (uint64_t)threads * sizes->submits;
    for (unsigned i = 0; i < threads; ++i) {
        submit->threads[i].index = -1 - (int)i;
        submit->threads[i].left = (int)sizes->submits;
        submit->threads[i].actor.act = submit_one;
        world_at(world, &submit->threads[i].actor,
                 ns(1000000 + i * 10)); /* when all workers sleep */
    }
}
