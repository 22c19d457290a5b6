/* The workloads of loads.h, as programs that use filch. */
#include "real.h"

#include <errno.h>
#include <filch.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { RUNS = 30 };

#define REST FILCH_MS(1) /* in which all workers come to rest */

struct run {
    const struct load *load;
    unsigned workers;
    double ns, operations;
};

static void
compute(double ns)
{
    if (ns > 0)
        for (filch_time end = filch_now() + (filch_time)ns; filch_now() < end;)
            ;
}

/* Calls body(run) as the main task of a runtime. */
static int
on_runtime(struct run *run, filch_fn body)
{
    filch_config config = {.workers = run->workers, .pin_workers = true};
    return filch_run(&config, body, run);
}

/* ---- a tree of jobs ---- */

struct node {
    double work;
    int depth;
};

static int
walk(void *arg)
{
    struct node *node = arg;
    struct node below = {node->work, node->depth - 1};
    filch_job job;
    if (node->depth == 0) {
        compute(node->work);
        return 0;
    }
    filch_fork(&job, walk, &below);
    int status = walk(&below);
    int other = filch_sync(&job);
    return status ? status : other;
}

static int
tree_main(void *arg)
{
    struct run *run = arg;
    struct node root = {run->load->work,
                        run->load->work > 0 ? sizes->coarse_tree : sizes->tree};
    run->operations = (double)(1u << root.depth);
    filch_sleep(REST);
    filch_time begin = filch_now();
    int status = walk(&root);
    run->ns = (double)(filch_now() - begin);
    return status;
}

/* ---- tasks from one, which joins them ---- */

static int
spawn_and_join(size_t n, filch_fn (*body)(size_t i), void *(*arg_of)(size_t i))
{
    filch_task **tasks = calloc(n, sizeof(filch_task *));
    int error = tasks ? 0 : ENOMEM, status = 0;
    for (size_t i = 0; i < n && !error; ++i)
        error = filch_spawn(&tasks[i], body(i), arg_of(i));
    for (size_t i = 0; i < n && !error; ++i) {
        error = filch_join(tasks[i], &status);
        error = error ? error : status;
    }
    free(tasks);
    return error;
}

static struct run *current;

static int
compute_task(void *arg)
{
    (void)arg;
    compute(current->load->work);
    return 0;
}

static filch_fn
compute_body(size_t i)
{
    (void)i;
    return compute_task;
}

static void *
no_arg(size_t i)
{
    (void)i;
    return NULL;
}

static int
burst_main(void *arg)
{
    struct run *run = current = arg;
    size_t n = burst_size(run->load);
    run->operations = (double)n;
    filch_sleep(REST);
    filch_time begin = filch_now();
    int error = spawn_and_join(n, compute_body, no_arg);
    run->ns = (double)(filch_now() - begin);
    return error;
}

/* ---- pairs ---- */

static filch_queue *queues;

static int
produce(void *queue)
{
    int error = 0;
    for (int i = 0; i < ITEMS && !error; ++i) {
        error = filch_queue_put(queue, queue);
        compute(current->load->work);
    }
    return error;
}

static int
consume(void *queue)
{
    void *item;
    int error = 0;
    for (int i = 0; i < ITEMS && !error; ++i) {
        error = filch_queue_get(queue, &item);
        compute(current->load->work);
    }
    return error;
}

static filch_fn
pair_body(size_t i)
{
    return i % 2 ? consume : produce;
}

static void *
pair_queue(size_t i)
{
    return &queues[i / 2];
}

static int
pairs_main(void *arg)
{
    struct run *run = current = arg;
    int error = 0;
    queues = calloc(sizes->pairs, sizeof *queues);
    if (!queues)
        return ENOMEM;
    for (size_t i = 0; i < sizes->pairs && !error; ++i)
        error = filch_queue_init(&queues[i], SLOTS);
    run->operations = (double)sizes->pairs * ITEMS;
    filch_sleep(REST);
    filch_time begin = filch_now();
    error =
        error ? error : spawn_and_join(2 * sizes->pairs, pair_body, pair_queue);
    run->ns = (double)(filch_now() - begin);
    for (size_t i = 0; i < sizes->pairs; ++i)
        filch_queue_destroy(&queues[i]);
    free(queues);
    return error;
}

/* ---- an event ---- */

static filch_event event;
static atomic_size_t waiting;

