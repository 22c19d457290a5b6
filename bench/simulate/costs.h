/*
 * What things cost, measured on two virtual x86-64 cores; docs/SIMULATION.md
 * says where each comes from. All in ns. `simulate NAME=NS` changes one.
 */
#ifndef SIMULATE_COSTS_H
#define SIMULATE_COSTS_H

#include <stdbool.h>

#define COSTS(COST)                                                            \
    COST(line, 95, "a cache line from another core, one way")                  \
    COST(locked, 2.2, "a locked operation")                                    \
    COST(clock, 22, "reading the clock")                                       \
    COST(pauses, 1600, "the 64 pauses between two looks of the watch")         \
    COST(glance, 3, "a look at a worker whose lines did not change")           \
    COST(glance_deadline, 0.5, "a look at a heap's first deadline")            \
    COST(wake, 10000, "a futex wake: what it costs the waker")                 \
    COST(wakes_after, 12000, "a futex wake: until the thread runs")            \
    COST(sleep, 1200, "going to sleep on a futex")                             \
    COST(slack, 55000, "how much later than asked a nap ends")                 \
    COST(membarrier, 6000, "a thief's membarrier, with one other CPU")         \
    COST(membarrier_cpu, 150, "what each CPU more adds to that (assumed)")     \
    COST(interrupted, 1000, "what it costs each of those CPUs (assumed)")      \
    COST(contend, 2500, "keeping away from a guard that was taken")            \
    COST(find, 2.5, "a turn of the scheduler")                                 \
    COST(push, 1.2, "a push on the own deque")                                 \
    COST(pop, 1.2, "a pop from the own deque")                                 \
    COST(steal, 10, "taking one more entry from another's deque")              \
    COST(resume, 5, "making a fiber ready, in its next slot or ring")          \
    COST(change, 9, "a switch of stacks")                                      \
    COST(spawn, 20, "making a task")                                           \
    COST(task, 12, "running a task, its end included")                         \
    COST(job, 2, "calling a job that nobody stole, its end included")          \
    COST(moved, 200, "running what another worker made")                       \
    COST(join, 6, "joining a task that has ended")                             \
    COST(item, 5, "a put or a get on a queue")                                 \
    COST(inject, 8, "a push to the common queue, under its guard")             \
    COST(chain, 12, "taking one more from the common queue, under its guard")  \
    COST(woken, 55, "the cold stack of one of very many that are woken")       \
    COST(grant, 20, "deciding the wait of one of very many")                   \
    COST(arm, 40, "arming a timer, under its heap's guard")                    \
    COST(expire, 60, "letting a timer go off, under its heap's guard")         \
    COST(submit, 60, "making a task on a plain thread")                        \
    COST(depot, 10, "a batch to or from a depot, under its guard")

struct costs {
#define COST(name, ns, what) double name;
    COSTS(COST)
#undef COST
};

extern const struct costs measured;

/* Sets one by its name; false if there is none of that name. */
bool costs_set(struct costs *costs, const char *name, double ns);

/* Prints the table. */
void costs_print(const struct costs *costs);

#endif
