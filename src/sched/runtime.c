/*
 * The beginning and the end of a run.
 *
 * PROTOCOL  The end, step by step:
 *           E1  stopping := 1: submissions are refused, tasks that start from
 *               now on start cancelled
 *           E2  every live task of the runtime is cancelled, again and again,
 *               since one may just have been spawned
 *           E3  all tasks have ended: seen by their counts, ends read before
 *               beginnings, since only a live task or a callback begins
 *               another; then closing := 1, so that no callback begins any
 *               more, those that run are waited for, and the counts are read
 *               once more
 *           E4  quit := 1: the workers leave their loops, and are joined
 *           E5  no stranger is touching the runtime any more (resume.c)
 *           E6  it is freed
 * MEMORY ORDER  Two pairs of "store, then look" meet, all four seq_cst: E1 and
 *           its look at `foreign`, with filch_submit, which counts itself in
 *           and looks at `stopping`; E3 and its look at who runs a callback,
 *           with a worker, which says that it runs one and looks at `closing`.
 *           A task's end is counted by a release, so who reads the count sees
 *           what that task had spawned.
 * CHECKED BY  tests/model/stop.c, foreign.c, idle.c;
 *           tests/sched/test_start_stop.c
 */
#include "fiber/slab.h"
#include "os/chaos.h"
#include "sched/config.h"
#include "sched/seeded.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAIN_STACK ((size_t)1 << 20)
#define TAGS 65535u
#define PATIENCE FILCH_SEC(5)

static fl_atomic32 tags_guard;
static bool tags[TAGS + 1]; /* tags_guard: which numbers are taken */

/* ---- forks and numbers ---- */

static void
in_child(void)
{
    fl_here_end();
}

static uint32_t
take_tag(void)
{
    uint32_t tag = 1;
    fl_guard_lock(&tags_guard);
    while (tag <= TAGS && tags[tag]) {
        tag++;
    }
    if (tag <= TAGS) {
        tags[tag] = true;
    }
    fl_guard_unlock(&tags_guard);
    return tag <= TAGS ? tag : 0;
}

static void
give_tag(uint32_t tag)
{
    fl_guard_lock(&tags_guard);
    tags[tag] = false;
    fl_guard_unlock(&tags_guard);
}

/* ---- workers ---- */

static int
set_up_worker(filch_runtime *runtime, fl_worker *worker, unsigned index)
{
    worker->runtime = runtime;
    worker->index = index;
    worker->loop.kind = FL_LOOP;
    worker->loop.barred = 1;
    worker->loop.forked = FL_NO_JOBS;
    worker->loop.state = runtime->tag << FL_TAG_SHIFT;
    worker->loop.worker = worker;
    worker->polled = fl_os_now();
    int error = fl_deque_init(&worker->deque);
    if (!error) {
        error = fl_timers_get(&worker->timers);
    }
    if (!error) {
        worker->stacks.items = fl_stack_try_batch(runtime->shift);
        error = worker->stacks.items ? 0 : ENOMEM;
    }
    return error;
}

/* `put` takes the stacks: fl_slab_give_back if the runtime never started. */
static void
clear_worker(fl_worker *worker, void (*put)(fl_link *batch))
{
    if (worker->timers) {
        fl_timers_put(worker->timers);
    }
    fl_deque_free(&worker->deque);
    fl_task_flush(worker);
    if (worker->stacks.items) {
        put(worker->stacks.items);
    }
    if (worker->stacks.full) {
        put(worker->stacks.full);
    }
}

/* ---- the runtime's memory ---- */

static void
free_runtime(filch_runtime *runtime, void (*put)(fl_link *batch))
{
    for (unsigned i = 0; i < runtime->count && runtime->workers; i++) {
        clear_worker(&runtime->workers[i], put);
    }
    fl_seeded_end(runtime);
    if (runtime->tag) {
        give_tag(runtime->tag);
    }
    free(runtime->workers);
    free(runtime->looks);
    free(runtime);
    fl_slab_roots(false);
    while (fl_stack_trim()) {
    }
}