static int
wait_and_go_on(void *arg)
{
    (void)arg;
    atomic_fetch_add(&waiting, 1);
    int error = filch_event_wait(&event);
    compute(current->load->work);
    return error;
}

static int
crowd_main(void *arg)
{
    struct run *run = current = arg;
    filch_task **tasks = calloc(sizes->crowd, sizeof(filch_task *));
    int error = tasks ? filch_event_init(&event) : ENOMEM, status = 0;
    atomic_store(&waiting, 0);
    for (size_t i = 0; i < sizes->crowd && !error; ++i)
        error = filch_spawn(&tasks[i], wait_and_go_on, NULL);
    while (!error && atomic_load(&waiting) < sizes->crowd)
        filch_yield();
    run->operations = (double)sizes->crowd;
    filch_sleep(REST);
    filch_time begin = filch_now();
    filch_event_set(&event);
    for (size_t i = 0; i < sizes->crowd && !error; ++i) {
        error = filch_join(tasks[i], &status);
        error = error ? error : status;
    }
    run->ns = (double)(filch_now() - begin);
    free(tasks);
    return error;
}

/* ---- timers ---- */

static int
doze(void *arg)
{
    uint64_t state = (uintptr_t)arg * 0x9e3779b97f4a7c15;
    int error = 0;
    for (int i = 0; i < SLEEPS && !error; ++i) {
        state = state * 6364136223846793005 + 1442695040888963407;
        error =
            filch_sleep(SLEEP_LEAST + (filch_time)((state >> 33) %
                                                   (SLEEP_MOST - SLEEP_LEAST)));
        compute(current->load->work);
    }
    return error;
}

static filch_fn
doze_body(size_t i)
{
    (void)i;
    return doze;
}

static void *
number(size_t i)
{
    return (void *)(i + 1);
}

static int
sleep_main(void *arg)
{
    struct run *run = current = arg;
    size_t n = sizes->sleepers * run->workers;
    run->operations = (double)n * SLEEPS;
    filch_sleep(REST);
    filch_time begin = filch_now();
    int error = spawn_and_join(n, doze_body, number);
    run->ns = (double)(filch_now() - begin);
    return error;
}

/* ---- plain threads ---- */

static atomic_size_t ended;
static filch_event all_ended;

static int
compute_and_count(void *arg)
{
    (void)arg;
    compute(current->load->work);
    if (atomic_fetch_add(&ended, 1) + 1 == sizes->submits)
        filch_event_set(&all_ended);
    return 0;
}

static int
submit_from_here(struct run *run)
{
    filch_config config = {.workers = run->workers};
    filch_runtime *runtime;
    current = run;
    run->operations = (double)sizes->submits;
    atomic_store(&ended, 0);
    filch_event_clear(&all_ended);
    int error = filch_start(&runtime, &config);
    if (error)
        return error;
    filch_sleep(REST);
    filch_time begin = filch_now();
    for (size_t i = 0; i < sizes->submits && !error; ++i)
        error = filch_submit(runtime, NULL, compute_and_count, NULL);
    error = error ? error : filch_event_wait(&all_ended);
    run->ns = (double)(filch_now() - begin);
    int stopped = filch_stop(runtime);
    return error ? error : stopped;
}

/* ---- all ---- */

/* The main task of each, by what begins it in the simulation. */
static const struct {
    void (*start)(struct world *world, const struct load *load);
    filch_fn main; /* NULL: it is for a plain thread */
} mains[] = {
    {tree_start, tree_main},   {burst_start, burst_main},
    {pairs_start, pairs_main}, {crowd_start, crowd_main},
    {sleep_start, sleep_main}, {submit_start, NULL},
};

static int
run_once(struct run *run)
{
    size_t i = 0;
    while (mains[i].start != run->load->start)
        ++i;
    return mains[i].main ? on_runtime(run, mains[i].main)
                         : submit_from_here(run);
}

int
real_best(const struct load *load, unsigned workers, double *ns,
          double *operations)
{
    struct run run = {.load = load, .workers = workers};
    int error = run_once(&run); /* warms up */
    *ns = run.ns;
    for (int i = 0; i < RUNS && !error; ++i) {
        error = run_once(&run);
        *ns = run.ns < *ns ? run.ns : *ns;
    }
    *operations = run.operations;
    return error;
}
