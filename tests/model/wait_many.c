/*
 * filch_wait for two tasks at once, for the first or for both, perhaps
 * cancelled, while two workers end them. Who waits goes on once, when enough
 * have ended, and is in no list any more.
 */
#include "world.h"

#include "sched/task.c"

#include <alloca.h>
#include <errno.h>
#include <string.h>

#define MODEL_THREADS 4

static filch_task memory[2], *tasks[2];
static filch_return_when when;
static bool cancels;

static int
succeed_or_not(void *arg)
{
    return arg != NULL;
}

void
model_before(void)
{
    play_fences();
    depot = (fl_depot){0};
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        play_task(i);
        play_unseen(i);
        fl_worker *worker = &players[i].worker;
        worker->loop.kind = FL_LOOP;
        worker->loop.worker = worker;
    }
    callers[1] = &players[1].worker.loop;
    callers[2] = &players[2].worker.loop;
    when = (filch_return_when)model_choose(3);
    cancels = model_choose(2);
    for (unsigned i = 0; i < 2; i++) {
        memset(&memory[i], 0, sizeof memory[i]);
        memory[i].fiber.mine = FL_NO_JOBS;
        memory[i].fiber.worker = &players[i + 1].worker;
        memory[i].fiber.start.fn = succeed_or_not;
        memory[i].fiber.start.arg = model_choose(2) ? &memory[i] : NULL;
        fl_store_relaxed(&memory[i].life, FL_REFERENCE * 2u);
        fl_store_relaxed(&memory[i].fiber.state, 1u << FL_TAG_SHIFT);
        tasks[i] = &memory[i];
    }
}

/* The frame in which the nodes were is used for something else. */
static FL_NOINLINE void
trample(uint64_t *words, size_t n)
{
    while (n-- > 0) {
        words[n] = 0xdead;
    }
}

static void
wait_for_them(void)
{
    size_t done = 9;
    int error = filch_wait(tasks, 2, when, &done);
    model_assert(!error || (error == ECANCELED && cancels));
    if (!error) {
        bool failed = done > 0 && filch_task_status(tasks[0]) == 1;
        model_assert(done == 2 ||
                     (done == 1 && when == FILCH_FIRST_COMPLETED) ||
                     (done == 1 && when == FILCH_FIRST_EXCEPTION && failed));
    }
    trample(alloca(2048), 2048 / 8);
    filch_task_release(tasks[0]);
    filch_task_release(tasks[1]);
}

void
model_thread(unsigned thread)
{
    switch (thread) {
    case 0:
        wait_for_them();
        break;
    case 3:
        if (cancels) {
            fl_cancel(&players[0].task.fiber, 0);
        }
        break;
    default:
        fl_run_task(&players[thread].worker, &memory[thread - 1]);
    }
}

void
model_after(void)
{
    for (int i = 0; i < 2; i++) {
        model_assert(!memory[i].joiners.first_);
    }
}
