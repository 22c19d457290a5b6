/*
 * The workloads: each as fibers of a simulated runtime, and as a program that
 * does the same with filch (real.c).
 */
#ifndef SIMULATE_LOADS_H
#define SIMULATE_LOADS_H

#include "world.h"

struct load {
    const char *name, *what;
    double work; /* ns that each operation computes */

    /* Puts the first fibers into a fresh world. */
    void (*start)(struct world *world, const struct load *load);
};

extern const struct load loads[];
extern const size_t load_count;

/* What all have in common, at the beginning of their own data. */
struct work {
    const struct load *load;
    instant begin, end; /* what is measured lies between */
    uint64_t operations;
    double lateness; /* ns, of all timers together */
};

/* How large they are. */
enum {
    SLOTS = 64,  /* of a pair's queue */
    ITEMS = 500, /* that pass through it */
    SLEEPS = 20, /* of each sleeper */
    SLEEP_LEAST = 100000,
    SLEEP_MOST = 1000000 /* ns */
};

struct sizes {
    int tree, coarse_tree;    /* depth of jobs that do nothing, that compute */
    size_t burst, long_burst; /* tasks; of 100 us */
    size_t pairs;
    size_t crowd;    /* tasks that wait for one event */
    size_t sleepers; /* for each worker */
    size_t submits;  /* of each plain thread */
};

extern const struct sizes full, brief; /* brief: of some ms, to be measured */
extern const struct sizes *sizes;      /* those that are meant: full */

static inline size_t
burst_size(const struct load *load)
{
    return load->work < 100000 ? sizes->burst : sizes->long_burst;
}

void tree_start(struct world *world, const struct load *load);
void burst_start(struct world *world, const struct load *load);
void pairs_start(struct world *world, const struct load *load);
void crowd_start(struct world *world, const struct load *load);
void sleep_start(struct world *world, const struct load *load);
void submit_start(struct world *world, const struct load *load);

/* ---- for them ---- */

/* The workload's data; it begins with a struct work. */
void *load_make(struct world *world, const struct load *load, size_t size);

/* What runs first. */
void load_begins_with(struct world *world, fiber *main);

/* What is measured begins now. */
void load_begin(struct world *world);

/* A fiber that waits for the end of others, one after the other. */
struct joins {
    fiber **fibers;
    size_t count, next;
    fiber *awaited; /* the one that it waits for */
};

/* Joins the next; false where it waits for it. */
bool join_next(struct world *world, worker *worker, struct joins *joins,
               instant *takes);

/* A fiber ends: who waits for it goes on. */
instant join_end(struct world *world, worker *worker, struct joins *joins,
                 fiber *joiner, const fiber *ending);

#endif