static int
make_runtime(filch_runtime **made, const filch_config *config)
{
    filch_runtime *runtime = calloc(1, sizeof *runtime);
    if (!runtime) {
        return ENOMEM;
    }
    fl_slab_roots(true);
    unsigned n = config->workers;
    size_t bytes = (n * sizeof(fl_worker) + FL_CACHE_LINE - 1) &
                   ~(size_t)(FL_CACHE_LINE - 1);
    runtime->workers = aligned_alloc(FL_CACHE_LINE, bytes);
    runtime->looks = calloc(n, sizeof *runtime->looks);
    runtime->tag = take_tag();
    runtime->shift = fl_stack_shift(config->stack_size);
    runtime->pin = config->pin_workers;
    snprintf(runtime->name, sizeof runtime->name, "%s", config->name);
    if (!runtime->workers || !runtime->looks || !runtime->tag) {
        int error = runtime->tag ? ENOMEM : EAGAIN;
        free_runtime(runtime, fl_slab_give_back);
        return error;
    }
    memset(runtime->workers, 0, bytes);
    runtime->count = n;
    int error = 0;
    for (unsigned i = 0; i < n && !error; i++) {
        error = set_up_worker(runtime, &runtime->workers[i], i);
    }
    if (!error && (config->seed || config->virtual_time)) {
        error = fl_seeded_begin(runtime, config->seed);
    }
    if (error) {
        free_runtime(runtime, fl_slab_give_back);
        return error;
    }
    *made = runtime;
    return 0;
}

/* ---- threads ---- */

static void
stop_workers(filch_runtime *runtime, unsigned started)
{
    fl_chaos();
    fl_exchange_seq_cst(&runtime->quit, 1u); /* E4 */
    for (unsigned i = 0; i < started; i++) {
        fl_wake_all(runtime);
        fl_os_thread_join(runtime->workers[i].thread);
    }
    unsigned round = 0;
    while (fl_load_seq_cst(&runtime->foreign)) { /* E5 */
        fl_os_back_off(round++);
    }
    fl_tsan_acquire(runtime); /* what all tasks did comes before this */
    fl_os_fault_remove();
}

static int
start_workers(filch_runtime *runtime)
{
    int error = fl_os_fault_install(fl_explain_fault);
    if (error) {
        return error;
    }
    fl_os_allowed(&runtime->allowed);
    unsigned cpus = (unsigned)CPU_COUNT(&runtime->allowed);
    runtime->awake_most = cpus ? 2 * cpus : runtime->count;
    for (unsigned i = 0; i < runtime->count; i++) {
        fl_worker *worker = &runtime->workers[i];
        error = fl_os_thread_start(&worker->thread, &runtime->allowed, i,
                                   runtime->name, fl_worker_main, worker);
        if (error) {
            stop_workers(runtime, i);
            return error;
        }
    }
    return 0;
}

static int
start(filch_runtime **runtime, const filch_config *given)
{
    filch_config config;
    int error = fl_config_resolve(&config, given);
    filch_runtime *made;
    if (!error) {
        error = make_runtime(&made, &config);
    }
    if (error) {
        return error;
    }
    error = start_workers(made);
    if (error) {
        free_runtime(made, fl_slab_give_back);
        return error;
    }
    fl_slab_keep(made->shift);
    *runtime = made;
    return 0;
}

int
filch_start(filch_runtime **runtime, const filch_config *given)
{
    if (fl_os_forked()) {
        return ENOTSUP;
    }
    if (!runtime) {
        return EINVAL;
    }
    int error = fl_os_on_fork(in_child);
    if (error) {
        return error;
    }
    fl_fence_begin();
    int state = fl_os_no_cancel(); /* it may have to complain, which writes */
    error = start(runtime, given);
    fl_os_cancel_as_before(state);
    return error;
}

/* ---- the end ---- */

static void
name_one(filch_task *task, void *runtime)
{
    filch_runtime *mine = runtime;
    uint32_t state = fl_load_relaxed(&task->fiber.state);
    if (state >> FL_TAG_SHIFT == mine->tag) {
        const char *name = fl_task_name(task);
        fl_warn("the end of '%s' waits for the task '%s'", mine->name,
                name ? name : "(unnamed)");
    }
}

/* E3 */
static bool
all_ended(filch_runtime *runtime)
{
    uint64_t ended = 0, begun = 0;
    for (unsigned i = 0; i < runtime->count; i++) {
        ended += fl_load_acquire(&runtime->workers[i].stats.tasks);
    }
    fl_chaos();
    begun = fl_load_acquire(&runtime->submitted);
    for (unsigned i = 0; i < runtime->count; i++) {
        begun += fl_load_acquire(&runtime->workers[i].stats.spawned);
    }
    return ended == begun;
}

/* While `closing` is set none begins: so each worker is to be seen once without
 * one, not all of them at the same moment. */
static void
await_callbacks(const filch_runtime *runtime)
{
    for (unsigned i = 0; i < runtime->count; i++) {
        unsigned round = 0;
        while (fl_load_seq_cst(&runtime->workers[i].timers->running)) {
            fl_os_back_off(round++);
        }
    }
}

static void
end_tasks(filch_runtime *runtime)
{
    filch_time begin = fl_os_now(), pause = FILCH_MS(1);
    bool named = false;
    fl_exchange_seq_cst(&runtime->stopping, 1u); /* E1 */
    unsigned round = 0;
    while (fl_load_seq_cst(&runtime->foreign)) {
        fl_os_back_off(round++); /* a submission that was under way */
    }
    if (runtime->seeded) {
        fl_seeded_call(runtime); /* its worker cancels them */
    }
    for (;;) {
        uint32_t seen = fl_load_seq_cst(&runtime->ended);
        fl_chaos();
        if (all_ended(runtime)) {
            fl_exchange_seq_cst(&runtime->closing, 1u);
            fl_chaos();
            await_callbacks(runtime);
            if (all_ended(runtime)) {
                return;
            }
            fl_exchange_seq_cst(&runtime->closing, 0u);
        }
        if (!runtime->seeded) {
            fl_cancel_all(runtime); /* E2 */
        }
        filch_time now = fl_os_now();
        if (!named && now - begin > PATIENCE) {
            fl_task_each(name_one, runtime);
            named = true;
        }
        fl_os_wait(&runtime->ended, seen, now + pause);
        pause = pause < FILCH_MS(100) ? pause * 2 : pause;
    }
}

int
filch_stop(filch_runtime *runtime)
{
    if (!runtime) {
        return EINVAL;
    }
    if (filch_runtime_current() == runtime) {
        return EDEADLK;
    }
    if (fl_os_forked()) {
        return ENOTSUP; /* its workers are not there to end anything */
    }
    int state = fl_os_no_cancel();
    end_tasks(runtime);
    stop_workers(runtime, runtime->count);
    bool stalled = runtime->seeded && runtime->seeded->stalled;
    free_runtime(runtime, fl_stack_put_batch);
    fl_os_cancel_as_before(state);
    return stalled ? EDEADLK : 0;
}

int
filch_run(const filch_config *config, filch_fn main, void *arg)
{
    filch_runtime *runtime;
    filch_task *task;
    int status = 0;
    fl_fiber *me = fl_me();
    if (me->kind != FL_THREAD || me->barred) {
        return EDEADLK;
    }
    if (!main) {
        return EINVAL;
    }
    int state = fl_os_no_cancel(); /* what complains writes */
    int error = filch_start(&runtime, config);
    if (error) {
        fl_os_cancel_as_before(state);
        return error;
    }
    if (runtime->seeded) {
        runtime->seeded->ends_with_main = true;
    }
    filch_task_options options = {.name = "main", .stack_size = MAIN_STACK};
    error = fl_submit(runtime, &task, main, arg, &options);
    if (!error) {
        me->shield++; /* this is no stranger's call: see fl_seeded_point */
        error = filch_join(task, &status);
        me->shield--;
    }
    int stopped = filch_stop(runtime);
    fl_os_cancel_as_before(state);
    error = error ? error : stopped;
    return error ? error : status;
}
